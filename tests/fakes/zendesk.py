"""A Zendesk account on loopback: the export of tickets by cursor, with users and metrics beside it, and ratings of either generation."""

import base64
from typing import Any

from examples.fakes.vendor import RefusalError, Vendor

LARGEST_PAGE = 2


class ZendeskAccount(Vendor):
    """`put` makes or changes a ticket; a deleted one stays in the export as such. A cursor is the number of the last change told.

    tells_nobody  there is no list of users
    has_numbers   lists are paged by number, and not by cursor
    features      what the account says that it has; None where it does not say
    """

    email = "agent@example.org"

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[dict[str, Any]] = []
        self.users: dict[int, dict[str, Any]] = {}
        self.metrics: dict[int, dict[str, Any]] = {}
        self.ratings: list[dict[str, Any]] | None = []
        self.survey_responses: list[dict[str, Any]] | None = None
        self.forgotten: list[str] = []
        self.features: dict[str, bool] | None = None
        self.tells_beside = self.tells_nobody = self.has_numbers = False

    def is_known(self, authorization: str) -> bool:
        return authorization == "Basic " + base64.b64encode(f"{self.email}/token:{self.token}".encode()).decode()

    def put(self, identifier: int, **fields: Any) -> None:
        known = {"created_at": "2026-01-05T10:00:00Z", "status": "open"}
        for place, one in enumerate(self.changes):
            if one.get("id") == identifier:  # told anew, at the end
                known, self.changes[place] = one, {}
        self.changes.append({**known, **fields, "id": identifier})

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        match path.removeprefix("/api/v2/"):
            case "incremental/tickets/cursor":
                return self._export(params)
            case "users/show_many" if not self.tells_nobody:
                return {"users": [self.users[int(one)] for one in params["ids"].split(",") if int(one) in self.users]}
            case "tickets/show_many":
                wanted = params["ids"].split(",")
                return {"tickets": [one for one in self.changes if str(one.get("id")) in wanted and one["status"] != "deleted"]}
            case "ticket_metrics":
                return self._page("ticket_metrics", list(self.metrics.values()), params)
            case "satisfaction_ratings":
                return self._page("satisfaction_ratings", self._had(self.ratings), params)
            case "account/settings" if self.features is not None:
                return {"settings": {"active_features": self.features}}
            case "guide/survey_responses":
                return self._page("survey_responses", self._had(self.survey_responses), params)
        raise RefusalError(404, {"error": "InvalidEndpoint"})

    @staticmethod
    def _had(what: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        if what is None:
            raise RefusalError(403, {"error": "Forbidden"})
        return what

    def _export(self, params: dict[str, str]) -> dict[str, Any]:
        if params.get("cursor") in self.forgotten:
            raise RefusalError(400, {"error": "InvalidCursor"})
        start = int(params.get("cursor", 0))
        end = min(len(self.changes), start + LARGEST_PAGE)
        tickets = [one for one in self.changes[start:end] if one]
        told = {"tickets": tickets, "after_cursor": str(end), "end_of_stream": end == len(self.changes)}
        if self.tells_beside:
            told["users"] = [self.users[one["requester_id"]] for one in tickets if one["requester_id"] in self.users]
            told["metric_sets"] = [self.metrics[one["id"]] for one in tickets if one["id"] in self.metrics]
        return told

    def _page(self, key: str, objects: list[dict[str, Any]], params: dict[str, str]) -> dict[str, Any]:
        if self.has_numbers:
            page = int(params.get("page", 1))
            end = page * LARGEST_PAGE
            address = f"https://acme.zendesk.com/api/v2/{key}.json?page={page + 1}"
            return {key: objects[end - LARGEST_PAGE : end], "next_page": address if end < len(objects) else None, "count": len(objects)}
        start = int(params.get("page[after]", 0))
        end = start + min(LARGEST_PAGE, int(params.get("page[size]", 100)))
        return {key: objects[start:end], "meta": {"has_more": end < len(objects), "after_cursor": str(end)}}


def small_account() -> ZendeskAccount:
    """Three tickets of two people, one of them deleted; one rating."""
    account = ZendeskAccount()
    for number, name in ((7, "Ann"), (8, "Bo")):
        account.users[number] = {"id": number, "name": name, "email": f"{name.lower()}@example.org", "created_at": "2025-01-01T00:00:00Z"}
    account.put(1, requester_id=7, subject="Broken", description="It is broken", status="solved", via={"channel": "web"}, priority="high")
    account.put(2, requester_id=8, subject="Slow")
    account.put(3, requester_id=7, status="deleted")
    account.metrics[1] = {
        "id": 901,
        "ticket_id": 1,
        "solved_at": "2026-01-06T10:00:00Z",
        "reply_time_in_minutes": {"calendar": 90, "business": 30},
    }
    account.ratings = [
        {"id": 55, "ticket_id": 1, "requester_id": 7, "score": "good", "comment": "Thanks", "created_at": "2026-01-07T10:00:00Z"},
        {"id": 56, "ticket_id": 2, "requester_id": 8, "score": "offered", "created_at": "2026-01-07T10:00:00Z"},
    ]
    return account
