"""Webhook: changed records as signed HTTP requests, by the Standard Webhooks specification (https://www.standardwebhooks.com).

Comes in: batches. Goes out: `POST url` with

    webhook-id: the batch's id, the same on every retry (the receiver's key against duplicates)
    webhook-timestamp: seconds since 1970; a receiver refuses what is older than five minutes
    webhook-signature: v1,<base64 of HMAC-SHA256(secret, "id.timestamp.body")>
    {"type": "audience.changed", "timestamp": …, "data": {"audience": …, "release_id": …, "mode": …, "records":
      [{"id": …, "operation": "upsert" | "clear", "fields": {…}}]}}

Answers: 2xx takes all; 207 with `{"errors": [{"id", "code", "message", "retryable"}]}` takes all but those; 410 stops for good;
408, 425, 429 and 5xx are tried again, after `Retry-After` where given; no answer in 15 s is `unknown`. A batch that is refused as a
whole (400, 413, 422) is halved until the record at fault is found.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import httpx
from tenacity import RetryError, Retrying, retry_if_exception_type, retry_if_result, stop_after_attempt

from orchestration.destinations.base import Answer, Batch, Destination, Limits, Outcome, Result, covered, safe_code
from orchestration.destinations.pacing import MAX_TRIES, RETRIED_STATUSES, AsksTooLong, Pacer, wait_as_told
from orchestration.destinations.transport import checked_url, signature, signing_key

_TIMEOUT = 15.0
_REFUSED_AS_A_WHOLE = frozenset({400, 413, 422})
# Raised before a byte of the request left: the receiver cannot have it.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class WebhookDestination(Destination):
    """An HTTP endpoint that verifies signatures."""

    type: ClassVar[str] = "webhook"
    channels: ClassVar[tuple[str, ...]] = ()
    limits: ClassVar[Limits] = Limits(max_records=500, max_bytes=1_000_000, max_record_bytes=100_000, windows=((50, 1.0),))

    def __init__(
        self,
        *,
        name: str,
        url: str,
        secret: str,
        base_url: str | None = None,
        mode: str = "upsert",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name, self._mode, self._sleep = name, mode, sleep
        self._url = checked_url(url, base_url)
        self._key = signing_key(secret)
        self._pacer = Pacer(self.limits.windows, sleep=sleep)
        self._client = httpx.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=False)
        self._refused = 0

    @property
    def address(self) -> str:
        """The URL without its query, which may hold a secret."""
        return str(self._url.copy_with(query=None, userinfo=b""))

    def preflight(self) -> None:
        """Nothing to ask: a webhook has no call that sends nothing. The URL and secret were checked when it was made."""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, batch: Batch) -> Answer:
        """Deliver the batch, halving it where the receiver refuses it as a whole."""
        answer = self._posted(batch)
        if answer is not None:
            return answer
        self._refused += 1
        if len(batch.records) == 1:
            return Answer(batch.outcomes(Result.REJECTED, "refused"))
        # Finding one bad record among 500 takes 18 calls. A receiver that refuses this many refuses us, not a record.
        if self._refused > 60:
            return Answer(
                batch.outcomes(Result.RETRYABLE, "refused"), stop="the receiver refuses nearly every batch; check what it expects"
            )
        return self._halved(batch)

    def _halved(self, batch: Batch) -> Answer:
        middle = len(batch.records) // 2
        first = self.send(replace(batch, id=f"{batch.id}-1", records=batch.records[:middle]))
        rest = replace(batch, id=f"{batch.id}-2", records=batch.records[middle:])
        second = Answer(rest.outcomes(Result.RETRYABLE, "not_sent"), first.stop, first.disabled) if first.stop else self.send(rest)
        return replace(second, outcomes=first.outcomes + second.outcomes)

    def _posted(self, batch: Batch) -> Answer | None:
        """The receiver's answer, None when it refuses the batch as a whole."""
        try:
            response = self._tried(batch)
        except _NOT_SENT:
            return Answer(batch.outcomes(Result.RETRYABLE, "no_connection"), stop=f"no connection to {self._url.host}")
        except httpx.TransportError:
            return Answer(batch.outcomes(Result.UNKNOWN, "no_answer"))
        return None if response.status_code in _REFUSED_AS_A_WHOLE else _read(batch, response)

    def _tried(self, batch: Batch) -> httpx.Response:
        body = _body(batch, self._mode)
        retrying = Retrying(
            retry=retry_if_exception_type(httpx.TransportError)
            | retry_if_result(lambda response: response.status_code in RETRIED_STATUSES),
            wait=wait_as_told,
            stop=stop_after_attempt(MAX_TRIES) | AsksTooLong(),
            sleep=self._sleep,
        )
        try:
            return retrying(self._post, batch.id, body)
        except RetryError as error:
            return error.last_attempt.result()  # the last answer, or the last transport error raised again

    def _post(self, batch_id: str, body: bytes) -> httpx.Response:
        self._pacer.wait()
        timestamp = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": batch_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(self._key, batch_id, timestamp, body),
        }
        return self._client.post(self._url, content=body, headers=headers)


def _may_change(response: httpx.Response) -> bool:
    return response.status_code in RETRIED_STATUSES


def _body(batch: Batch, mode: str) -> bytes:
    records = [{"id": record.external_id, "operation": record.operation, "fields": record.fields} for record in batch.records]
    data = {"audience": batch.audience, "release_id": batch.release_id, "mode": mode, "records": records}
    content = {"type": "audience.changed", "timestamp": batch.released_at, "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _read(batch: Batch, response: httpx.Response) -> Answer:
    code = f"http_{response.status_code}"
    if response.status_code == 207:
        return Answer(_partial(batch, response))
    if response.is_success:
        return Answer(batch.outcomes(Result.ACKNOWLEDGED))
    if response.status_code == 410:
        return Answer(batch.outcomes(Result.RETRYABLE, code), stop="the receiver is gone for good (410)", disabled=True)
    # 401, 403, 404, a redirect … concern us, not the records: nothing is rejected, and calling on would not help.
    return Answer(batch.outcomes(Result.RETRYABLE, code), stop=f"the receiver answers {response.status_code}")


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
