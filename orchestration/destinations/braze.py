"""Braze: scores as custom attributes of users (https://www.braze.com/docs/api/endpoints/user_data/post_user_track).

Comes in: batches. Goes out: `POST /users/track` with at most 75 attribute objects, which is Braze's limit for attributes, events and
purchases together; we send no events, which Braze never recognises as sent before:

    {"attributes": [{"external_id": "c1", "_update_existing_only": true, "crmp_nps": 9, "crmp_next_best_action": null}]}

Null clears an attribute. Scores make no users: a user whom Braze does not know is passed over without a word, so that an acknowledgement
means that Braze has the record if it has the user. What users hold is read by `POST /users/export/ids` (braze_users.py). Never written:
subscription states and groups.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import httpx

from orchestration.destinations.base import USUAL_ANSWER, Answer, Batch, Holdings, Outcome, Record, Result
from orchestration.destinations.braze_users import AT_ONCE, EXPORT, USERS, Users, as_kept
from orchestration.destinations.delivery import HttpDestination
from orchestration.destinations.http import Caller
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.pacing import forecast_seconds
from orchestration.destinations.reading import as_json, code_of, is_listed, listed

_TAKEN = ("success", "queued")  # queued: Braze works on it later, as it says during an outage
_WANTS = "its API key needs the permission users.track, and rest_url must be that of its cluster"


class BrazeDestination(HttpDestination):
    """A workspace of Braze's."""

    type: ClassVar[str] = "braze"
    channels: tuple[str, ...] = ("email", "sms", "push")
    limits: ClassVar[Limits] = limits_of("braze")
    reading: ClassVar[Limits | None] = USERS
    side_by_side = 40

    def __init__(
        self,
        *,
        name: str,
        rest_url: str,
        api_key: str,
        base_url: str | None = None,
        mode: str = "upsert",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"authorization": f"Bearer {api_key}"}
        caller = Caller(
            rest_url, base_url=base_url, headers=headers, allowed=("POST /users/track",), windows=self.limits.windows, sleep=sleep
        )
        super().__init__(name, caller)
        exports = Caller(rest_url, base_url=base_url, headers=headers, allowed=(f"POST {EXPORT}",), windows=USERS.windows, sleep=sleep)
        self._profiles = Users(name, exports)

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._profiles.close()

    def check_reading(self) -> None:
        """Ask whether the key may export users."""
        self._profiles.preflight()

    def held(self, audience: str, records: Sequence[Record]) -> Holdings:
        """What users hold, of those whom Braze has."""
        return self._profiles.read(records)

    def as_held(self, record: Record) -> Mapping[str, Any]:
        """As it is sent, as far as it can be told apart there."""
        return as_kept(self.named(record.fields))

    def forecast_reading(self, records: int) -> tuple[int, float]:
        """At the pace of exports, which is not that of sending."""
        calls = -(-records // USERS.max_records)
        return calls, max(forecast_seconds(USERS.windows, calls), calls * USUAL_ANSWER / AT_ONCE)

    def preflight(self) -> None:
        """Ask for nothing: an empty list of attributes is refused (400) by who lets us in, and with 401 by who does not."""
        self._knock("/users/track", _WANTS, {"attributes": []})

    def _post(self, batch: Batch) -> httpx.Response:
        return self.caller.call("POST", "/users/track", json={"attributes": [self._attributes(record) for record in batch.records]})

    def _attributes(self, record: Record) -> dict[str, Any]:
        return {"external_id": record.external_id, "_update_existing_only": True, **self.named(record.fields)}

    def _alone(self, record: Record, response: httpx.Response) -> Outcome:
        return Outcome(record.external_id, Result.REJECTED, code_of(as_json(response), "message"))

    def _read(self, batch: Batch, response: httpx.Response) -> Answer:
        body = as_json(response)
        if not isinstance(body, dict) or body.get("message") not in _TAKEN:
            return Answer(batch.outcomes(Result.UNKNOWN, "not_in_the_answer"))
        if not is_listed(body, "errors"):
            return Answer(batch.outcomes(Result.UNKNOWN, "unreadable_errors"))
        refused = {one.get("index"): code_of(one, "type") for one in listed(body, "errors")}
        if not all(isinstance(index, int) and 0 <= index < len(batch.records) for index in refused):
            return Answer(batch.outcomes(Result.UNKNOWN, "unreadable_errors"))
        return Answer(
            [
                Outcome(record.external_id, Result.REJECTED if index in refused else Result.ACKNOWLEDGED, refused.get(index, ""))
                for index, record in enumerate(batch.records)
            ]
        )
