"""What is read of SurveyMonkey, and when.

Comes in: settings. Goes out: a stream for each survey. Responses are read in bulk, newest change first: one that changes while pages are
read moves to a page that was read already, and hides no other. Later nights read what changed since an hour before the newest change seen;
deleted responses are found when all are read again, every `full_every_days` and whenever the survey is read otherwise.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from orchestration.plain_words import counted
from orchestration.sources.base import Bench, Position
from orchestration.sources.http import Api, Onward, most_likely
from orchestration.sources.reading.columns import as_arrow, values_of
from orchestration.sources.reading.newest import Newest, milliseconds
from orchestration.sources.reading.pages import Page
from orchestration.sources.reading.records import in_lists
from orchestration.sources.reading.scales import as_told
from orchestration.sources.reading.values import below
from orchestration.sources.streams import Extent, Reading, Stream, StreamSource, is_due
from orchestration.sources.surveymonkey import answers
from orchestration.sources.surveymonkey.answers import Object

_ADDRESS = "https://api.surveymonkey.com"
_LAG = timedelta(hours=1)
_PAGE = 100
_OF_SURVEYS, _OF_RESPONSES = "surveys_read", "responses_read_detail"
# What is read of a response, beside whom it was sent to. An address at which whoever has it may change what was said, and where somebody
# was, no column needs, and pages are kept where a run is killed.
_READ = ("id", "response_status", "date_modified", "date_created", "custom_variables", "email_address", "pages")


class Surveymonkey(StreamSource):
    """The surveys of one account that are asked for."""

    type: ClassVar[str] = "surveymonkey"

    def __init__(self, api: Api, surveys: Sequence[Any], *, read_again: timedelta, told: Any = None, now: Callable[[], datetime]) -> None:
        super().__init__(told, now)
        self.api, self._surveys, self._read_again = api, surveys, read_again
        self._lost: dict[str, Counter[str]] = {survey.id: Counter() for survey in surveys}

    @classmethod
    def from_settings(cls, settings: Any, *, sleep: Callable[[float], None] = time.sleep) -> Surveymonkey:
        """The account that one `{type: surveymonkey, token: …, surveys: […]}` describes."""
        headers = {"authorization": f"Bearer {settings.token}"}
        api = Api("surveymonkey", _ADDRESS, base_url=settings.base_url, headers=headers, sleep=sleep)
        read_again = timedelta(days=settings.full_every_days)
        return cls(api, settings.surveys, read_again=read_again, told=settings, now=lambda: datetime.now(UTC))

    def check(self) -> None:
        """Raise SourceError when the token is refused, or the first survey is not there."""
        self._details(self._surveys[0].id)

    def notes(self) -> list[str]:
        """What was left out, one line each."""
        lost = [(survey, question, count) for survey, found in self._lost.items() for question, count in found.items()]
        removed = "whose choice had been removed before the survey was first read: no score is known of it"
        told = [f"survey {survey}, question {question}: without {counted(count, 'answer')} {removed}" for survey, question, count in lost]
        return [*super().notes(), *told]

    def extents(self) -> list[Extent]:
        """The responses of each survey."""
        counted = ((one.id, self._page(one.id, {"per_page": 1})) for one in self._surveys)
        return [Extent(f"responses to {survey}", page.get("total"), _PAGE, "surveymonkey") for survey, page in counted]

    def streams(self, table: str) -> list[Stream]:
        """One for each survey."""
        if table != "survey_responses":
            return []
        return [Stream(survey.id, partial(self._read, survey)) for survey in self._surveys]

    def _read(self, survey: Any, known: Position, bench: Bench) -> Reading:
        details = self._details(survey.id)
        questions = self.odd.whole(f"the definition of the survey {survey.id}", lambda: answers.questions_of(survey, details, known))
        scales = as_told({one.name: one.scale for one in questions}, known, self._now())
        told = hashlib.sha256(repr((survey, questions)).encode()).hexdigest()[:16]
        is_full = is_due(known, self._read_again, self._now()) or known.get("survey") != told
        newest, began = Newest(None if is_full else known.get("since")), self.pages.began(bench) if is_full else self._now()
        since = 0 if is_full else newest.before(_LAG)
        found = newest.all_watched(in_lists(self._responses(survey.id, since, bench)), lambda some: values_of(some, "date_modified"))
        full_at = began.isoformat(timespec="seconds") if is_full else known["full_at"]
        made = partial(answers.columns, survey, questions, self._lost[survey.id])
        batches = as_arrow(self.odd.together(f"responses to {survey.id}", found, made))
        kept = {"full_at": full_at, "survey": told, **scales, "choices": {one.name: dict(one.scores) for one in questions}}
        return Reading((), lambda: {"since": newest.until(began), **kept}, is_full, batches=batches)

    def _responses(self, survey: str, since: int, bench: Bench) -> Iterator[Object]:
        def ask(last: Page | None) -> Iterator[Page]:
            return self._behind(survey, since, last)

        return self.pages.objects(f"{survey} since {since}", "data", ask, bench, goes_on=not since)

    def _behind(self, survey: str, since: int, last: Page | None) -> Iterator[Page]:
        """The pages of what changed no later than the last response of `last`: its own number may be another page by now."""
        params: dict[str, Any] = {"per_page": _PAGE, "sort_by": "date_modified", "sort_order": "DESC"}
        if since:
            params["start_modified_at"] = _second(since)
        if last is not None and last["data"] and (oldest := milliseconds(last["data"][-1].get("date_modified"))):
            params["end_modified_at"] = _second(oldest + 1000)
        path, params["page"], is_more = f"/v3/surveys/{survey}/responses/bulk", 1, last is None or _is_more(last)
        onward = Onward(f"the responses to {survey}")
        while is_more:
            page = self._page(survey, params)
            if page["data"]:  # a page has no name but its number, which is ours: so it is known by what is on it
                onward.to((page["data"][0]["id"], page["data"][-1]["id"]))
            is_more, params = _is_more(page), {**params, "page": params["page"] + 1}
            if is_more:
                self.api.foresee(path, params)
            yield {"data": list(map(_as_read, page["data"])), "links": page.get("links")}

    def _details(self, survey: str) -> Any:
        with most_likely(_OF_SURVEYS, _OF_SURVEYS):
            return self.api.get(f"/v3/surveys/{survey}/details", holds="pages")

    def _page(self, survey: str, params: Mapping[str, Any]) -> Any:
        with most_likely(_OF_RESPONSES, _OF_RESPONSES):
            return self.api.get(f"/v3/surveys/{survey}/responses/bulk", params, holds="data", each=("id",))


def _as_read(one: Object) -> dict[str, Any]:
    kept = {name: one[name] for name in _READ if name in one}
    contact = below(one, "metadata", "contact")
    return kept if contact is None else {**kept, "metadata": {"contact": contact}}


def _is_more(page: Page) -> bool:
    return bool(page["data"] and (page.get("links") or {}).get("next"))


def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
