"""A bucket of S3 on loopback: listing, reading, writing, removing, asking what there is. Wants the key that it was made with.

As a bucket does, it knows no folder and no renaming, and an object is there whole or not at all. Its listings may lag behind, and it may
break in the middle of a write.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET = "AKIATESTS", "hush-of-the-tests"


class Bucket:
    """`objects` by key; `asked` holds (method, key). `changed` is called after every change; with `lags`, listings show what was before."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.changed: Callable[[], object] = lambda: None
        self.lags = False
        self.writes_left: int | None = None
        self._before: dict[str, bytes] = {}

    def put(self, key: str, content: bytes) -> bool:
        """Whether it was taken."""
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left < 0:
                return False
        self._before = dict(self.objects)
        self.objects[key] = content
        self.changed()
        return True

    def remove(self, key: str) -> None:
        self._before = dict(self.objects)
        if self.objects.pop(key, None) is not None:
            self.changed()

    def listed(self, prefix: str, delimiter: str = "") -> bytes:
        held = self._before if self.lags else self.objects
        keys = [key for key in sorted(held) if key.startswith(prefix)]
        deeper = {prefix + key.removeprefix(prefix).split("/")[0] + "/" for key in keys if delimiter and "/" in key.removeprefix(prefix)}
        keys = [key for key in keys if not any(key.startswith(folder) for folder in deeper)]
        told = "".join(
            f'<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00Z</LastModified><ETag>"{tag(held[key])}"</ETag>'
            f"<Size>{len(held[key])}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key in keys
        )
        told += "".join(f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in sorted(deeper))
        count = len(keys) + len(deeper)
        head = f"<Name>bucket</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{count}</KeyCount><IsTruncated>false</IsTruncated>"
        return f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{head}{told}</ListBucketResult>'.encode()


def tag(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def handler(bucket: Bucket) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            key, asked = self._asked()
            if key is None:
                return
            if not key:
                return self._send(200, bucket.listed(asked.get("prefix", [""])[0], asked.get("delimiter", [""])[0]), {})
            if key not in bucket.objects:
                return self._send(404, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>", {})
            content = bucket.objects[key]
            self._send(200, content, {"etag": f'"{tag(content)}"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"})

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            content = self._content()
            key, _ = self._asked()
            if key and bucket.put(key, content):
                return self._send(200, b"", {"etag": f'"{tag(content)}"'})
            if key is not None:
                self._send(403, b"<Error><Code>QuotaExceeded</Code><Message>no room</Message></Error>", {})

        def do_DELETE(self) -> None:
            key, _ = self._asked()
            if key is not None:
                bucket.remove(key)
                self._send(204, b"", {})

        def do_POST(self) -> None:
            """Several keys to be removed."""
            content = self._content().decode()
            key, _ = self._asked()
            if key is not None:
                for one in re.findall("<Key>(.*?)</Key>", content):
                    bucket.remove(one)
                self._send(200, b'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>', {})

        def _asked(self) -> tuple[str | None, dict[str, list[str]]]:
            url = urlsplit(self.path)
            name, _, key = unquote(url.path).lstrip("/").partition("/")
            bucket.asked.append((self.command, key))
            if name not in ("bucket", ""):
                self._send(404, b"<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>", {})
                return None, {}
            if f"Credential={KEY}/" in self.headers.get("authorization", ""):
                return key, parse_qs(url.query)
            self._send(403, b"<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>", {})
            return None, {}

        def _content(self) -> bytes:
            return self.rfile.read(int(self.headers.get("content-length", 0)))

        def _send(self, status: int, content: bytes, headers: dict[str, Any]) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
