"""Mailchimp: scores as merge fields of members of one list (https://mailchimp.com/developer/marketing/api/list-members).

Comes in: batches. Goes out: `PUT /3.0/lists/{list}/members/{MD5 of the address}`, a few at a time side by side, or for many
`POST /3.0/batches` with up to 1,000 such calls, which is polled:

    {"email_address": "ann@example.com", "status_if_new": "transactional", "merge_fields": {"CRMP_NPS": 9, "CRMP_CLV": ""}}

`status` is never sent, so that nobody who left a list is put back; who is new becomes a contact without a subscription. With mode
`update_only`, to clear, and for who has another address since, it is `PATCH`, which makes nobody. An empty text clears a field. Tags have
ten characters at most, so each field has a short one of its own. A merge field that is missing is made before the first member.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import httpx

from orchestration.destinations.base import USUAL_ANSWER, Answer, Batch, DestinationError, Holdings, Outcome, Record, Result, Sought
from orchestration.destinations.fields import labelled
from orchestration.destinations.http import Caller
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.mailchimp_answers import NO_VALIDATION, field_value, hashed, is_overload, member_outcome, tag_of
from orchestration.destinations.mailchimp_jobs import JOBS, WANTS, MemberJobs
from orchestration.destinations.mailchimp_members import LISTING, holding, holdings
from orchestration.destinations.reading import as_json, listed

_SIDE_BY_SIDE = 5  # of the ten connections that an account may hold open
_FEW = 2_000  # records up to which single calls are as fast as a batch, whose answer takes minutes
_TYPES = {"number": "number", "date": "date"}


class MailchimpDestination(MemberJobs):
    """One list of an account of Mailchimp's."""

    type: ClassVar[str] = "mailchimp"
    channels: tuple[str, ...] = ("email",)
    limits: ClassVar[Limits] = limits_of("mailchimp")
    reading: ClassVar[Limits | None] = LISTING
    needs_email = True

    def __init__(
        self,
        *,
        name: str,
        api_key: str,
        list_id: str,
        base_url: str | None = None,
        mode: str = "upsert",
        new_members: str = "transactional",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        center = api_key.rpartition("-")[2] if "-" in api_key else ""
        if not center.isalnum() and base_url is None:
            raise DestinationError(f"destination {name}: the API key does not end in its data center, such as -us6")
        self._list, self._updates, self._new_members = f"/3.0/lists/{list_id}", mode == "update_only", new_members
        allowed = (
            rf"(PUT|PATCH) {self._list}/members/[^/]+",
            f"GET {self._list}/members(/[^/]+)?",
            f"(GET|POST) {self._list}/merge-fields",
            f"(GET|POST) {JOBS}",
            f"GET {JOBS}/[^/]+",
        )
        super().__init__(
            name,
            Caller(
                f"https://{center or 'us1'}.api.mailchimp.com",
                base_url=base_url,
                auth=("rapport", api_key),
                allowed=allowed,
                passing=is_overload,
                sleep=sleep,
            ),
        )

    def limits_for(self, records: int) -> Limits:
        """Many go as jobs of 1,000 calls."""
        return self.limits if records <= _FEW else limits_of("mailchimp_batches")

    def width(self, records: int) -> int:
        """Few are single calls, which go side by side within a batch."""
        return _SIDE_BY_SIDE if records > _FEW else 1

    def forecast(self, records: int, batches: int) -> tuple[int, float]:
        """Few are a call each."""
        if records > _FEW:
            return super().forecast(records, batches)
        return records, records * USUAL_ANSWER / _SIDE_BY_SIDE

    def preflight(self) -> None:
        """Read the list's merge fields."""
        self._existing()

    def prepare(self, kinds: Mapping[str, str]) -> None:
        """Make the merge fields that are missing; one that is there with another type is refused."""
        there = self._existing()
        self._refuse_others(kinds, there)
        for name, kind in kinds.items():
            tag, wanted = self.name_of(name), _TYPES.get(kind, "text")
            if tag not in there:
                content = {"tag": tag, "name": f"Rapport: {labelled(name)}", "type": wanted, "required": False, "public": False}
                self._must("POST", f"{self._list}/merge-fields", WANTS, json=content)

    def check_fields(self, kinds: Mapping[str, str]) -> None:
        """Check that no merge field of another type is in the way of one that the first sync makes."""
        self._refuse_others(kinds, self._existing())

    def our_name(self, field: str) -> str:
        """A merge tag."""
        return tag_of(field)

    def there(self, names: Collection[str]) -> set[str]:
        """Those that are merge fields of the list."""
        return set(names) & set(self._existing())

    def _refuse_others(self, kinds: Mapping[str, str], there: Mapping[str, str]) -> None:
        for name, kind in kinds.items():
            tag, wanted = self.name_of(name), _TYPES.get(kind, "text")
            if there.get(tag, wanted) != wanted:
                raise DestinationError(
                    f"destination {self.name}: the merge field {tag} is there already as {there[tag]}, not as {wanted}; rename it"
                )

    def _existing(self) -> dict[str, str]:
        body = self._must("GET", f"{self._list}/merge-fields", WANTS, params={"count": "1000"})
        return {str(one.get("tag")): str(one.get("type")) for one in listed(body, "merge_fields")}

    def find(self, customer_keys: Sequence[str], since: datetime | None = None) -> Sought:
        """Members by the merge field that holds our key, among those changed since."""
        return holding(self.caller, f"{self._list}/members", customer_keys, since)

    def held(self, audience: str, records: Sequence[Record]) -> Holdings:
        """What members hold, by Mailchimp's own id or the address."""
        return holdings(self.caller, f"{self._list}/members", records, self._identifier, _FEW, _SIDE_BY_SIDE)

    def as_held(self, record: Record) -> Mapping[str, Any]:
        """As it is sent."""
        return {self.name_of(name): field_value(value) for name, value in record.fields.items()}

    def forecast_reading(self, records: int) -> tuple[int, float]:
        """Few are a call each; of many the list is read, which is as long as its members are, page after page."""
        calls = records if records <= _FEW else super().forecast_reading(records)[0]
        return calls, calls * USUAL_ANSWER / (_SIDE_BY_SIDE if records <= _FEW else 1)

    def _identifier(self, record: Record) -> str:
        return record.remote_id or (hashed(record.email) if record.email else "")

    def _call(self, record: Record) -> tuple[str, str, dict[str, Any]]:
        content: dict[str, Any] = {"merge_fields": dict(self.as_held(record))}
        if record.operation == "clear" or record.moved:
            return "PATCH", f"{self._list}/members/{self._identifier(record)}", content
        member = f"{self._list}/members/{hashed(record.email)}"
        if self._updates or record.stays_gone:
            return "PATCH", member, content
        return "PUT", member, {"email_address": record.email, "status_if_new": self._new_members, **content}

    def _parts(self, batch: Batch) -> Iterator[Batch]:
        """One call a record, the first one alone: what refuses us refuses it."""
        return (replace(batch, id=f"{batch.id}-{number}", records=[record]) for number, record in enumerate(batch.records))

    def send(self, batch: Batch) -> Answer:
        """Single calls side by side, or one job."""
        known, outcomes = self._nameable(batch)
        if len(known.records) > self.limits.max_records:
            return self._started(known, outcomes)
        answers: list[Answer] = []
        parts = list(self._parts(known))
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as side_by_side:
            for start in range(0, len(parts), _SIDE_BY_SIDE):
                if answers and any(answer.stop for answer in answers[-_SIDE_BY_SIDE:]):
                    answers += [Answer(part.outcomes(Result.RETRYABLE, "not_sent")) for part in parts[start:]]
                    break
                answers += side_by_side.map(self._sent, parts[start : start + _SIDE_BY_SIDE])
        stop = next((answer.stop for answer in answers if answer.stop), "")
        return Answer(outcomes + [one for answer in answers for one in answer.outcomes], stop, calls=len(parts))

    def _post(self, batch: Batch) -> httpx.Response:
        method, path, content = self._call(batch.records[0])
        return self.caller.call(method, path, params=NO_VALIDATION, json=content)

    def _refuses_whole(self, response: httpx.Response) -> bool:
        missing = response.status_code == 404 and response.request.method == "PATCH"
        return super()._refuses_whole(response) or missing

    def _alone(self, record: Record, response: httpx.Response) -> Outcome:
        return member_outcome(record, response.status_code, as_json(response))

    def _read(self, batch: Batch, response: httpx.Response) -> Answer:
        return Answer([member_outcome(batch.records[0], response.status_code, as_json(response))])
