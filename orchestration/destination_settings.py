"""What `destinations:` of the configuration may say: the places that audiences are sent to.

Comes in: the file's mappings. Goes out: frozen settings, one a destination. Its keys beside those of every destination are the arguments of
the class of that type in `orchestration/destinations`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, StringConstraints

from orchestration.config_parts import Folder, Name, Part, Secret, Text

_Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$")]


class EveryDestination(Part):
    """What every destination has. Nothing is sent before `live: true`; until then a sync tells what it would send."""

    addresses: ClassVar[tuple[str, ...]] = ()  # keys that hold an address over HTTP
    type: str
    name: Name
    audiences: tuple[str, ...] = ("customer_scores",)
    mode: Literal["upsert", "update_only", "mirror"] = "upsert"
    live: bool = False


class Vendor(EveryDestination):
    """A vendor's account; `base_url` replaces scheme, host and port of its addresses."""

    addresses: ClassVar[tuple[str, ...]] = ("base_url",)
    base_url: Text | None = None


class FilesDestination(EveryDestination):
    """Audiences as CSV or JSON Lines files in a folder."""

    type: Literal["files"]
    path: Folder
    name: Name = "files"
    format: Literal["csv", "jsonl"] = "csv"


class WebhookDestination(Vendor):
    """Audiences as signed HTTP requests (Standard Webhooks)."""

    addresses: ClassVar[tuple[str, ...]] = ("base_url", "url")
    type: Literal["webhook"]
    url: str
    secret: Secret
    name: Name = "webhook"


class HubspotDestination(Vendor):
    """Scores as properties of contacts. `id_property`: email, hs_object_id (the CRM we read is this HubSpot), or a unique property."""

    type: Literal["hubspot"]
    token: Secret
    name: Name = "hubspot"
    api_version: Annotated[str, StringConstraints(pattern=r"^(v3|20\d\d-\d\d)$")] = "v3"
    id_property: _Word = "email"
    property_group: _Word = "contactinformation"


DestinationKind = FilesDestination | WebhookDestination | HubspotDestination
KINDS: tuple[type[Part], ...] = get_args(DestinationKind)
Destination = Annotated[DestinationKind, Field(discriminator="type")]
