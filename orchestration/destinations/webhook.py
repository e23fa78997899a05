"""Webhook: changed records as signed HTTP requests, by the Standard Webhooks specification (https://www.standardwebhooks.com).

Comes in: batches. Goes out: `POST url` with

    webhook-id: the batch's id, the same on every retry (the receiver's key against duplicates)
    webhook-timestamp: seconds since 1970; a receiver refuses what is older than five minutes
    webhook-signature: v1,<base64 of HMAC-SHA256(secret, "id.timestamp.body")>, one a secret while it is being changed
    {"type": "audience.changed", "timestamp": …, "data": {"audience": …, "release_id": …, "mode": …, "records":
      [{"id": …, "operation": "upsert" | "clear", "fields": {…}}]}}

Answers: 2xx takes all; 207 with `{"errors": [{"id", "code", "message", "retryable"}]}` takes all but those; a web page with any of these
comes from a login, a proxy or a firewall in the receiver's place, which has none of it; 410 stops for good; 408, 425, 429 and 5xx are tried
again, after `Retry-After` where given; no answer in 15 s is `unknown`. A batch that is refused as a whole (400, 413, 422) is halved until
the record at fault is found.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import httpx

from orchestration.destinations.base import Answer, Batch, Outcome, Result, covered, safe_code
from orchestration.destinations.delivery import HttpDestination
from orchestration.destinations.http import Caller
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.reading import is_page
from orchestration.destinations.transport import checked_url, signed_headers, signing_keys

_TIMEOUT = 15.0
_NO_RECEIVER = (
    "a web page answers in the receiver's place (a login, a proxy, a firewall); correct `url` or the way to it, or say"
    " `page_is_success: true` where the receiver itself answers so"
)


class WebhookDestination(HttpDestination):
    """An HTTP endpoint that verifies signatures."""

    type: ClassVar[str] = "webhook"
    channels: tuple[str, ...] = ()
    limits: ClassVar[Limits] = limits_of("webhook")
    side_by_side = 4
    asks = False

    def __init__(
        self,
        *,
        name: str,
        url: str,
        secret: str,
        base_url: str | None = None,
        mode: str = "upsert",
        consent: Sequence[str] = (),
        page_is_success: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._mode, self._keys, self.channels = mode, signing_keys(secret), tuple(consent)
        self._takes_pages = page_is_success
        path = re.escape(checked_url(url, base_url).path)
        super().__init__(
            name,
            Caller(url, base_url=base_url, allowed=(f"POST {path}",), windows=self.limits.windows, timeout=_TIMEOUT, sleep=sleep),
        )

    def our_name(self, field: str) -> str:
        """The field's own name."""
        return field

    def preflight(self) -> None:
        """Nothing to ask: a webhook has no call that sends nothing. The URL and secret were checked when it was made."""

    def _post(self, batch: Batch) -> httpx.Response:
        body = self._body(batch)
        return self.caller.call(
            "POST", self.caller.url.path, content=body, headers_of_try=lambda: signed_headers(self._keys, batch.id, body)
        )

    def _body(self, batch: Batch) -> bytes:
        records = [
            {
                "id": record.external_id,
                "operation": record.operation,
                "fields": {self.name_of(field): value for field, value in record.fields.items()},
            }
            for record in batch.records
        ]
        data = {"audience": batch.audience, "release_id": batch.release_id, "mode": self._mode, "records": records}
        content = {"type": "audience.changed", "timestamp": batch.released_at, "data": data}
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    def _read(self, batch: Batch, response: httpx.Response) -> Answer:
        if is_page(response) and not self._takes_pages:
            return Answer(batch.outcomes(Result.UNKNOWN, "web_page"), stop=_NO_RECEIVER)
        return Answer(_partial(batch, response) if response.status_code == 207 else batch.outcomes(Result.ACKNOWLEDGED))


def _partial(batch: Batch, response: httpx.Response) -> list[Outcome]:
    try:
        errors = {str(error["id"]): _refusal(error) for error in response.json()["errors"]}
    except (ValueError, KeyError, TypeError):
        return batch.outcomes(Result.UNKNOWN, "unreadable_207")
    taken = [Outcome(record.external_id, Result.ACKNOWLEDGED) for record in batch.records if record.external_id not in errors]
    return covered(batch, [*taken, *errors.values()])


def _refusal(error: dict[str, Any]) -> Outcome:
    # The message is left out on purpose: receivers quote the value they refuse.
    result = Result.RETRYABLE if error.get("retryable") is True else Result.REJECTED
    return Outcome(str(error["id"]), result, safe_code(error.get("code", "")))
