"""One server over HTTP: connections that are kept, and answers as httpx has them.

Comes in: an address, headers, what is asked. Goes out: `httpx.Response`, or the error that httpx has for what went wrong. What is asked may
be sent first and its answer taken later, so that a server works while we do, without a thread: to change threads for a page of a hundred
records takes longer than it saves. urllib3 sends and reads: httpx takes 0.2 ms of the processor more for a call, which is more than such a
page takes.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from ssl import SSLCertVerificationError
from typing import Any
from urllib.parse import quote

import certifi
import httpx
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, DecodeError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from orchestration.sources.http.timely import FOR_A_BYTE, SlowError, Timely, TooSlowError

_TO_CONNECT = 15.0  # seconds
_SENT = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "rapport"}
_UNPACKED = frozenset({"content-encoding", "content-length", "transfer-encoding"})  # what an answer said of bytes that are unpacked by now
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError | httpx.DecodingError]], ...] = (
    (NewConnectionError, httpx.ConnectError),
    (ConnectTimeoutError, httpx.ConnectTimeout),
    (SSLCertVerificationError, httpx.ConnectError),
    (ReadTimeoutError, httpx.ReadTimeout),
    (TimeoutError, httpx.ReadTimeout),
    (DecodeError, httpx.DecodingError),
    (ProtocolError, httpx.RemoteProtocolError),
    (HTTPException, httpx.RemoteProtocolError),
    (Exception, httpx.NetworkError),
)
_IN_PATHS = "/?&=%:@!$'()*+,;~"
Answer = Callable[[], httpx.Response]


class Wire:
    """One server, asked from any thread. Redirects are not followed, no proxy of the environment is used, nothing is asked twice."""

    def __init__(self, address: httpx.URL, headers: Mapping[str, str]) -> None:
        """`headers` are sent with every call, as they are at that moment."""
        self.address, self.headers = address, dict(headers)
        self._free: list[HTTPConnection] = []

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        body: Any = None,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask; what comes back gives the answer. `body` is sent as JSON, `fields` as a form.

        Both raise httpx.TransportError, and the second httpx.DecodingError, where there is no answer.
        """
        kind, content = _content(body, fields)
        connection = self._connection()
        with _as_of_httpx(connection):
            connection.request(method, _with(path, params), content, {**_SENT, **self.headers, **kind, **(headers or {})})
        return lambda: self._answer(connection)

    def _answer(self, connection: HTTPConnection) -> httpx.Response:
        with _as_of_httpx(connection):
            answer = connection.getresponse()
        self._free.append(connection)
        kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _UNPACKED]
        return httpx.Response(answer.status, headers=kept, content=answer.data)

    def _connection(self) -> HTTPConnection:
        """One that nobody waits for an answer on."""
        while (kept := self._kept()) is not None:
            if kept.is_connected:
                return kept
            kept.close()
        host, port = self.address.host, self.address.port
        if self.address.scheme == "https":
            made: HTTPConnection = HTTPSConnection(host, port, timeout=_TO_CONNECT, ca_certs=certifi.where())
        else:
            made = HTTPConnection(host, port, timeout=_TO_CONNECT)
        with _as_of_httpx(made):
            made.connect()
        made.timeout, made.response_class = FOR_A_BYTE, Timely
        return made

    def _kept(self) -> HTTPConnection | None:
        try:
            return self._free.pop()
        except IndexError:  # there is none, or another thread was quicker
            return None


@contextmanager
def _as_of_httpx(connection: HTTPConnection) -> Iterator[None]:
    try:
        yield
    except (HTTPError, HTTPException, OSError) as error:
        connection.close()
        for slow in (error, error.__cause__):
            if isinstance(slow, TooSlowError):
                raise SlowError(str(slow)) from error
        known = next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))
        raise known(type(error).__name__) from error
    except ValueError as error:  # a header that may not be sent: what is said of it quotes the credential
        connection.close()
        raise httpx.LocalProtocolError(type(error).__name__) from None


def _with(path: str, params: Any) -> str:
    path = quote(path, safe=_IN_PATHS)
    query = str(httpx.QueryParams(params)) if params else ""
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path


def _content(body: Any, fields: Mapping[str, str] | None) -> tuple[dict[str, str], bytes | None]:
    if body is not None:
        return {"content-type": "application/json"}, json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if fields is not None:
        return {"content-type": "application/x-www-form-urlencoded"}, str(httpx.QueryParams(dict(fields))).encode()
    return {}, None


def basic(user: str, password: str) -> dict[str, str]:
    """The header of a name and a password."""
    return {"authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def placed(address: str, base_url: str | None) -> httpx.URL:
    """`address` with the scheme, host and port of `base_url`."""
    url = httpx.URL(address)
    if base_url is None:
        return url
    base = httpx.URL(base_url)
    return url.copy_with(scheme=base.scheme, host=base.host, port=base.port)
