"""A bucket of S3 on loopback: listing, reading, asking what there is. Wants the key that it was made with."""

import hashlib
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET = "AKIATESTS", "hush-of-the-tests"


class Bucket:
    """`objects` by key; `asked` holds (method, key)."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []

    def listed(self, prefix: str) -> bytes:
        told = "".join(
            f'<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00Z</LastModified><ETag>"{tag(content)}"</ETag>'
            f"<Size>{len(content)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key, content in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        head = f"<Name>bucket</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>"
        return f'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{head}{told}</ListBucketResult>'.encode()


def tag(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def handler(bucket: Bucket) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            _, _, key = unquote(url.path).lstrip("/").partition("/")
            bucket.asked.append((self.command, key))
            if f"Credential={KEY}/" not in self.headers.get("authorization", ""):
                return self._send(403, b"<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>", {})
            if not key:
                return self._send(200, bucket.listed(parse_qs(url.query).get("prefix", [""])[0]), {})
            if key not in bucket.objects:
                return self._send(404, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>", {})
            content = bucket.objects[key]
            self._send(200, content, {"etag": f'"{tag(content)}"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"})

        def do_HEAD(self) -> None:
            self.do_GET()

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
