"""One vendor's API: paced calls that are repeated while they may still succeed, and errors of one line.

Comes in: an address, credentials, names of limits. Goes out: JSON. A credential is only ever in a header, and in no message.
Tried again are 408, 425, 429, 5xx, a broken connection and a body that was cut off or is not the vendor's, after `Retry-After` where
given, else after a time that doubles; so is an answer that trickles (timely.py). A call gives up after MAX_TRIES, or when the wait to come
would outlast DEADLINE; after that others are tried less often.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

import httpx
from tenacity import RetryError

from orchestration.server_waits import is_for_now
from orchestration.sources.base import SourceError
from orchestration.sources.http.pacing import Pacer, limits
from orchestration.sources.http.patience import patience
from orchestration.sources.http.refusals import CutOffError, NoRecordsError, RefusedError, gave_up, is_spent, refused
from orchestration.sources.http.wire import Answer, Wire, basic, placed
from orchestration.sources.reading.json_text import parsed
from orchestration.sources.reading.oddities import Oddities, ShapelessError

MAX_TRIES, TRIES_WHEN_DOWN = 6, 2

Params = Mapping[str, Any] | list[tuple[str, Any]]
Read = Callable[[httpx.Response], Any]


def _key(path: str, params: Params | None) -> Any:
    return path, repr(params)


class Api:
    """The calls of one source in one run, of any thread; `calls` counts them, `on_call` hears of each, `odd` of what is no record."""

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
        self._ahead: dict[Any, Answer] = {}
        self.looks_ahead, self.odd = True, Oddities()
        self._token: Callable[[], str] | None = None
        self._is_authorized = True
        self._tries = MAX_TRIES

    def get(self, path: str, params: Params | None = None, *, holds: str = "", each: Sequence[str] = (), limit: str | None = None) -> Any:
        """The JSON of `GET path`: an object with what it `holds`, because a proxy or a page for signing in may answer, too.

        each  what every object in a list that it holds has; others are left out (`odd`)

        Raises RefusedError, or SourceError when no such answer is to be had.
        """
        return self._asked("GET", path, {"params": params}, limit, self._object(path, holds, each))

    def post(self, path: str, body: Any, *, holds: str = "", each: Sequence[str] = (), limit: str | None = None) -> Any:
        """The JSON of `POST path` with `body` as JSON, for calls that only read. Arguments and errors are those of `get`."""
        return self._asked("POST", path, {"body": body}, limit, self._object(path, holds, each))

    def form(self, path: str, fields: Mapping[str, str], *, holds: str = "") -> Any:
        """The JSON of `POST path` with `fields` as a form, for a token. Raises like `get`."""
        return self._patiently("POST", path, {"fields": fields, "headers": {"authorization": ""}}, None, self._object(path, holds, ()))

    def get_file(self, path: str, read: Callable[[bytes], Any]) -> Any:
        """What `read` makes of the bytes of `GET path`; it raises ValueError when they are not whole. Raises like `get`."""
        return self._asked("GET", path, {"params": None}, None, lambda response: read(response.content))

    def get_answer(self, path: str, params: Params, read: Read) -> Any:
        """What `read` makes of the answer to `GET path`; it raises ValueError when that is not whole. Raises like `get`."""
        return self._asked("GET", path, {"params": params}, None, read)

    def _object(self, path: str, holds: str, each: Sequence[str]) -> Read:
        """What reads an answer: an object, as all of them are, that has what it `holds`. It raises ValueError for anything else."""

        def read(response: httpx.Response) -> Any:
            value = parsed(response.content)
            if not isinstance(value, dict) or (holds and value.get(holds) is None):
                raise ValueError("another answer than the vendor's")
            if holds and isinstance(value[holds], list):
                value[holds] = self.odd.objects(path, value[holds], each)
            return value

        return read

    def foresee(self, path: str, params: Mapping[str, Any], limit: str | None = None) -> None:
        """Send what `get` is about to ask for, where the pace allows that at once: the vendor answers while we work on what came before."""
        # The narrower limit first, which is the one that is full: a turn that is taken is used up.
        pacers = reversed(self._pacers_of(limit))
        if not self.looks_ahead or not self._is_authorized or not all(pacer.takes_a_turn_now() for pacer in pacers):
            return
        self._count()
        try:
            self._ahead[_key(path, params)] = self._wire.send("GET", path, params=params)
        except httpx.TransportError:  # `get` asks again, and says what is wrong
            return

    def pause(self, seconds: float) -> None:
        """Wait, as everything here waits."""
        self._sleep(seconds)

    def authorize(self, token: str) -> None:
        """Send `token` with every call."""
        self._wire.headers["authorization"] = f"Bearer {token}"

    def authorize_later(self, token: Callable[[], str]) -> None:
        """Ask for a token with the first call, and for another one where it is refused: a long night outlasts it."""
        self._token, self._is_authorized = token, False

    def _asked(self, method: str, path: str, content: Mapping[str, Any], limit: str | None, read: Read) -> Any:
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
        try:
            answer = patience(self._tries, self._sleep, self._clock)(self._tried, method, path, content, self._pacers_of(limit), read)
        except RetryError as error:
            self._tries = TRIES_WHEN_DOWN
            raise SourceError(
                gave_up(method, path, self._wire.address.host, error.last_attempt.result, error.last_attempt.attempt_number)
            ) from None
        self._tries = MAX_TRIES
        return answer

    def _tried(self, method: str, path: str, content: Mapping[str, Any], pacers: Sequence[Pacer], read: Read) -> Any:
        """What was asked for, or the response where it may be another one the next time."""
        sent = self._ahead.pop(_key(path, content["params"]), None) if self._ahead and method == "GET" else None
        if sent is None:
            for pacer in pacers:
                pacer.wait()
            self._count()
            sent = self._wire.send(method, path, **content)
        response = sent()
        for pacer in pacers:
            pacer.heed(response)
        if is_for_now(response.status_code) and not is_spent(response):
            return response
        if not response.is_success:
            raise refused(method, path, response)
        try:
            return read(response)
        except ShapelessError as error:
            raise NoRecordsError(str(error)) from None
        except ValueError:
            raise CutOffError(response.headers.get("content-type", "")) from None

    @property
    def used(self) -> tuple[int, int] | None:
        """Calls that all who work with the account have used of a day's, and how many a day has; None where the vendor tells nothing."""
        return self._pacer(self.vendor).used

    def _count(self) -> None:
        with self._counting:
            self.calls += 1
        self.on_call()

    def _pacers_of(self, limit: str | None) -> list[Pacer]:
        """Calls with a limit of their own are also some of all that the account may make."""
        return [self._pacer(name) for name in dict.fromkeys((self.vendor, limit or self.vendor))]

    def _pacer(self, name: str) -> Pacer:
        if name not in self._pacers:
            self._pacers[name] = Pacer(limits(name), clock=self._clock, sleep=self._sleep)
        return self._pacers[name]
