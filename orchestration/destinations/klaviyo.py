"""Klaviyo: scores as custom properties of profiles (https://developers.klaviyo.com/en/reference/bulk_import_profiles).

Comes in: batches. Goes out: `POST /api/profile-bulk-import-jobs`, one job a batch, with at most 10,000 profiles and 5 MB:

    {"data": {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": [
      {"type": "profile", "attributes": {"email": "ann@example.com", "properties": {"crmp_nps": 9, "crmp_plan": null}}}]}}}}

A job answers later: it is polled, and what it refused is read page by page from its import errors. Null clears a property. A profile is
known by its address (`identify_by: external_id` where Klaviyo has our id); where it is cleared or has another address since, by Klaviyo's
own id, which is asked for once the job is done. Never called: the subscribe jobs, which would lift unsubscriptions; no list is ever joined.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import httpx

from orchestration.destinations.base import Answer, Batch, Holdings, Job, Outcome, Record, Result, Sought, not_there
from orchestration.destinations.delivery import blaming_nobody
from orchestration.destinations.http import Caller
from orchestration.destinations.klaviyo_answers import culprits
from orchestration.destinations.klaviyo_jobs import JOBS, WANTS, ImportJobs
from orchestration.destinations.klaviyo_profiles import LIMITS as PROFILES
from orchestration.destinations.klaviyo_profiles import Profiles
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.reading import as_json, code_of, listed, text_of

_JSON = "application/vnd.api+json"
_MOST_REPAIRS = 5  # tries at a job without the profiles that Klaviyo names as malformed


class KlaviyoDestination(ImportJobs):
    """An account of Klaviyo's."""

    type: ClassVar[str] = "klaviyo"
    channels: tuple[str, ...] = ("email", "sms", "push")
    limits: ClassVar[Limits] = limits_of("klaviyo")
    reading: ClassVar[Limits | None] = PROFILES

    def __init__(
        self,
        *,
        name: str,
        api_key: str,
        base_url: str | None = None,
        mode: str = "upsert",
        revision: str = "2026-07-15",
        identify_by: str = "email",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.needs_email, self._update_only = identify_by == "email", mode == "update_only"
        headers = {"authorization": f"Klaviyo-API-Key {api_key}", "revision": revision, "content-type": _JSON, "accept": _JSON}
        own: dict[str, Any] = {"base_url": base_url, "headers": headers, "sleep": sleep}
        jobs = (f"POST {JOBS}", rf"GET {JOBS}/[^/]+(/import-errors)?")
        super().__init__(name, Caller("https://a.klaviyo.com", allowed=jobs, windows=self.limits.windows, **own))
        self._profiles = Profiles("email" if self.needs_email else "external_id", **own)

    def preflight(self) -> None:
        """Ask for a job that is not there: who does not let us in says 401 or 403."""
        self._asked("GET", f"{JOBS}/none", WANTS)

    def find(self, customer_keys: Sequence[str], since: datetime | None = None) -> Sought:
        """Profiles by the property that holds our key, among those changed since."""
        return self._profiles.holding(customer_keys, since)

    def ids_of(self, records: Sequence[Record]) -> dict[str, str]:
        """The profile at each address."""
        return self._profiles.known(records)

    def held(self, audience: str, records: Sequence[Record]) -> Holdings:
        """What profiles hold."""
        return self._profiles.held(records)

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._profiles.close()

    def _identifier(self, record: Record) -> str:
        if record.by_remote_id:
            return record.remote_id
        return record.email if self.needs_email else record.external_id

    def send(self, batch: Batch) -> Answer:
        """Start a job for the batch; of those who may not be made for whom Klaviyo knows already: an import makes who is not there.

        More than one where Klaviyo refuses the batch and does not say whose fault it is.
        """
        before = self.caller.made
        nameable, outcomes = self._nameable(batch)
        records = list(nameable.records)
        asked = [one for one in records if (self._update_only or one.makes_nobody) and not one.by_remote_id]
        if asked:
            known = self._profiles.known(asked, required=True)
            strangers = [one for one in asked if one.external_id not in known]
            outcomes += map(not_there, strangers)
            absent = {one.external_id for one in strangers}
            records = [one for one in records if one.external_id not in absent]
        told = blaming_nobody(self._sent(replace(batch, records=records))) if records else Answer([])
        only = told.parts[0].id if len(told.parts) == 1 else ""
        return replace(told, outcomes=outcomes + told.outcomes, job=only, parts=() if only else told.parts, calls=self.caller.made - before)

    def _sent(self, batch: Batch) -> Answer:
        return self._started(batch, [])

    def _started(self, batch: Batch, outcomes: list[Outcome], repairs: int = _MOST_REPAIRS) -> Answer:
        """The job for the batch, without the profiles that Klaviyo names as malformed: it refuses a job for one of them."""
        if not batch.records:
            return Answer(outcomes)
        response = self._tried(batch)
        if isinstance(response, Answer):
            return replace(response, outcomes=outcomes + response.outcomes)
        bad = culprits(as_json(response), len(batch.records)) if response.status_code == 400 and repairs else {}
        if bad:
            refused = [Outcome(batch.records[index].external_id, Result.REJECTED, code) for index, code in bad.items()]
            left = [record for index, record in enumerate(batch.records) if index not in bad]
            return self._started(replace(batch, records=left), outcomes + refused, repairs - 1)
        if not response.is_success:
            refusal = self._halved(batch, response) if self._refuses_whole(response) else self._refusal(batch, response)
            return replace(refusal, outcomes=outcomes + refusal.outcomes)
        self._taken += 1
        job = text_of(as_json(response), "data", "id")
        if not job:
            return Answer(outcomes + batch.outcomes(Result.UNKNOWN, "no_job_in_the_answer"))
        return Answer(outcomes, parts=(Job(job, batch.records),))

    def _alone(self, record: Record, response: httpx.Response) -> Outcome:
        return Outcome(record.external_id, Result.REJECTED, code_of(next(iter(listed(as_json(response), "errors")), {}), "code"))

    def _post(self, batch: Batch) -> httpx.Response:
        profiles = [self._profile(record) for record in batch.records]
        data = {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": profiles}}}
        return self.caller.call("POST", JOBS, json={"data": data})

    def _profile(self, record: Record) -> dict[str, Any]:
        attributes: dict[str, Any] = {"properties": self.named(record.fields)}
        if record.by_remote_id:
            return {"type": "profile", "id": record.remote_id, "attributes": attributes}
        return {"type": "profile", "attributes": {"email" if self.needs_email else "external_id": self._identifier(record), **attributes}}
