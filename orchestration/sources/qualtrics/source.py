"""What is read of Qualtrics, and when.

Comes in: settings. Goes out: a stream for each survey. Later nights export what was recorded since an hour before the newest response seen;
deleted responses are found when everything is exported again, every `full_every_days` and whenever the survey is read otherwise.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from orchestration.sources.base import Bench, Position, SourceError
from orchestration.sources.http import Api
from orchestration.sources.qualtrics import answers
from orchestration.sources.qualtrics.export import Exports
from orchestration.sources.reading.columns import as_arrow, reached
from orchestration.sources.reading.newest import Newest
from orchestration.sources.reading.records import in_lists
from orchestration.sources.reading.values import from_milliseconds
from orchestration.sources.streams import Reading, Stream, StreamSource, is_due

_LAG = timedelta(hours=1)


class Qualtrics(StreamSource):
    """The surveys of one account that are asked for."""

    type: ClassVar[str] = "qualtrics"

    def __init__(self, api: Api, surveys: Sequence[Any], *, read_again: timedelta, now: Callable[[], datetime]) -> None:
        super().__init__(None, now)  # an export is one file: none is read in part
        self.api, self._surveys, self._read_again = api, surveys, read_again
        self._exports = Exports(api)

    @classmethod
    def from_settings(cls, settings: Any, *, sleep: Callable[[float], None] = time.sleep) -> Qualtrics:
        """The account that one `{type: qualtrics, data_center: …, api_token: …}` describes."""
        address = f"https://{settings.data_center}.qualtrics.com"
        api = Api("qualtrics", address, base_url=settings.base_url, headers={"x-api-token": settings.api_token}, sleep=sleep)
        return cls(api, settings.surveys, read_again=timedelta(days=settings.full_every_days), now=lambda: datetime.now(UTC))

    def check(self) -> None:
        """Raise SourceError when the token is refused."""
        self._exports.probe()

    def streams(self, table: str) -> list[Stream]:
        """One for each survey."""
        if table != "survey_responses":
            return []
        return [Stream(survey.id, partial(self._read, survey)) for survey in self._surveys]

    def _read(self, survey: Any, known: Position, _: Bench) -> Reading:
        self._require_questions(survey)
        told = hashlib.sha256(repr(survey).encode()).hexdigest()[:16]
        is_full = is_due(known, self._read_again, self._now()) or known.get("survey") != told
        newest, began = Newest(None if is_full else known.get("since")), self._now()
        since = None if is_full or not known.get("since") else str(from_milliseconds(newest.before(_LAG) // 1000 * 1000))
        responses = in_lists(self._exports.responses(survey.id, since, answers.asked(survey)))
        found = newest.all_watched(responses, lambda some: reached(some, "values", "recordedDate"))
        full_at = began.isoformat(timespec="seconds") if is_full else known["full_at"]
        batches = as_arrow(self.odd.together(f"responses to {survey.id}", found, partial(answers.columns, survey)))
        return Reading((), lambda: {"since": newest.until(began), "full_at": full_at, "survey": told}, is_full, batches=batches)

    def _require_questions(self, survey: Any) -> None:
        """Raise SourceError where the survey does not have a question that is read: answers to it would be taken for deleted."""
        named = answers.questions_of(survey)
        found = self.odd.whole(f"the definition of the survey {survey.id}", lambda: self._exports.questions(survey.id))
        if found is None:
            self.note(
                f"whether the survey {survey.id} has the questions {', '.join(named)} is not known: the token may not read what it asks"
            )
            return
        if missing := [one for one in named if one not in found.all]:
            raise SourceError(f"the survey {survey.id} has no question {', '.join(missing)}; correct the questions of the survey")
        if unused := [one for one in named if one in found.unused]:
            self.note(f"the survey {survey.id} does not ask {', '.join(unused)} any more: what was answered stays, and no more will come")
