"""Records on their way to a destination, and what became of each.

Comes in: what activation has decided. Goes out: batches; answers, which name every record of a batch exactly once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

Fields = Mapping[str, Any]


class Result(StrEnum):
    """What became of one record; the values of `sync_log.outcome`."""

    ACKNOWLEDGED = "acknowledged"  # the destination has it
    RETRYABLE = "retryable"  # it does not have it, and may take it later
    REJECTED = "rejected"  # it does not want it; not sent again until the record changes
    UNKNOWN = "unknown"  # it may have it: sent, but no answer came; safe to send again
    SUPPRESSED = "suppressed"  # not sent: no consent, erased, or no id


# Codes of refusals that concern the person at this address and no field: they are not asked for again because a field has changed.
REFUSED_FOR_GOOD = ("forgotten_email", "member_in_compliance_state")


class Outcome(NamedTuple):  # as Record a tuple: made a hundred thousand at a time, which takes a dataclass four times as long
    """What became of the record `external_id`. `code` is short and carries no personal value."""

    external_id: str
    result: Result
    code: str = ""
    remote_id: str = ""  # the destination's own id of it, where it told one: by that it is cleared when we know no address any more


class Record(NamedTuple):
    """The state that one customer shall have. `operation` is `upsert`, or `clear` when every field is null."""

    external_id: str
    operation: str
    fields: Fields
    size: int  # bytes of the fields and of what identifies it, as JSON
    email: str = ""  # where the audience has one; identifies, and is never written as a field
    remote_id: str = ""  # what the destination called it when it acknowledged it last
    moved: bool = False  # the address is another one since: the destination knows it by `remote_id`, and would make a second one by address
    stays_gone: bool = False  # it was there: who has deleted it since does not want it back

    @property
    def makes_nobody(self) -> bool:
        """Whether there has to be a record already, whatever the mode."""
        return self.stays_gone or self.operation == "clear"

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


class Found(NamedTuple):
    """A record that the destination says it has: its own id of it, and the address that it lies under there."""

    remote_id: str
    email: str


class Sought(NamedTuple):
    """What a destination says of the records that hold customers' keys."""

    found: Mapping[str, Found]  # customer key → the one record that holds it
    nowhere: Collection[str] = ()  # keys that no record holds, of all that there are; none where it did not tell of all


class Holdings(NamedTuple):
    """What a destination says that it holds of the records it was asked about."""

    told: Mapping[str, Fields | None]  # external id → fields under their names there; None: there is no such record
    calls: int = 1  # made for it
    lacks: str = ""  # why it did not tell of all of them; empty = it did
    refused: bool = False  # what it lacks is a right of ours


def sought(told: Iterable[tuple[str, Found]], keys: Collection[str], *, is_all: bool) -> Sought:
    """Of records by the customer key that they hold, those of `keys`; a key that several hold says nothing.

    `is_all`: there are no other records.
    """
    listed = list(told)
    count = Counter(key for key, _ in listed)
    found = {key: one for key, one in listed if key in keys and one.remote_id and count[key] == 1}
    return Sought(found, [key for key in keys if key not in count] if is_all else ())


def not_there(record: Record) -> Outcome:
    """Of a record that the destination does not have: nothing is left to clear, and anything else may not make it."""
    return Outcome(record.external_id, Result.ACKNOWLEDGED if record.operation == "clear" else Result.SUPPRESSED, "not_there")


def covered(batch: Batch, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """`outcomes` when they name every record of the batch exactly once, else `unknown` for all of them."""
    listed = list(outcomes)
    if len(listed) == len(batch.records) and {one.external_id for one in listed} == {one.external_id for one in batch.records}:
        return listed
    return batch.outcomes(Result.UNKNOWN, "outcomes_do_not_match")
