"""What `sources:` of the configuration may say: one class a kind of source.

Comes in: the file's mappings. Goes out: frozen settings. Nothing heavy is imported here: every command reads settings first.
"""

from __future__ import annotations

import codecs
import ipaddress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from orchestration.config_parts import Folder, Name, Part, Secret, Text


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


class FilesSource(Part):
    """Exports as files: `<table>.csv`, `.parquet`, `.jsonl`, or a folder `<table>/` of such files."""

    type: Literal["files"]
    path: Folder
    name: Name = "files"
    encoding: str = "utf-8"

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"unknown encoding {value!r}; use a name such as utf-8, latin-1 or utf-16") from None
        return value


class StripeSource(Part):
    """Customers, subscriptions, invoices and payments of a Stripe account."""

    type: Literal["stripe"]
    api_key: Secret
    name: Name = "stripe"
    base_url: BaseUrl | None = None
    api_version: Annotated[Text, Field(pattern=r"^20\d\d-\d\d-\d\d(\.[a-z]+)?$")] = Field(
        "2024-06-20", description="Stripe's version of objects; older and newer shapes are read as well"
    )
    customer_id_metadata: Text = Field("customer_id", description="Key of a customer's metadata that holds the CRM's id")


SOURCE_SETTINGS: tuple[type[Part], ...] = (FilesSource, StripeSource)
Source = Annotated[FilesSource | StripeSource, Field(discriminator="type")]
