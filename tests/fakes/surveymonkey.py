"""A SurveyMonkey account on loopback with one survey: an NPS question whose weights are no scores, a rating, a written one."""

from typing import Any

from examples.fakes.vendor import RefusalError, Vendor

LARGEST_PAGE = 2
NPS = [{"id": f"n{n}", "text": str(n), "weight": -100 if n < 7 else 0 if n < 9 else 100} for n in range(11)]
RATING = [{"id": f"r{n}", "text": word, "weight": n} for n, word in enumerate(("Bad", "Poor", "Fair", "Good", "Great"), start=1)]
DETAILS = {"pages": [{"questions": [{"id": "1", "answers": {"choices": NPS}}, {"id": "2", "answers": {"choices": RATING}}, {"id": "3"}]}]}


class SurveymonkeyAccount(Vendor):
    """`respond` adds or changes a response to the survey 77: question → id of a choice, or a text."""

    def __init__(self) -> None:
        super().__init__()
        self.responses: dict[str, dict[str, Any]] = {}

    def respond(self, identifier: str, modified: str, answers: dict[str, str], **fields: Any) -> None:
        told = [{"id": key, "answers": [{"text": one} if key == "3" else {"choice_id": one}]} for key, one in answers.items()]
        made = {"id": identifier, "response_status": "completed", "date_modified": modified, "pages": [{"questions": told}], **fields}
        self.responses[identifier] = made

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        if path == "/v3/surveys/77/details":
            return DETAILS
        if path != "/v3/surveys/77/responses/bulk":
            raise RefusalError(404, {"error": {"id": "1020"}})
        since = params.get("start_modified_at", "")
        until = params.get("end_modified_at", "9999")
        asked = [one for one in self.responses.values() if since <= one["date_modified"][:19] <= until]
        found = sorted(asked, key=lambda one: one["date_modified"], reverse=True)
        start = (int(params.get("page", 1)) - 1) * LARGEST_PAGE
        links = {"next": "https://api.surveymonkey.com/"} if len(found) > start + LARGEST_PAGE else {}
        return {"data": found[start : start + LARGEST_PAGE], "total": len(found), "links": links}


def small_account() -> SurveymonkeyAccount:
    """Two people who answered, one of them both questions; one who only began."""
    account = SurveymonkeyAccount()
    both = {"1": "n9", "2": "r4", "3": "Quick"}
    account.respond("501", "2026-01-10T10:00:00+00:00", both, custom_variables={"customer_id": "C1"})
    account.respond("502", "2026-01-11T10:00:00+00:00", {"1": "n3"}, metadata={"contact": {"email": {"value": "bo@example.org"}}})
    account.respond("503", "2026-01-11T10:00:00+00:00", {"1": "n0"}, response_status="partial")
    return account
