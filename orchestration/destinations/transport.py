"""What destinations over HTTP share: which URLs may be called, and signatures by the Standard Webhooks specification.

Comes in: URLs and secrets of the configuration. Goes out: a checked URL, a key, the value of a signature header.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import ssl
import time
from collections.abc import Sequence
from functools import cache

import httpx

from orchestration.destinations.base import DestinationError

_MARK = "whsec_"


@cache
def trusted() -> ssl.SSLContext:
    """The authorities whose certificates are believed, read once a process: reading them takes longer than a short sync's calls."""
    return httpx.create_ssl_context(trust_env=False)


def signing_key(secret: str) -> bytes:
    """The bytes of a secret: `whsec_` and base64, as the specification has it, or any plain text."""
    if not secret.startswith(_MARK):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_MARK), validate=True)
    except ValueError:
        raise DestinationError("the webhook secret starts with whsec_ but what follows is not base64") from None


def signing_keys(secret: str) -> list[bytes]:
    """The keys of a secret, of two while it is being changed: `whsec_…`, several one after another, or one plain text."""
    parts = secret.split()
    return [signing_key(one) for one in parts] if len(parts) > 1 and all(one.startswith(_MARK) for one in parts) else [signing_key(secret)]


def signature(key: bytes, batch_id: str, timestamp: str, body: bytes) -> str:
    """The signature with one key."""
    signed = f"{batch_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signed_headers(keys: Sequence[bytes], message_id: str, body: bytes) -> dict[str, str]:
    """The headers of a signed JSON message sent now; every try needs its own, because receivers refuse old timestamps.

    A signature a key, of which the receiver knows one.
    """
    timestamp = str(int(time.time()))
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signature(key, message_id, timestamp, body) for key in keys),
    }


def checked_url(url: str, base_url: str | None = None) -> httpx.URL:
    """`url`, with scheme, host and port of `base_url` where given. Raises DestinationError unless it is https, or http to loopback."""
    try:
        parsed = httpx.URL(url)
        base = httpx.URL(base_url) if base_url else parsed
    except httpx.InvalidURL as error:
        raise DestinationError(f"the webhook's URL cannot be read: {error}") from None
    placed = parsed.copy_with(scheme=base.scheme, host=base.host, port=base.port)
    if placed.scheme == "https" or (placed.scheme == "http" and _is_loopback(placed.host)):
        return placed
    raise DestinationError(f"{placed.scheme}://{placed.host}: only https is used; plain http only for loopback")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
