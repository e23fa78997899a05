"""What a destination says that it holds of records, and whether that is what it was sent.

Comes in: records, a way to ask about a few of them, values as a vendor writes them. Goes out: what is held by external id; whether two
values are one. Values are compared and forgotten: they are neither logged nor kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from math import isclose
from threading import Event
from typing import Any

from orchestration.destinations.base import DestinationError, Fields, Holdings, Record, RefusedError
from orchestration.destinations.fields import DAY, TIME, as_text

_HALF_A_STEP = 0.00006  # numbers are sent with four decimals
Ask = Callable[[Sequence[Record]], Holdings]


class Named:
    """Whom a question names: identifier → external ids of those whom the destination knows by it, who are all told the same.

    Vendors tell an identifier in letters of their own: what differs by case only is taken for it where nothing is the same.
    """

    def __init__(self, records: Sequence[Record], identifier: Callable[[Record], str]) -> None:
        self.ids = dict[str, list[str]]()
        for record in records:
            self.ids.setdefault(identifier(record), []).append(record.external_id)
        self._in_small = {one.lower(): listed for one, listed in self.ids.items()}

    def of(self, identifier: str) -> Sequence[str]:
        """External ids of those who are known by it."""
        return self.ids.get(identifier) or self._in_small.get(identifier.lower()) or ()

    def missing(self) -> dict[str, Fields | None]:
        """Nobody of them is there."""
        return {external_id: None for listed in self.ids.values() for external_id in listed}

    def holding(self, identifier: str, fields: Fields | None) -> dict[str, Fields | None]:
        """What is held under an identifier, by external id; nothing where nobody was asked about under it."""
        return dict.fromkeys(self.of(identifier), fields)


def in_parts(records: Sequence[Record], most: int, at_once: int, ask: Ask) -> Holdings:
    """What is held of the records, `most` a question, `at_once` questions under way; once one is not answered, no further one is put."""
    parts = [records[start : start + most] for start in range(0, len(records), most)]
    given_up = Event()

    def asked(part: Sequence[Record]) -> Holdings:
        if given_up.is_set():
            return Holdings({}, calls=0)
        try:
            told = ask(part)
        except DestinationError as error:
            told = Holdings({}, lacks=str(error), refused=isinstance(error, RefusedError))
        if told.lacks:
            given_up.set()
        return told

    if at_once == 1:  # by whoever asks: a connection to a database belongs to its thread
        return together(list(map(asked, parts)))
    with ThreadPoolExecutor(at_once) as pool:
        return together(list(pool.map(asked, parts)))


def together(answers: Sequence[Holdings]) -> Holdings:
    """Several answers as one."""
    told = {external_id: fields for answer in answers for external_id, fields in answer.told.items()}
    lacking = next((answer for answer in answers if answer.lacks), Holdings({}))
    return Holdings(told, sum(answer.calls for answer in answers), lacking.lacks, lacking.refused)


def alike(sent: Any, told: Any) -> bool:
    """Whether what a vendor tells is what it was sent, whichever way it writes numbers, days, times, yes and no, and nothing."""
    if sent == told:
        return True
    ours, theirs = (" ".join(as_text(one).split()) for one in (sent, told))  # blanks and ends of lines are the vendors' own
    if isinstance(sent, bool):
        return ours == theirs.lower()
    if isinstance(sent, int | float):
        number = _number(theirs)
        return number is not None and isclose(sent, number, rel_tol=1e-9, abs_tol=_HALF_A_STEP)
    return ours == theirs or (bool(DAY.fullmatch(ours) or TIME.fullmatch(ours)) and _moment(ours) == _moment(theirs))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """A moment in UTC; a day begins at midnight, and a number counts milliseconds since 1970, as HubSpot tells days now and then."""
    if text.isdigit():
        return datetime.fromtimestamp(int(text) // 1000, UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(microsecond=0)
