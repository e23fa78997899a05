"""A Typeform account on loopback with one form: two scored questions, one comment, hidden fields."""

from datetime import datetime, timedelta
from typing import Any

from tests.fakes.vendor import RefusalError, Vendor

LARGEST_PAGE = 2
FORM = {
    "id": "form1",
    "settings": {"language": "en"},
    "fields": [
        {"id": "f1", "ref": "recommend", "type": "nps", "properties": {"steps": 11}},
        {"id": "f2", "ref": "why", "type": "long_text"},
        {
            "id": "f3",
            "ref": "more",
            "type": "group",
            "properties": {"fields": [{"id": "f4", "ref": "service", "type": "rating", "properties": {"steps": 5}}]},
        },
    ],
}


class TypeformAccount(Vendor):
    """`respond` adds a response; `responses` are newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.form: dict[str, Any] = FORM
        self.responses: list[dict[str, Any]] = []
        self.hides_definitions = False
        self.clock = datetime.fromisoformat("2026-01-10T10:00:00+00:00")

    def respond(self, token: str, hidden: dict[str, str], *answers: tuple[str, str, Any], submitted: bool = True) -> None:
        told = [{"field": {"ref": ref, "id": ref}, "type": kind, kind: value} for ref, kind, value in answers]
        at = self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
        made = {
            "token": token,
            "response_id": token,
            "landed_at": at,
            "submitted_at": at if submitted else None,
            "hidden": hidden,
            "answers": told,
        }
        self.responses.insert(0, made)

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        pieces = path.strip("/").split("/")
        if pieces[1] != self.form["id"]:
            raise RefusalError(404, {"code": "FORM_NOT_FOUND"})
        if len(pieces) == 2 and self.hides_definitions:
            raise RefusalError(403, {"code": "AUTHORIZATION_FAILED"})
        if len(pieces) == 2:
            return self.form
        since = params.get("since")
        found = [one for one in self.responses if since is None or (one["submitted_at"] or "") >= since]
        start = next((place + 1 for place, one in enumerate(found) if one["token"] == params.get("before")), 0)
        size = min(LARGEST_PAGE, int(params.get("page_size", 25)))
        return {"total_items": len(found), "page_count": -(-len(found[start:]) // size), "items": found[start : start + size]}


def small_account() -> TypeformAccount:
    """Three people answered; one of them both questions, one only began."""
    account = TypeformAccount()
    both = (("recommend", "number", 9), ("why", "text", "Quick"), ("service", "number", 4))
    account.respond("t1", {"customer_id": "C1", "email": "ann@example.org"}, *both)
    account.clock += timedelta(days=1)
    account.respond("t2", {"email": "bo@example.org"}, ("recommend", "number", 3))
    account.respond("t3", {}, ("recommend", "number", 7), ("mail", "email", "cy@example.org"))
    account.respond("t4", {"customer_id": "C4"}, ("recommend", "number", 1), submitted=False)
    return account
