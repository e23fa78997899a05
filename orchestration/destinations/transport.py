"""What destinations over HTTP share: which URLs may be called, and signatures by the Standard Webhooks specification.

Comes in: URLs and secrets of the configuration. Goes out: a checked URL, a key, the value of a signature header.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import time

import httpx

from orchestration.destinations.base import DestinationError


def signing_key(secret: str) -> bytes:
    """The bytes of a secret: `whsec_` and base64, as the specification has it, or any plain text."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise DestinationError("the webhook secret starts with whsec_ but what follows is not base64") from None


def signature(key: bytes, batch_id: str, timestamp: str, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = f"{batch_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signed_headers(key: bytes, message_id: str, body: bytes) -> dict[str, str]:
    """The headers of a signed JSON message sent now; every try needs its own, because receivers refuse old timestamps."""
    timestamp = str(int(time.time()))
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(key, message_id, timestamp, body),
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
