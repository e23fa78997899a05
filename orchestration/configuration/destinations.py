"""What `destinations:` of the configuration may say: the places that audiences are sent to.

Comes in: the file's mappings. Goes out: frozen settings, one a destination. Its keys beside those of every destination are the arguments of
the class of that type in `orchestration/destinations`.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import Field, StringConstraints, field_validator, model_validator

from orchestration.configuration.field_names import refused
from orchestration.configuration.parts import Folder, Name, Part, Secret, Text

_Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$")]


class EveryDestination(Part):
    """What every destination has. Nothing is sent before `live: true`; until then a sync tells what it would send."""

    addresses: ClassVar[tuple[str, ...]] = ()  # keys that hold an address over HTTP
    type: str
    name: Name
    audiences: tuple[str, ...] = ("customer_scores",)
    mode: Literal["upsert", "update_only", "mirror"] = "upsert"
    live: bool = False
    fields: dict[str, str] = Field(default_factory=dict)  # field → its name there, empty for ours; of others nothing is sent

    @property
    def compare_days(self) -> int:
        """After how many days it is asked what it holds; 0: never, since it cannot be asked."""
        return 0

    @property
    def makes_again(self) -> bool:
        """Whether a record that it had and that is not there any more may be made again; nothing to say where it makes none itself."""
        return True

    @field_validator("fields", mode="before")
    @classmethod
    def _unnamed(cls, value: object) -> object:
        return {field: "" if name is None else name for field, name in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _may_be_written(self) -> Self:
        keys = [str(getattr(self, key)) for key in ("id_property", "external_id_field") if hasattr(self, key)]
        if why := refused(self.fields, self.type, keys):
            raise ValueError(f"fields.{why}")
        return self


class ReadsBack(EveryDestination):
    """One that can be asked what it holds: every so many days that is compared with what it acknowledged; 0: never."""

    reconcile_every_days: Annotated[int, Field(ge=0, le=365)] = 7

    @property
    def compare_days(self) -> int:
        """As the configuration says."""
        return self.reconcile_every_days


class Makes(EveryDestination):
    """One where records are made; `recreate: false`: what somebody has deleted there stays deleted."""

    recreate: bool = True

    @property
    def makes_again(self) -> bool:
        """As the configuration says."""
        return self.recreate


class Vendor(EveryDestination):
    """A vendor's account; `base_url` replaces scheme, host and port of its addresses."""

    addresses: ClassVar[tuple[str, ...]] = ("base_url",)
    base_url: Text | None = None


class Open(EveryDestination):
    """A place of which only the company knows what lies behind; `consent`: channels, where that is marketing."""

    consent: tuple[Literal["email", "sms", "phone", "push"], ...] = ()


class FilesDestination(Open):
    """Audiences as CSV or JSON Lines files in a folder."""

    type: Literal["files"]
    path: Folder
    name: Name = "files"
    format: Literal["csv", "jsonl"] = "csv"


class WebhookDestination(Vendor, Open):
    """Audiences as signed HTTP requests (Standard Webhooks). `page_is_success`: the receiver answers with a web page when it took all."""

    addresses: ClassVar[tuple[str, ...]] = ("base_url", "url")
    type: Literal["webhook"]
    url: str
    secret: Secret
    name: Name = "webhook"
    page_is_success: bool = False


class HubspotDestination(Vendor, ReadsBack, Makes):
    """Scores as properties of contacts. `id_property`: email, hs_object_id (the CRM we read is this HubSpot), or a unique property."""

    type: Literal["hubspot"]
    token: Secret
    name: Name = "hubspot"
    api_version: Annotated[str, StringConstraints(pattern=r"^(v3|20\d\d-\d\d)$")] = "v3"
    id_property: _Word = "email"
    property_group: _Word = "contactinformation"


class SalesforceDestination(Vendor, ReadsBack, Makes):
    """Scores as custom fields of contacts; signs in with a token, or with the credentials of a connected app."""

    addresses: ClassVar[tuple[str, ...]] = ("base_url", "instance_url")
    type: Literal["salesforce"]
    instance_url: Text
    access_token: Secret | None = None
    client_id: Text | None = None
    client_secret: Secret | None = None
    name: Name = "salesforce"
    api_version: Annotated[str, StringConstraints(pattern=r"^v\d\d\.0$")] = "v62.0"
    object: _Word = "Contact"
    external_id_field: _Word = "crmp_customer_id__c"

    @model_validator(mode="after")
    def _signs_in(self) -> SalesforceDestination:
        if not self.access_token and not (self.client_id and self.client_secret):
            raise ValueError("needs access_token, or client_id and client_secret")
        return self


class BrazeDestination(Vendor, ReadsBack):
    """Scores as custom attributes of users that Braze has. Not asked what it holds unless told to: that takes another permission."""

    addresses: ClassVar[tuple[str, ...]] = ("base_url", "rest_url")
    type: Literal["braze"]
    rest_url: Text
    api_key: Secret
    name: Name = "braze"
    reconcile_every_days: Annotated[int, Field(ge=0, le=365)] = 0


class MailchimpDestination(Vendor, ReadsBack, Makes):
    """Scores as merge fields of a list's members; `new_members`: what becomes of whom the list does not have."""

    type: Literal["mailchimp"]
    api_key: Secret
    list_id: _Word
    name: Name = "mailchimp"
    new_members: Literal["transactional", "unsubscribed", "pending"] = "transactional"


class KlaviyoDestination(Vendor, ReadsBack, Makes):
    """Scores as custom properties of profiles; `identify_by: external_id` where Klaviyo has the CRM's ids."""

    type: Literal["klaviyo"]
    api_key: Secret
    name: Name = "klaviyo"
    revision: Annotated[str, StringConstraints(pattern=r"^20\d\d-\d\d-\d\d$")] = "2026-07-15"
    identify_by: Literal["email", "external_id"] = "email"


class CustomerioDestination(Vendor, Makes):
    """Scores as attributes of people."""

    type: Literal["customerio"]
    site_id: Text
    api_key: Secret
    name: Name = "customerio"
    region: Literal["us", "eu"] = "us"


class SqlDestination(Open, ReadsBack, Makes):
    """Scores as a table of PostgreSQL, MySQL, MariaDB or SQLite; a URL with a password is a reference to the environment."""

    type: Literal["sql"]
    url: Text
    name: Name = "sql"
    schema_: _Word | None = Field(None, alias="schema")

    @field_validator("url")
    @classmethod
    def _no_password(cls, value: str) -> str:
        if re.match(r"^[a-z0-9+]+://[^/@]*:[^/@]*@", value):
            raise ValueError("a URL with a password is written as ${NAME} and kept in the environment, never in the file")
        return value


DestinationKind = (
    FilesDestination
    | WebhookDestination
    | HubspotDestination
    | SalesforceDestination
    | BrazeDestination
    | MailchimpDestination
    | KlaviyoDestination
    | CustomerioDestination
    | SqlDestination
)
KINDS: tuple[type[Part], ...] = get_args(DestinationKind)
Destination = Annotated[DestinationKind, Field(discriminator="type")]
