"""A Typeform account on loopback; its first form has two scored questions, one comment, hidden fields."""

from datetime import datetime
from typing import Any

from examples.fakes.vendor import RefusalError, Vendor

FORM: dict[str, Any] = {
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
    """`respond` adds a response, to the first form where none is named; `responses` are newest first.

    counts_pages  `total_items` is of the page
    """

    largest_page = 2  # of whatever is asked for, so that small accounts have pages

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, Any]] = {FORM["id"]: FORM}
        self.responses: list[dict[str, Any]] = []
        self.hides_definitions = False
        self.counts_pages = False
        self.clock = datetime.fromisoformat("2026-01-10T10:00:00+00:00")

    def respond(
        self, token: str, hidden: dict[str, str], *answers: tuple[str, str, Any], submitted: bool = True, form: str = FORM["id"]
    ) -> None:
        """Add a response with `answers` as (reference, type, value)."""
        told = [{"field": {"ref": ref, "id": ref}, "type": kind, kind: value} for ref, kind, value in answers]
        at = self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")
        made = {
            "form_id": form,
            "token": token,
            "response_id": token,
            "landed_at": at,
            "submitted_at": at if submitted else None,
            "hidden": hidden,
            "answers": told,
        }
        self.responses.insert(0, made)

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        """See Vendor."""
        pieces = path.strip("/").split("/")
        if pieces[1] not in self.forms:
            raise RefusalError(404, {"code": "FORM_NOT_FOUND"})
        if len(pieces) == 2 and self.hides_definitions:
            raise RefusalError(403, {"code": "AUTHORIZATION_FAILED"})
        if len(pieces) == 2:
            return self.forms[pieces[1]]
        since = params.get("since")
        own = (one for one in self.responses if one["form_id"] == pieces[1])
        found = [one for one in own if since is None or (one["submitted_at"] or "") >= since]
        start = next((place + 1 for place, one in enumerate(found) if one["token"] == params.get("before")), 0)
        size = min(self.largest_page, int(params.get("page_size", 25)))
        total = len(found[start : start + size]) if self.counts_pages else len(found)
        return {"total_items": total, "page_count": -(-len(found[start:]) // size), "items": found[start : start + size]}
