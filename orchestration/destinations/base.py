"""What every destination is: batches of records in, exactly one outcome per record out.

Comes in: batches that activation has diffed, cleared of those without consent, and cut to the destination's limits.
Goes out: outcomes. A destination never decides who is sent; it never raises because of a single record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from orchestration.destinations.limits import Limits
from orchestration.destinations.pacing import forecast_seconds

Fields = Mapping[str, Any]
USUAL_ANSWER = 0.3  # seconds; what a vendor takes to answer a full batch, as far as a forecast goes


class DestinationError(Exception):
    """A destination cannot be used at all; the message is one line without secrets or personal values."""


class Result(StrEnum):
    """What became of one record; the values of `sync_log.outcome`."""

    ACKNOWLEDGED = "acknowledged"  # the destination has it
    RETRYABLE = "retryable"  # it does not have it, and may take it later
    REJECTED = "rejected"  # it does not want it; not sent again until the record changes
    UNKNOWN = "unknown"  # it may have it: sent, but no answer came; safe to send again
    SUPPRESSED = "suppressed"  # not sent: no consent, erased, or no id


# Codes of refusals that concern the person at this address and no field: they are not asked for again because a field has changed.
REFUSED_FOR_GOOD = ("forgotten_email", "member_in_compliance_state")


@dataclass(frozen=True)
class Outcome:
    """What became of the record `external_id`. `code` is short and carries no personal value."""

    external_id: str
    result: Result
    code: str = ""
    remote_id: str = ""  # the destination's own id of it, where it told one: by that it is cleared when we know no address any more


@dataclass(frozen=True)
class Record:
    """The state that one customer shall have. `operation` is `upsert`, or `clear` when every field is null."""

    external_id: str
    operation: str
    fields: Fields
    size: int  # bytes of the fields and of what identifies it, as JSON
    email: str = ""  # where the audience has one; identifies, and is never written as a field
    remote_id: str = ""  # what the destination called it when it acknowledged it last
    moved: bool = False  # the address is another one since: the destination knows it by `remote_id`, and would make a second one by address

    @property
    def by_remote_id(self) -> bool:
        """Whether the destination's own id has to name it, because no address of ours does."""
        return bool(self.remote_id) and (self.moved or self.operation == "clear")


@dataclass(frozen=True)
class Batch:
    """Records of one audience that go out together. `id` stays the same when the same change is sent again."""

    id: str
    audience: str
    release_id: str
    released_at: str  # ISO-8601, UTC; stays the same when the batch is sent again
    records: Sequence[Record]

    def outcomes(self, result: Result, code: str = "") -> list[Outcome]:
        """The same outcome for every record."""
        return [Outcome(record.external_id, result, code) for record in self.records]


@dataclass(frozen=True)
class Answer:
    """What `send` returns: one outcome per record, and whether anything more may be sent tonight."""

    outcomes: list[Outcome]
    stop: str = ""  # why nothing more may be sent; empty = go on
    disabled: bool = False  # the receiver asked us to stop for good
    calls: int = 1  # made for it
    job: str = ""  # the destination works on it: no outcomes yet, `finish` fetches them once this id is written down
    parts: tuple[Job, ...] = ()  # the same, where a batch became several jobs, each with its records


@dataclass(frozen=True)
class Job:
    """Work that a destination has accepted and answers for later. `records`: the batch's, as they were sent, without their fields."""

    id: str
    records: Sequence[Record]

    def outcomes(self, result: Result, code: str = "") -> list[Outcome]:
        """The same outcome for every record."""
        return [Outcome(record.external_id, result, code) for record in self.records]


class Destination(Protocol):
    """A place that receives audiences. Registered in `DESTINATIONS` under its `type`."""

    type: ClassVar[str]
    channels: tuple[str, ...]  # on one of which whoever is sent has granted marketing; empty = a system of record
    limits: ClassVar[Limits]
    name: str
    needs_email: bool = False  # whether it knows customers by their address: who has none is not sent

    side_by_side: int = 1  # batches that may be under way at once

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


def covered(batch: Batch, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """`outcomes` when they name every record of the batch exactly once, else `unknown` for all of them."""
    listed = list(outcomes)
    if sorted(outcome.external_id for outcome in listed) == sorted(record.external_id for record in batch.records):
        return listed
    return batch.outcomes(Result.UNKNOWN, "outcomes_do_not_match")


def safe_code(value: object) -> str:
    """`value` when it looks like a code, else `unspecified`: receivers put addresses and sentences there, which no log may hold."""
    text = str(value).strip()
    return text.lower() if re.fullmatch(r"[A-Za-z][A-Za-z_.-]{0,39}\d{0,3}|\d{3}", text) else "unspecified"
