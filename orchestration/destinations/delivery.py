"""How a batch is delivered over HTTP, the same for every vendor: what a refusal means, and how the record at fault is found.

Comes in: a vendor's way to post a part of a batch and to read the answer. Goes out: one outcome per record.

No connection: nothing has arrived. No answer: unknown. 400, 413, 422: the part is refused as a whole and halved until the record at
fault is found. 2xx: the vendor's file reads it. Anything else concerns us and not the records: nothing is rejected, and calling on would
not help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx

from orchestration.destinations.base import Answer, Batch, Destination, DestinationError, Outcome, Record, RefusedError, Result, covered
from orchestration.destinations.http import Caller, NoAnswerError, NoConnectionError, may_have_arrived
from orchestration.destinations.reading import as_json

REFUSED_AS_A_WHOLE = frozenset({400, 413, 422})
# Finding one bad record among 500 takes 18 calls, of which nearly half are taken. A receiver that refuses this many more than it takes
# refuses us, not a record.
_MOST_REFUSALS = 60
_REFUSES_US = "the receiver refuses nearly every batch; check what it expects"


class HttpDestination(Destination):
    """A destination that is called over HTTP. A vendor fills in `_post`, `_read` and, where batches divide, `_parts`."""

    caller: Caller

    def __init__(self, name: str, caller: Caller) -> None:
        self.name, self.caller, self._refused, self._taken = name, caller, 0, 0

    @property
    def address(self) -> str:
        """The URL without its query, which may hold a secret."""
        return str(self.caller.url.copy_with(query=None, userinfo=b""))

    def close(self) -> None:
        """Close the connections."""
        self.caller.close()

    def send(self, batch: Batch) -> Answer:
        """Deliver the batch, part by part, halving what is refused as a whole."""
        before, part_answer = self.caller.made, Answer([])
        known, outcomes = self._nameable(batch)
        for part in self._parts(known):
            if part_answer.stop:
                outcomes += part.outcomes(Result.RETRYABLE, "not_sent")
                continue
            part_answer = blaming_nobody(self._sent(part))
            outcomes += part_answer.outcomes
        return replace(part_answer, outcomes=outcomes, calls=self.caller.made - before)

    def _nameable(self, batch: Batch) -> tuple[Batch, list[Outcome]]:
        """The records that can be named, and outcomes of the others.

        Those are to be cleared, but are known there by an address that we do not have any more: a person has to look.
        """
        names = list(map(self._identifier, batch.records))
        if all(names):
            return batch, []
        told = list(zip(batch.records, names, strict=True))
        nameless = [Outcome(record.external_id, Result.REJECTED, "no_address") for record, name in told if not name]
        return replace(batch, records=[record for record, name in told if name]), nameless

    def _identifier(self, record: Record) -> str:
        """What the vendor knows the record by; empty when we do not know it."""
        return record.external_id

    def _parts(self, batch: Batch) -> Iterator[Batch]:
        if batch.records:
            yield batch

    def _post(self, batch: Batch) -> httpx.Response:
        raise NotImplementedError

    def _read(self, batch: Batch, response: httpx.Response) -> Answer:
        raise NotImplementedError

    def _refuses_whole(self, response: httpx.Response) -> bool:
        return response.status_code in REFUSED_AS_A_WHOLE

    def _alone(self, record: Record, response: httpx.Response) -> Outcome:
        """What became of a record that was refused all by itself."""
        return Outcome(record.external_id, Result.REJECTED, "refused")

    def _sent(self, batch: Batch) -> Answer:
        response = self._tried(batch)
        if isinstance(response, Answer):
            return response
        if self._refuses_whole(response):
            return self._halved(batch, response)
        if not response.is_success:
            return self._refusal(batch, response)
        self._taken += 1
        answer = self._read(batch, response)
        return replace(answer, outcomes=covered(batch, answer.outcomes))

    def _tried(self, batch: Batch, post: Callable[[Batch], httpx.Response] | None = None) -> httpx.Response | Answer:
        """The vendor's response, or what it means that there is none."""
        try:
            return (post or self._post)(batch)
        except NoConnectionError:
            return Answer(batch.outcomes(Result.RETRYABLE, "no_connection"), stop=f"no connection to {self.caller.url.host}")
        except NoAnswerError:
            return Answer(batch.outcomes(Result.UNKNOWN, "no_answer"))

    def _refusal(self, batch: Batch, response: httpx.Response) -> Answer:
        code, result = f"http_{response.status_code}", Result.UNKNOWN if may_have_arrived(response) else Result.RETRYABLE
        gone = response.status_code == 410
        asks = f"; `check-destination {self.name}` says what it needs" if response.status_code in (401, 403) else ""
        answers = self._spent(response) or f"the receiver answers {response.status_code}{asks}"
        stop = "the receiver is gone for good (410)" if gone else answers
        return Answer(batch.outcomes(result, code), stop=stop, disabled=gone)

    def _spent(self, response: httpx.Response) -> str:
        """Why nobody may call any more today, whatever is granted; empty where a refusal does not say so."""
        return ""

    def _halved(self, batch: Batch, response: httpx.Response) -> Answer:
        self._refused += 1
        if len(batch.records) == 1:
            return Answer([self._alone(batch.records[0], response)])
        if self._refused - self._taken > _MOST_REFUSALS:
            return Answer(batch.outcomes(Result.RETRYABLE, "refused"), stop=_REFUSES_US)
        middle = len(batch.records) // 2
        first = self._sent(replace(batch, id=f"{batch.id}-1", records=batch.records[:middle]))
        rest = replace(batch, id=f"{batch.id}-2", records=batch.records[middle:])
        second = Answer(rest.outcomes(Result.RETRYABLE, "not_sent"), first.stop, first.disabled) if first.stop else self._sent(rest)
        return replace(second, outcomes=first.outcomes + second.outcomes, parts=first.parts + second.parts)

    def _asked(self, method: str, path: str, wants: str, **options: Any) -> httpx.Response:
        """A call before any record is sent; `wants` says what to mend when it is refused. Raises DestinationError."""
        try:
            response = self.caller.call(method, path, **options)
        except NoConnectionError:
            raise DestinationError(f"destination {self.name}: no connection to {self.caller.url.host}") from None
        except NoAnswerError:
            raise DestinationError(f"destination {self.name}: {self.caller.url.host} does not answer") from None
        if spent := self._spent(response):
            raise DestinationError(f"destination {self.name}: {spent}")
        if response.status_code in (401, 403):
            raise RefusedError(f"destination {self.name}: {self.type} refuses us ({response.status_code}); {wants}")
        return response

    def _knock(self, path: str, wants: str, content: Any) -> None:
        """Send nothing in the shape of something: who lets us in takes it or calls it malformed. Raises DestinationError."""
        response = self._asked("POST", path, wants, json=content)
        if not response.is_success and response.status_code not in REFUSED_AS_A_WHOLE:
            raise DestinationError(f"destination {self.name}: {self.type} answers {response.status_code}; {wants}")

    def _must(self, method: str, path: str, wants: str, **options: Any) -> Any:
        """What such a call answers, as JSON; anything but a success is a DestinationError."""
        response = self._asked(method, path, wants, **options)
        if not response.is_success:
            raise DestinationError(f"destination {self.name}: {self.type} answers {response.status_code} to {method} {path}; {wants}")
        return as_json(response)


def blaming_nobody(answer: Answer) -> Answer:
    """The answer; of a receiver that refuses us and took nothing, no record is refused: what it lacks is not in them."""
    if answer.stop != _REFUSES_US or answer.parts or any(one.result == Result.ACKNOWLEDGED for one in answer.outcomes):
        return answer
    return replace(answer, outcomes=[one._replace(result=Result.RETRYABLE) for one in answer.outcomes])


def divided(batch: Batch, chosen: Sequence[bool]) -> Iterator[Batch]:
    """The batch in up to two, by a choice made for each record: first the chosen ones. Each keeps an id of its own."""
    for number, wanted in enumerate((True, False)):
        records = [record for record, choice in zip(batch.records, chosen, strict=True) if choice is wanted]
        if records:
            yield replace(batch, id=f"{batch.id}-{number}" if len(records) < len(batch.records) else batch.id, records=records)
