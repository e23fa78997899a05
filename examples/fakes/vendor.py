"""What the stand-ins for vendors share: a server on loopback that counts requests and misbehaves when a test tells it to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from examples.fakes.loopback import on_loopback

CUT_OFF, GARBLED = "cut off", "garbled"


class RefusalError(Exception):
    """An answer other than 200: status and body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status, self.body = status, body


@dataclass(frozen=True)
class Content:
    """A good answer that is no JSON, with headers of its own."""

    content: bytes
    headers: dict[str, str]


class Vendor:
    """`faults` are used up one per request: None for a good answer, (status, headers), CUT_OFF or GARBLED. `asked` holds (method, path)."""

    token = "a-token-of-the-tests"
    credential_header = "authorization"

    def __init__(self) -> None:
        self.faults: list[Any] = []
        self.asked: list[tuple[str, str]] = []
        self.refuses_everybody = False
        self.headers: dict[str, str] = {}  # of every answer
        self.url = ""

    def is_known(self, authorization: str) -> bool:
        """Whether the header opens the account."""
        return authorization == f"Bearer {self.token}"

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        """The JSON of a good answer. Raises RefusalError."""
        raise NotImplementedError

    def between_requests(self) -> None:
        """A test may change the account here, while it is being read."""

    def taken(self, method: str, path: str, params: dict[str, str], body: Any, authorization: str) -> tuple[int, Any]:
        """Status and body of the answer to a request."""
        self.asked.append((method, path))
        if self.refuses_everybody or not self.is_known(authorization):
            return 401, {"message": f"the credential {authorization} is wrong"}
        try:
            return 200, self.answer(method, path, params, body)
        except RefusalError as refusal:
            return refusal.status, refusal.body
        finally:
            self.between_requests()


class _Handler(BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", -1
    disable_nagle_algorithm = True  # else the body of each answer waits 40 ms for an acknowledgement of its head
    vendor: Vendor

    def do_GET(self) -> None:
        self._handle(None)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        is_form = self.headers["content-type"] == "application/x-www-form-urlencoded"
        self._handle(dict(parse_qsl(content.decode())) if is_form else json.loads(content))

    def _handle(self, body: Any) -> None:
        url = urlsplit(self.path)
        fault = self.vendor.faults.pop(0) if self.vendor.faults else None
        if isinstance(fault, tuple):
            self.vendor.asked.append((self.command, url.path))
            return self._send(fault[0], b"{}", fault[1])
        params = dict(parse_qsl(url.query, keep_blank_values=True))
        status, told = self.vendor.taken(self.command, url.path, params, body, self.headers.get(self.vendor.credential_header, ""))
        headers = told.headers if isinstance(told, Content) else {}
        told = told.content if isinstance(told, Content) else told
        content = told if isinstance(told, bytes) else json.dumps(told).encode()
        if fault == CUT_OFF:
            self._send(status, content[: len(content) // 2], headers, length=len(content))
            self.close_connection = True
        else:
            self._send(status, content[: len(content) // 2] if fault == GARBLED else content, headers)

    def _send(self, status: int, content: bytes, headers: dict[str, str], length: int | None = None) -> None:
        self.send_response(status)
        of_every_answer = {"content-type": "application/json", "content-length": str(length or len(content))}
        for name, value in {**self.vendor.headers, **headers, **of_every_answer}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def serving(vendor: Vendor, port: int = 0) -> Iterator[Vendor]:
    """`vendor` on a port of loopback, a free one where none is named; its `url` says where."""
    with on_loopback(type("Handler", (_Handler,), {"vendor": vendor}), port) as vendor.url:
        yield vendor
