"""One vendor's API: paced calls that are repeated while they may still succeed, and errors of one line.

Comes in: an address, credentials, names of limits. Goes out: JSON. A credential is only ever in a header, and in no message.
Tried again are 408, 425, 429, 5xx, a broken connection and a body that was cut off, after `Retry-After` where given, else after a time
that doubles. A call gives up after MAX_TRIES, or when the wait to come would outlast DEADLINE; after that others are tried less often.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import httpx
from tenacity import RetryCallState, RetryError, Retrying, retry_if_exception_type, retry_if_result

from orchestration.server_waits import backed_off, retry_after
from orchestration.sources.base import SourceError
from orchestration.sources.http.pacing import Pacer, limits
from orchestration.sources.http.refusals import RefusedError, refused
from orchestration.sources.http.wire import Wire, basic, placed
from orchestration.sources.reading.json_text import parsed

MAX_TRIES, TRIES_WHEN_DOWN = 6, 2
DEADLINE = 30 * 60.0
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})

Params = Mapping[str, Any] | list[tuple[str, Any]]
Read = Callable[[httpx.Response], Any]


def _value(response: httpx.Response) -> Any:
    return parsed(response.content)


class _CutOffError(Exception):
    """The body is not the JSON that it should be."""


class Api:
    """The calls of one source in one run, of any thread; `calls` counts them, `on_call` hears of each."""

    def __init__(
        self,
        vendor: str,
        address: str,
        *,
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`address` is the vendor's; `base_url` replaces its scheme, host and port."""
        self.vendor, self.calls = vendor, 0
        self.on_call: Callable[[], None] = lambda: None
        self._sleep, self._clock = sleep, clock
        self._wire = Wire(placed(address, base_url), {**(headers or {}), **(basic(*auth) if auth else {})})
        self._pacers: dict[str, Pacer] = {}
        self._counting = Lock()
        self._token: Callable[[], str] | None = None
        self._is_authorized = True
        self._tries = MAX_TRIES

    def get(self, path: str, params: Params | None = None, *, limit: str | None = None) -> Any:
        """The JSON of `GET path`. Raises RefusedError, or SourceError when no answer is to be had."""
        return self._json("GET", path, {"params": params}, limit)

    def post(self, path: str, body: Any, *, limit: str | None = None) -> Any:
        """The JSON of `POST path` with `body` as JSON, for calls that only read. Raises like `get`."""
        return self._json("POST", path, {"body": body}, limit)

    def form(self, path: str, fields: Mapping[str, str]) -> Any:
        """The JSON of `POST path` with `fields` as a form, for a token. Raises like `get`."""
        return self._patiently("POST", path, {"fields": fields, "headers": {"authorization": ""}}, None, _value)

    def get_file(self, path: str, read: Callable[[bytes], Any]) -> Any:
        """What `read` makes of the bytes of `GET path`; it raises ValueError when they are not whole. Raises like `get`."""
        return self._json("GET", path, {}, None, lambda response: read(response.content))

    def get_answer(self, path: str, params: Params, read: Read) -> Any:
        """What `read` makes of the answer to `GET path`; it raises ValueError when that is not whole. Raises like `get`."""
        return self._json("GET", path, {"params": params}, None, read)

    def pause(self, seconds: float) -> None:
        """Wait, as everything here waits."""
        self._sleep(seconds)

    def authorize(self, token: str) -> None:
        """Send `token` with every call."""
        self._wire.headers["authorization"] = f"Bearer {token}"

    def authorize_later(self, token: Callable[[], str]) -> None:
        """Ask for a token with the first call, and for another one where it is refused: a long night outlasts it."""
        self._token, self._is_authorized = token, False

    def _json(self, method: str, path: str, content: Mapping[str, Any], limit: str | None, read: Read = _value) -> Any:
        was_authorized = self._is_authorized
        self._renew()
        try:
            return self._patiently(method, path, content, limit, read)
        except RefusedError as error:
            if error.status != 401 or self._token is None or not was_authorized:
                raise
        self._is_authorized = False
        self._renew()
        return self._patiently(method, path, content, limit, read)

    def _renew(self) -> None:
        if self._token is not None and not self._is_authorized:
            self.authorize(self._token())
            self._is_authorized = True

    def _patiently(self, method: str, path: str, content: Mapping[str, Any], limit: str | None, read: Read) -> Any:
        pacer = self._pacer(limit or self.vendor)
        started = self._clock()
        retrying = Retrying(
            retry=retry_if_exception_type((httpx.TransportError, httpx.DecodingError, _CutOffError))
            | retry_if_result(lambda answer: isinstance(answer, httpx.Response)),
            wait=_wait,
            stop=lambda state: state.attempt_number >= self._tries or self._clock() - started + state.upcoming_sleep > DEADLINE,
            sleep=self._sleep,
        )
        try:
            answer = retrying(self._tried, method, path, content, pacer, read)
        except RetryError as error:
            self._tries = TRIES_WHEN_DOWN
            raise SourceError(self._gave_up(method, path, error.last_attempt.result, error.last_attempt.attempt_number)) from None
        self._tries = MAX_TRIES
        return answer

    def _tried(self, method: str, path: str, content: Mapping[str, Any], pacer: Pacer, read: Read) -> Any:
        """What was asked for, or the response where it may be another one the next time."""
        pacer.wait()
        with self._counting:
            self.calls += 1
        self.on_call()
        response = self._wire.ask(method, path, **content)
        pacer.heed(response)
        if response.status_code in _RETRIED:
            return response
        if not response.is_success:
            raise refused(method, path, response)
        try:
            return read(response)
        except ValueError:
            raise _CutOffError from None

    def _gave_up(self, method: str, path: str, last: Callable[[], Any], tries: int) -> str:
        try:
            answer: httpx.Response = last()
            reason = f"is answered with {answer.status_code}"
        except _CutOffError:
            reason = "is answered with something that is cut off"
        except (httpx.TransportError, httpx.DecodingError) as error:
            reason = f"gets no answer ({type(error).__name__})"
        return f"{method} {path} {reason}, after {tries} tries; what had landed stays, the next run asks again"

    def _pacer(self, name: str) -> Pacer:
        if name not in self._pacers:
            self._pacers[name] = Pacer(limits(name), clock=self._clock, sleep=self._sleep)
        return self._pacers[name]


def _wait(state: RetryCallState) -> float:
    answer = state.outcome.result() if state.outcome and not state.outcome.failed else None
    told = retry_after(answer) if isinstance(answer, httpx.Response) else None
    return told or backed_off(state.attempt_number)  # 0 is also what a date says to a clock that is behind theirs
