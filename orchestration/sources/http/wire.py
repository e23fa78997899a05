"""One server over HTTP: connections that are kept, and answers as httpx has them.

Comes in: an address, headers, what is asked. Goes out: `httpx.Response`, or the error that httpx has for what went wrong. urllib3 sends and
reads: httpx takes 0.2 ms of the processor more for a call, which is more than reading a page of a hundred records takes.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import certifi
import httpx
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

_TIMEOUT = urllib3.Timeout(connect=15.0, read=60.0)
_AT_ONCE = 4  # connections that are kept; a source asks from two threads at most
_SENT = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "rapport"}
_UNPACKED = frozenset({"content-encoding", "content-length", "transfer-encoding"})  # what an answer said of bytes that are unpacked by now
_ERRORS: tuple[tuple[type[HTTPError], type[httpx.TransportError | httpx.DecodingError]], ...] = (
    (NewConnectionError, httpx.ConnectError),
    (ConnectTimeoutError, httpx.ConnectTimeout),
    (ReadTimeoutError, httpx.ReadTimeout),
    (DecodeError, httpx.DecodingError),
    (ProtocolError, httpx.RemoteProtocolError),
    (HTTPError, httpx.NetworkError),
)


class Wire:
    """One server, asked from any thread. Redirects are not followed, no proxy of the environment is used, nothing is asked twice."""

    def __init__(self, address: httpx.URL, headers: Mapping[str, str]) -> None:
        """`headers` are sent with every call, as they are at that moment."""
        self.address, self.headers = address, dict(headers)
        shared: dict[str, Any] = {"maxsize": _AT_ONCE, "timeout": _TIMEOUT, "retries": False}
        kind: type[urllib3.HTTPConnectionPool] | type[urllib3.HTTPSConnectionPool] = urllib3.HTTPConnectionPool
        if address.scheme == "https":
            kind, shared["ca_certs"] = urllib3.HTTPSConnectionPool, certifi.where()
        self._pool = kind(address.host, address.port, **shared)

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        body: Any = None,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer. `body` is sent as JSON, `fields` as a form. Raises httpx.TransportError or httpx.DecodingError for none."""
        kind, content = _sent(body, fields)
        told = {**_SENT, **self.headers, **kind, **(headers or {})}
        try:
            answer = self._pool.urlopen(method, _with(path, params), body=content, headers=told, redirect=False)
        except HTTPError as error:
            known = next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))
            raise known(type(error).__name__) from error
        kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _UNPACKED]
        return httpx.Response(answer.status, headers=kept, content=answer.data)


def _with(path: str, params: Any) -> str:
    query = str(httpx.QueryParams(params)) if params else ""
    return f"{path}{'&' if '?' in path else '?'}{query}" if query else path


def _sent(body: Any, fields: Mapping[str, str] | None) -> tuple[dict[str, str], bytes | None]:
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
