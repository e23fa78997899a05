"""What every destination is: batches of records in, exactly one outcome per record out.

Comes in: batches that activation has diffed, cleared of those without consent, and cut to the destination's limits.
Goes out: outcomes. A destination never decides who is sent; it never raises because of a single record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from orchestration.destinations.fields import PREFIX, Called, listed_as_text
from orchestration.destinations.limits import Limits
from orchestration.destinations.pacing import forecast_seconds
from orchestration.destinations.records import (
    REFUSED_FOR_GOOD,
    Answer,
    Batch,
    Fields,
    Found,
    Holdings,
    Job,
    Outcome,
    Record,
    Result,
    Sought,
    covered,
    not_there,
    sought,
)

__all__ = [
    "REFUSED_FOR_GOOD",
    "USUAL_ANSWER",
    "Answer",
    "Batch",
    "Destination",
    "DestinationError",
    "Fields",
    "Found",
    "Holdings",
    "Job",
    "Outcome",
    "Record",
    "RefusedError",
    "Result",
    "Sought",
    "covered",
    "not_there",
    "safe_code",
    "sought",
]
USUAL_ANSWER = 0.3  # seconds; what a vendor takes to answer a full batch, as far as a forecast goes


class DestinationError(Exception):
    """A destination cannot be used at all; the message is one line without secrets or personal values."""


class RefusedError(DestinationError):
    """It answers that we may not: a person has to grant it."""


class Destination(Protocol):
    """A place that receives audiences. Registered in `DESTINATIONS` under its `type`."""

    type: ClassVar[str]
    channels: tuple[str, ...]  # on one of which whoever is sent has granted marketing; empty = a system of record
    limits: ClassVar[Limits]
    reading: ClassVar[Limits | None] = None  # records that a question of what it holds names, and windows; None: it tells nothing
    name: str
    asks: bool = True  # whether its preflight asks anybody
    needs_email: bool = False  # whether it knows customers by their address: who has none is not sent

    kinds: Mapping[str, str] = MappingProxyType({})  # of the fields that are sent next: number, boolean, date, time, list or text
    names: Mapping[str, str] = MappingProxyType({})  # field → what it is called there, empty for our name; none: all fields, by our names
    side_by_side: int = 1  # batches that may be under way at once
    alone: int = 10  # batches that go one after another: so few gain nothing from going side by side

    def our_name(self, field: str) -> str:
        """What a field is called there unless the company has a name of its own for it."""
        return f"{PREFIX}{field}"

    def name_of(self, field: str) -> str:
        """What a field is called there."""
        return self._called[field]

    def named(self, fields: Fields) -> dict[str, Any]:
        """The fields by their names there; lists as one text, since few vendors filter by a list of texts."""
        values: Iterable[Any] = fields.values()
        if list in map(type, values):  # asked of a hundred thousand records: what a loop of Python's does eight times as slowly
            values = map(listed_as_text, values)
        return dict(zip(map(self._called.__getitem__, fields), values, strict=True))

    @cached_property
    def _called(self) -> Called:
        return Called(self.names, self.our_name)

    def there(self, names: Collection[str]) -> set[str]:
        """Those of `names` that it still has a place for; all of them where it makes one for whatever comes."""
        return set(names)

    def limits_for(self, records: int) -> Limits:
        """The limits of a sync of so many records; where a vendor has another way for many than for few."""
        return self.limits

    def width(self, records: int) -> int:
        """How many batches of a sync of so many records may be under way at once."""
        return self.side_by_side

    def forecast(self, records: int, batches: int) -> tuple[int, float]:
        """Calls and seconds that a sync of so many records in so many batches takes."""
        limits = self.limits_for(records)
        return batches, max(forecast_seconds(limits.windows, batches), batches * USUAL_ANSWER / self.width(records))

    def prepare(self, kinds: Mapping[str, str]) -> None:
        """Make room for the fields (name → number, boolean, date, time, list or text) before the first record. Raises DestinationError."""
        return None

    def check_fields(self, kinds: Mapping[str, str]) -> None:
        """Check that the fields can be written, changing nothing; where missing ones are made by `prepare`, there is nothing to check."""
        return None

    def deployment(self, kinds: Mapping[str, str]) -> dict[str, str]:
        """Files (path → text) by which an administrator makes the fields, where we may not."""
        return {}

    def finish(self, job: Job) -> Answer | None:
        """The outcomes of a job, waited for; None when it still runs and is to be asked for again by the next sync."""
        return Answer(job.outcomes(Result.UNKNOWN, "no_such_job"))  # this one answers at once and has no jobs

    def find(self, customer_keys: Sequence[str], since: datetime | None = None) -> Sought:
        """The records whose field `customer_key` is one of these; nothing where the destination does not tell.

        `since`: UTC; what is looked for was written then or later. None where all there is has to be looked at.
        """
        return Sought({})

    def ids_of(self, records: Sequence[Record]) -> dict[str, str]:
        """External id → the destination's own id of the record at the address of each; nobody where it does not tell."""
        return {}

    def held(self, audience: str, records: Sequence[Record]) -> Holdings:
        """What it holds of the fields of these records, which it acknowledged; asked only where it has `reading`."""
        return Holdings({}, calls=0, lacks="it tells nothing of what it holds")

    def check_reading(self) -> None:
        """Check that it may be asked what it holds. Raises RefusedError, which says what to grant."""
        return None

    def as_held(self, record: Record) -> Mapping[str, Any]:
        """What it holds of a record, by the names there, once it has taken it: what `held` is compared with."""
        return self.named(record.fields)

    def forecast_reading(self, records: int) -> tuple[int, float]:
        """Calls and seconds that asking what it holds of so many records takes."""
        if self.reading is None:
            return 0, 0.0
        calls = -(-records // self.reading.max_records)
        return calls, max(forecast_seconds(self.reading.windows, calls), calls * USUAL_ANSWER / self.side_by_side)

    @property
    def address(self) -> str:
        """Where it is, without secrets. A destination that asked us to stop is called again under another address only."""
        ...

    def preflight(self) -> None:
        """Check that it can be used, without sending a record. Raises DestinationError."""
        ...

    def send(self, batch: Batch) -> Answer:
        """Deliver the batch; one outcome per record, always."""
        ...

    def forget(self, external_ids: Collection[str]) -> int:
        """Take back what it keeps on this machine of `external_ids`; returns how many records. What was sent away a batch clears."""
        return 0

    def close(self) -> None:
        """Release what is held."""
        ...


def safe_code(value: object) -> str:
    """`value` when it looks like a code, else `unspecified`: receivers put addresses and sentences there, which no log may hold."""
    text = str(value).strip()
    return text.lower() if re.fullmatch(r"[A-Za-z][A-Za-z_.-]{0,39}\d{0,3}|\d{3}", text) else "unspecified"
