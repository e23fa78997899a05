"""Salesforce: scores as custom fields of contacts (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest).

Comes in: batches. Goes out: below 2,000 records `PATCH …/composite/sobjects/Contact/{external id field}` with at most 200:

    {"allOrNone": false, "records": [{"attributes": {"type": "Contact"}, "crmp_customer_id__c": "c1", "crmp_nps__c": 9}]}

above that a Bulk API 2.0 job (CSV, `#N/A` clears), whose id is kept before it is polled. Fields and the external id field are custom fields
that an administrator makes once. With mode `update_only`, and to clear, it is asked first who is there. Never written: opt-out fields, or
any other that is not ours. Salesforce answers 403, not 429, when the day's calls are used up: then the sync stops.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import httpx

from orchestration.destinations.base import USUAL_ANSWER, Answer, Batch, DestinationError, Holdings, Record, Result, not_there
from orchestration.destinations.fields import listed_as_text
from orchestration.destinations.holdings import Named, in_parts
from orchestration.destinations.http import Caller
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.reading import as_json, listed, text_of
from orchestration.destinations.salesforce_answers import listings, outcome_of, quoted, spent, unreadable, used_up
from orchestration.destinations.salesforce_fields import amiss, field_name
from orchestration.destinations.salesforce_jobs import WANTS, BulkJobs
from orchestration.destinations.salesforce_metadata import package
from orchestration.destinations.signing_in import SignedIn

_FEW = 2_000  # records below which collections are as fast as a job, by Salesforce's own advice
_CALLS_A_JOB = 5


class SalesforceDestination(BulkJobs):
    """An organisation of Salesforce's."""

    type: ClassVar[str] = "salesforce"
    channels: tuple[str, ...] = ()
    limits: ClassVar[Limits] = limits_of("salesforce")
    reading: ClassVar[Limits | None] = limits
    side_by_side = 5  # our choice: the next job is made and carried over while Salesforce works on the former

    def __init__(
        self,
        *,
        name: str,
        instance_url: str,
        access_token: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        base_url: str | None = None,
        mode: str = "upsert",
        api_version: str = "v62.0",
        object: str = "Contact",  # noqa: A002 (the key in the configuration)
        external_id_field: str = "crmp_customer_id__c",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._data, self._object, self._key = f"/services/data/{api_version}", object, external_id_field
        self._updates = mode == "update_only"
        self._collection, self._jobs = f"{self._data}/composite/sobjects/{object}/{external_id_field}", f"{self._data}/jobs/ingest"
        self._credentials = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        job = r"/[^/]+"
        allowed = (
            f"PATCH {self._collection}", f"GET {self._data}/query", f"GET {self._data}/sobjects/{object}/describe", f"POST {self._jobs}",
            f"PUT {self._jobs}{job}/batches", f"PATCH {self._jobs}{job}", "POST /services/oauth2/token",
            f"GET {self._jobs}{job}(/(successfulResults|failedResults|unprocessedrecords))?",
        )  # fmt: skip
        signed_in = SignedIn(access_token, self._new_token)
        super().__init__(name, Caller(instance_url, base_url=base_url, allowed=allowed, auth=signed_in, sleep=sleep))

    def limits_for(self, records: int) -> Limits:
        """Many go as Bulk jobs."""
        return self.limits if records < _FEW else limits_of("salesforce_bulk")

    def width(self, records: int) -> int:
        """Jobs go side by side."""
        return 1 if records < _FEW else self.side_by_side

    def forecast(self, records: int, batches: int) -> tuple[int, float]:
        """A job is made, carried over, closed, asked about and read; how long Salesforce works on it nobody knows before."""
        calls = batches * (1 if records < _FEW else _CALLS_A_JOB)
        return calls, calls * USUAL_ANSWER / min(self.width(records), max(batches, 1))

    def preflight(self) -> None:
        """Check that the external id field is there, as an external id."""
        found = [one for one in self._described() if one.get("name") == self._key]
        if not found or not found[0].get("externalId"):
            raise DestinationError(
                f"destination {self.name}: {self._object}.{self._key} is missing or no external id; an administrator makes it once"
            )

    def check_fields(self, kinds: Mapping[str, str]) -> None:
        """Check that every field is there, with a type that takes its values: a record with an unknown field is refused as a whole."""
        if wrong := amiss({self.name_of(field): kind for field, kind in kinds.items()}, self._described(), self._object):
            raise DestinationError(f"destination {self.name}: {wrong}")

    def deployment(self, kinds: Mapping[str, str]) -> dict[str, str]:
        """The fields and the right to edit them, as a package of the Metadata API."""
        return package({self.name_of(field): kind for field, kind in kinds.items()}, self._object, self._key, self._data.rpartition("/")[2])

    def our_name(self, field: str) -> str:
        """The API name of a custom field."""
        return field_name(field)

    def there(self, names: Collection[str]) -> set[str]:
        """Those that are fields of the object which our user may edit."""
        return set(names) & {str(one.get("name")) for one in self._described() if one.get("updateable") is not False}

    def prepare(self, kinds: Mapping[str, str]) -> None:
        """Check the fields before the first record; they cannot be made."""
        self.check_fields(kinds)

    def _described(self) -> list[dict[str, Any]]:
        body = self._must("GET", f"{self._data}/sobjects/{self._object}/describe", WANTS)
        return listed(body, "fields")

    def _new_token(self) -> str:
        """What the app's credentials are exchanged for; nothing without them: a token that was given is all there is."""
        if not self._credentials["client_secret"]:
            return ""
        body = self._must("POST", "/services/oauth2/token", "check client_id and client_secret", data=self._credentials, auth=None)
        return text_of(body, "access_token")

    def send(self, batch: Batch) -> Answer:
        """Collections, or a job when there are more than one collection carries."""
        before, asked = self.caller.made, [one for one in batch.records if self._updates or one.makes_nobody]
        try:
            known = self._known(asked) if asked else set()
        except DestinationError as error:  # who is there was not told: taking nobody for there would acknowledge what was never cleared
            return Answer(batch.outcomes(Result.RETRYABLE, "not_sent"), stop=str(error), calls=self.caller.made - before)
        gone = [one for one in asked if one.external_id not in known]
        outcomes = [not_there(one) for one in gone]
        absent = {one.external_id for one in gone}
        left = replace(batch, records=[record for record in batch.records if record.external_id not in absent])
        if not left.records:
            return Answer(outcomes, calls=self.caller.made - before)
        answer = self._started(left) if len(left.records) > self.limits.max_records else super().send(left)
        return replace(answer, outcomes=outcomes + answer.outcomes, calls=self.caller.made - before)

    def held(self, audience: str, records: Sequence[Record]) -> Holdings:
        """What the object's records hold, by the external id."""
        return in_parts(records, self.limits.max_records, self.side_by_side, self._holding)

    def as_held(self, record: Record) -> Mapping[str, Any]:
        """As it is sent, without the key."""
        return {name: value for name, value in self._fields(record).items() if name != self._key}

    def _holding(self, records: Sequence[Record]) -> Holdings:
        names, wanted, calls = ", ".join([self._key, *self.as_held(records[0])]), Named(records, lambda one: one.external_id), 0
        told = wanted.missing()
        for ids in listings([quoted(record.external_id) for record in records], len(records)):
            query = f"SELECT {names} FROM {self._object} WHERE {self._key} IN ({ids})"
            response, calls = self._asked("GET", f"{self._data}/query", WANTS, params={"q": query}), calls + 1
            body = as_json(response)
            if lacks := unreadable(response, body, self._key):
                return Holdings({}, calls, lacks)
            for one in listed(body, "records"):
                told |= wanted.holding(text_of(one, self._key), one)
        return Holdings(told, calls)

    def _known(self, records: Sequence[Record]) -> set[str]:
        """External ids of those who are there; Salesforce tells a key in the letters that somebody wrote it in."""
        found, wanted = set[str](), Named(records, lambda one: one.external_id)
        for ids in listings([quoted(record.external_id) for record in records], self.limits.max_records):
            query = f"SELECT {self._key} FROM {self._object} WHERE {self._key} IN ({ids})"
            response = self._asked("GET", f"{self._data}/query", WANTS, params={"q": query})
            body = as_json(response)
            if lacks := unreadable(response, body, self._key):
                raise DestinationError(f"destination {self.name}: {lacks}")
            found |= {external_id for one in listed(body, "records") for external_id in wanted.of(text_of(one, self._key))}
        return found

    def _post(self, batch: Batch) -> httpx.Response:
        records = [{"attributes": {"type": self._object}, **self._fields(record)} for record in batch.records]
        return self.caller.call("PATCH", self._collection, json={"allOrNone": False, "records": records})

    def _fields(self, record: Record) -> dict[str, Any]:
        fields = ((self.name_of(name), self._value(name, value)) for name, value in record.fields.items())
        return {self._key: record.external_id, **dict(fields)}

    def _value(self, name: str, value: Any) -> Any:
        return False if value is None and name in self._flags() else listed_as_text(value)

    def _spent(self, response: httpx.Response) -> str:
        return spent(response)

    def _read(self, batch: Batch, response: httpx.Response) -> Answer:
        body = as_json(response)
        if not isinstance(body, list) or len(body) != len(batch.records):
            return Answer(batch.outcomes(Result.UNKNOWN, "not_in_the_answer"))
        return Answer([outcome_of(record, one) for record, one in zip(batch.records, body, strict=True)], used_up(response))
