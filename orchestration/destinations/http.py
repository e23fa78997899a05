"""Calls to a vendor's account: which may be made at all, how fast, and how often one is repeated.

Comes in: the vendor's URL and headers, and the list of calls that the destination may make. Goes out: answers. A call outside that list
raises before anything leaves, so that no mistake elsewhere can subscribe somebody or delete a contact.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson
from tenacity import RetryError, Retrying, retry_if_exception, retry_if_result, stop_after_attempt

from orchestration.destinations.pacing import IN_DOUBT, MAX_TRIES, AsksTooLong, Pacer, pause_for_all, wait_as_told
from orchestration.destinations.transport import checked_url, trusted
from orchestration.server_waits import is_for_now

TIMEOUT = 30.0
# httpx tells every URL at level INFO, and some vendors want addresses in the query.
logging.getLogger("httpx").setLevel(logging.WARNING)
# Raised before a byte of the request left: the receiver cannot have it.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# What came, or did not come, says nothing of what became of the call: cut off, too late, or packed in a way that cannot be unpacked.
_NO_ANSWER = (httpx.TransportError, httpx.DecodingError)
# None is closed that the next call could use: httpx keeps twenty, and a vendor may be called by more at once.
_CONNECTIONS = httpx.Limits(max_connections=100, max_keepalive_connections=100)
_DOUBT = "may_have_arrived"  # under this name an answer remembers that a try before it, or what it answers, may have been worked on


def may_have_arrived(response: httpx.Response) -> bool:
    """Whether the call may have done its work, though this answer says otherwise."""
    return bool(response.extensions.get(_DOUBT))


class NoConnectionError(Exception):
    """No byte has left."""


class NoAnswerError(Exception):
    """The call may have arrived."""


class ForbiddenCallError(Exception):
    """A call that this destination must never make."""


class Caller:
    """One account: only the calls that `allowed` lists (method and path, as a regular expression) can be made.

    Refusals that pass are asked again; `hopeless` are those of them that do not, `passing` further ones that do, at this vendor.
    """

    def __init__(
        self,
        url: str,
        *,
        allowed: tuple[str, ...],
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | httpx.Auth | None = None,
        windows: tuple[tuple[int, float], ...] = (),
        hopeless: Callable[[httpx.Response], bool] = lambda _: False,
        passing: Callable[[httpx.Response], bool] = lambda _: False,
        timeout: float = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url, self.sleep, self._of_thread = checked_url(url, base_url), sleep, threading.local()
        self._allowed = tuple(re.compile(one) for one in allowed)
        self._hopeless, self._passing, self._pacer = hopeless, passing, Pacer(windows, sleep=sleep)
        self._client = httpx.Client(
            timeout=timeout,
            verify=trusted(),
            follow_redirects=False,
            trust_env=False,
            headers=dict(headers or {}),
            auth=auth,
            limits=_CONNECTIONS,
        )

    @property
    def made(self) -> int:
        """Calls made so far by this thread."""
        return int(getattr(self._of_thread, "made", 0))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer, the last one where it was refused for now. Raises NoConnectionError or NoAnswerError without any."""
        if not any(one.fullmatch(f"{method} {path}") for one in self._allowed):
            raise ForbiddenCallError(f"{method} {path} is no call that this destination may make")
        retrying = Retrying(
            retry=retry_if_exception(_may_pass) | retry_if_result(self._is_for_now),
            wait=wait_as_told,
            stop=stop_after_attempt(MAX_TRIES) | AsksTooLong(),
            sleep=self.sleep,
        )
        if "json" in options:  # written once, however often it is tried
            options["content"] = orjson.dumps(options.pop("json"))
            if "content-type" not in self._client.headers:
                options["headers"] = {"content-type": "application/json", **options.get("headers", {})}
        doubts: list[object] = []  # tries that may have arrived: what the last one says is not all there is to say
        try:
            response = self._answered(retrying, method, path, options, doubts)
        except _NOT_SENT:
            raise (NoAnswerError if doubts else NoConnectionError) from None
        except _NO_ANSWER:
            raise NoAnswerError from None
        response.extensions[_DOUBT] = bool(doubts)
        return response

    def _answered(self, retrying: Retrying, method: str, path: str, options: Mapping[str, Any], doubts: list[object]) -> httpx.Response:
        try:
            return retrying(self._once, method, path, options, doubts)
        except RetryError as error:
            return error.last_attempt.result()  # the last answer, or the last transport error raised again

    def _once(self, method: str, path: str, options: Mapping[str, Any], doubts: list[object]) -> httpx.Response:
        self._pacer.wait()
        self._of_thread.made = self.made + 1
        sent = dict(options)
        if (fresh := sent.pop("headers_of_try", None)) is not None:
            sent["headers"] = fresh()  # what is signed anew with every try
        url = self.url if path == self.url.path else self.url.copy_with(path=path)
        try:
            response = self._client.request(method, url, **sent)
        except _NOT_SENT:
            raise
        except _NO_ANSWER as error:
            doubts.append(error)
            raise
        doubts += [response] if response.status_code in IN_DOUBT else []
        if (pause := pause_for_all(response)) is not None:
            self._pacer.hold(pause)
        return response

    def _is_for_now(self, response: httpx.Response) -> bool:
        return (is_for_now(response.status_code) or self._passing(response)) and not self._hopeless(response)


def _may_pass(error: BaseException) -> bool:
    # A server that has not answered in time is not asked again: it would take as long again, for every batch.
    return isinstance(error, _NO_ANSWER) and not isinstance(error, httpx.ReadTimeout)
