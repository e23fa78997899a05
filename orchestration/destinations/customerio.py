"""Customer.io: scores as attributes of people (https://docs.customer.io/integrations/api/track/#operation/batch).

Comes in: batches. Goes out: `POST /api/v2/batch` of less than 500 KB, each operation at most 32 KB:

    {"batch": [{"type": "person", "action": "identify", "identifiers": {"id": "c1"}, "attributes": {"crmp_nps": 9, "crmp_plan": ""}}]}

An empty text clears an attribute. Days and times are seconds since 1970, UTC: conditions on time know nothing else
(https://docs.customer.io/journeys/faq-timestamps). With mode `update_only`, `_update: true` makes no person. A 207 names the position of
each operation that was refused. Never called: anything that deletes, suppresses or unsubscribes; never written: `unsubscribed`,
subscription preferences.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar

import httpx

from orchestration.destinations.base import Answer, Batch, Outcome, Record, Result
from orchestration.destinations.delivery import HttpDestination
from orchestration.destinations.http import Caller
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.reading import as_json, code_of, is_listed, listed

_HOSTS = {"us": "https://track.customer.io", "eu": "https://track-eu.customer.io"}
_WANTS = "check site_id, api_key and region"
_BATCH = "/api/v2/batch"


class CustomerioDestination(HttpDestination):
    """A workspace of Customer.io's."""

    type: ClassVar[str] = "customerio"
    channels: tuple[str, ...] = ("email", "sms", "push")
    limits: ClassVar[Limits] = limits_of("customerio")
    side_by_side = 24  # as many as are under way at 80 calls a second, each answered in a third of one

    def __init__(
        self,
        *,
        name: str,
        site_id: str,
        api_key: str,
        region: str = "us",
        base_url: str | None = None,
        mode: str = "upsert",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._update_only = mode == "update_only"
        caller = Caller(
            _HOSTS[region],
            base_url=base_url,
            auth=(site_id, api_key),
            allowed=(f"POST {_BATCH}",),
            windows=self.limits.windows,
            sleep=sleep,
        )
        super().__init__(name, caller)

    def preflight(self) -> None:
        """Send an empty batch: who does not let us in says 401."""
        self._knock(_BATCH, _WANTS, {"batch": []})

    def _post(self, batch: Batch) -> httpx.Response:
        moments = [self.name_of(name) for name, kind in self.kinds.items() if kind in ("date", "time")]
        return self.caller.call("POST", _BATCH, json={"batch": [self._operation(record, moments) for record in batch.records]})

    def _operation(self, record: Record, moments: Sequence[str]) -> dict[str, Any]:
        attributes = self.named(record.fields)
        attributes |= {name: _moment(attributes[name]) for name in moments if name in attributes}
        if None in attributes.values():
            attributes = {name: "" if value is None else value for name, value in attributes.items()}
        if self._update_only or record.makes_nobody:
            attributes["_update"] = True  # an attribute of no person: Customer.io's switch against making one
        return {"type": "person", "action": "identify", "identifiers": {"id": record.external_id}, "attributes": attributes}

    def _alone(self, record: Record, response: httpx.Response) -> Outcome:
        errors = listed(as_json(response), "errors")
        return Outcome(record.external_id, Result.REJECTED, code_of(errors[0] if errors else {}, "reason"))

    def _read(self, batch: Batch, response: httpx.Response) -> Answer:
        body = as_json(response)
        if not isinstance(body, dict) or not is_listed(body, "errors"):  # something else answers in its place
            return Answer(batch.outcomes(Result.UNKNOWN, "unreadable_answer"))
        errors = listed(body, "errors")
        if response.status_code != 207:
            return Answer(batch.outcomes(*((Result.UNKNOWN, "unreadable_answer") if errors else (Result.ACKNOWLEDGED, ""))))
        refused = {one.get("batch_index"): code_of(one, "reason") for one in errors}
        if not refused or not all(isinstance(index, int) and 0 <= index < len(batch.records) for index in refused):
            return Answer(batch.outcomes(Result.UNKNOWN, "unreadable_207"))
        return Answer(
            [
                Outcome(record.external_id, Result.REJECTED if index in refused else Result.ACKNOWLEDGED, refused.get(index, ""))
                for index, record in enumerate(batch.records)
            ]
        )


@lru_cache(maxsize=10_000)
def _moment(value: str | None) -> int | None:
    """Seconds since 1970 of a day, which begins at midnight UTC, or of a time."""
    return None if value is None else int(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp())
