"""Addresses of servers in the configuration.

Comes in: text of the file. Goes out: the same, or what is wrong with it. Plain http is for test servers on this machine.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from orchestration.configuration.parts import Text


def _safe_url(value: str) -> str:
    try:
        url = urlsplit(value)
        host, _ = url.hostname or "", url.port
    except ValueError:
        raise ValueError("is no URL; write it like https://api.example.com") from None
    if not host or url.scheme not in ("http", "https"):
        raise ValueError("is no URL; write it like https://api.example.com")
    if url.username or url.password:
        raise ValueError("holds a name or a password; credentials have keys of their own")
    if url.scheme == "http" and not _is_loopback(host):
        raise ValueError("only https is used; plain http only for loopback")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


BaseUrl = Annotated[Text, AfterValidator(_safe_url)]
