"""A webhook receiver on loopback that verifies signatures, remembers what it took, and answers as a test tells it to."""

import base64
import hashlib
import hmac
import json
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from examples.fakes.loopback import on_loopback
from tests.fakes.forbidden import offences

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests").decode()


class Receiver:
    """`answers` are used up one per request, as (status, headers, body) or "drop"; then every request gets 200."""

    def __init__(self):
        self.requests, self.answers, self.state, self.seen_ids, self.offended = [], [], {}, [], []

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["content-length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append((headers, json.loads(body), len(body)))
        self.offended += offences(handler.command, handler.path, json.loads(body))
        if not self.verified(headers, body):
            return 401, {}, b""
        answer = self.answers.pop(0) if self.answers else (200, {}, b"")
        status, extra, content = answer(json.loads(body)) if callable(answer) else answer
        if 200 <= status < 300 and headers["webhook-id"] not in self.seen_ids:
            self.apply(headers["webhook-id"], json.loads(body), content)
        return status, extra, content

    def apply(self, batch_id, body, content):
        self.seen_ids.append(batch_id)
        refused = self.refused(content)
        self.state |= {record["id"]: record["fields"] for record in body["data"]["records"] if record["id"] not in refused}

    @staticmethod
    def refused(content):
        try:
            return {error["id"] for error in json.loads(content)["errors"]}
        except (ValueError, TypeError, KeyError):
            return set()  # an answer that a test garbled on purpose

    @staticmethod
    def verified(headers, body):
        # Written from the specification's text, not from the sender's code.
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 300
        return fresh and f"v1,{expected}" in headers["webhook-signature"].split(" ")


@contextmanager
def receiving():
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            status, headers, content = receiver.take(self)
            if status == 0:  # the request was taken, the answer is lost
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            """Quiet."""

    with on_loopback(Handler) as address:
        receiver.url = f"{address}/hooks"
        yield receiver
    assert not receiver.offended, receiver.offended
