"""A vendor on loopback: remembers what it was sent, answers as its subclass does, and fails as a test tells it to."""

import json
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from examples.fakes.loopback import on_loopback
from tests.fakes.forbidden import offences


class Request(NamedTuple):
    kind: str
    method: str
    path: str
    query: dict
    headers: dict
    body: object
    size: int


class Vendor:
    """`faults` are used up one per request: (status, headers, body) instead of an answer; "lost": taken, and the connection closed;
    "cut": taken, and half of the answer; "late": taken, and answered after `patience`."""

    kind = "vendor"
    options = MappingProxyType({})
    patience = 0.3
    silent_success = False  # whether an answer without a body means that all was taken

    @staticmethod
    def echoes(*addresses):
        """Faults that quote what was sent."""
        body = {"message": f"{addresses} is wrong", "category": addresses[0], "reason": addresses[0], "errors": [{"message": addresses[0]}]}
        return [(status, {}, body) for status in (400, 401, 404, 500)]

    def __init__(self):
        self.requests, self.faults, self.offended, self.url = [], [], [], ""

    def answer(self, request):
        """(status, headers, body)."""
        raise NotImplementedError

    def arrived(self):
        """External id → fields without our prefix."""
        raise NotImplementedError

    def take(self, request):
        self.requests.append(request)
        self.offended += offences(request.method, request.path, request.body)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, tuple):
            return fault, ""
        try:
            return self.answer(request), fault or ""
        except Exception as error:  # in the server's thread: told at the end of the test
            self.offended.append(f"{type(error).__name__}: {error} in {request.method} {request.path}")
            raise

    def calls(self, part):
        return [request for request in self.requests if part in f"{request.method} {request.path}"]


def unprefixed(fields, prefix="crmp_"):
    assert all(name.startswith(prefix) for name in fields), fields
    return {name.removeprefix(prefix): value for name, value in fields.items()}


def _body(handler):
    raw = handler.rfile.read(int(handler.headers.get("content-length") or 0))
    try:
        return json.loads(raw), len(raw)
    except ValueError:
        return raw.decode(), len(raw)


@contextmanager
def serving(vendor):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one(self):
            parts = urlsplit(self.path)
            body, size = _body(self)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(vendor.kind, self.command, parts.path, dict(parse_qsl(parts.query)), headers, body, size)
            (status, extra, content), fault = vendor.take(request)
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            if fault == "late":
                time.sleep(vendor.patience)
            if fault in ("lost", "late"):
                self.close_connection = True
                return
            self.send_response_only(status)
            for name, value in {"date": self.date_time_string(), **extra, "content-length": str(len(raw) + 100 * (fault == "cut"))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)
            self.close_connection = self.close_connection or fault == "cut"

        def log_message(self, *arguments):
            """Quiet."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_one)
    with on_loopback(Handler) as vendor.url:
        yield vendor
    assert not vendor.offended, vendor.offended
