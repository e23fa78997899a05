"""What `sources:` of the configuration may say of vendors: one class each.

Comes in: the file's mappings. Goes out: frozen settings.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, field_validator, model_validator

from orchestration.configuration.addresses import BaseUrl
from orchestration.configuration.parts import Name, Part, PositiveInt, Secret, Text

_NOT_MAPPED = ("customer_id", "created_at", "updated_at", "deleted_at", "merged_into_customer_id")


def _mappable(value: dict[str, str]) -> dict[str, str]:
    taken = next((column for column in _NOT_MAPPED if column in value), None)
    if taken is not None:
        raise ValueError(f"{taken} is the vendor's own; map the property to a column of another name")
    return value


def _with_contacts(value: tuple[str, ...]) -> tuple[str, ...]:
    if "contacts" not in value:
        raise ValueError("must name contacts: everything else is of contacts")
    return value


_Mapped = Annotated[dict[Name, Text], AfterValidator(_mappable)]


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


_HubspotObject = Literal["contacts", "consents", "emails", "calls", "meetings", "email_events", "tickets", "feedback_submissions"]
_Scale = tuple[float, float]


class HubspotSource(Part):
    """Contacts of a HubSpot account, and what happened with them."""

    type: Literal["hubspot"]
    token: Secret
    name: Name = "hubspot"
    base_url: BaseUrl | None = None
    api_version: Annotated[Text, Field(pattern=r"^(v3|20\d\d-\d\d)$")] = Field("v3", description="v3, or a dated version such as 2026-03")
    objects: tuple[_HubspotObject, ...] = Field(
        get_args(_HubspotObject), min_length=1, description="What to read; the token needs the scope of each"
    )
    properties: _Mapped = Field({}, description="Column of crm_customers, or one of your own → property of a contact")
    full_every_days: PositiveInt = Field(30, description="Days after which everything is listed again, to find what is gone for good")
    feedback_scales: dict[Literal["nps", "csat", "ces"], _Scale] = Field(
        {}, description="Lowest and highest answer of a kind of survey, where they are not 0 to 10 (nps), 1 to 5 (csat), 1 to 7 (ces)"
    )

    _has_contacts = field_validator("objects")(_with_contacts)


class ZendeskSource(Part):
    """Tickets of a Zendesk account, who wrote them, and how satisfied they were."""

    type: Literal["zendesk"]
    subdomain: Annotated[Text, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9-]*$")]
    email: Text
    api_token: Secret
    name: Name = "zendesk"
    base_url: BaseUrl | None = None
    csat_answers: Literal[2, 3, 5] = Field(5, description="Answers of the satisfaction survey, where it does not tell them itself")
    full_every_days: PositiveInt = Field(
        30, description="Days after which all tickets are read again, to see who wrote them as they are now"
    )


_SalesforceObject = Literal["contacts", "leads", "consents", "tasks", "events", "cases", "campaigns"]


class SalesforceSource(Part):
    """Contacts of a Salesforce organisation, and what happened with them."""

    type: Literal["salesforce"]
    instance_url: BaseUrl
    access_token: Secret | None = None
    client_id: Secret | None = None
    client_secret: Secret | None = None
    name: Name = "salesforce"
    base_url: BaseUrl | None = None
    api_version: Annotated[Text, Field(pattern=r"^\d\d\.0$")] = "62.0"
    objects: tuple[_SalesforceObject, ...] = Field(
        tuple(one for one in get_args(_SalesforceObject) if one != "leads"),
        min_length=1,
        description="What to read; whoever is a lead is a customer only where `leads` is named",
    )
    properties: _Mapped = Field({}, description="Column of crm_customers, or one of your own → field of a contact")
    full_every_days: PositiveInt = Field(30, description="Days after which everything is read again, to find what was purged")

    _has_contacts = field_validator("objects")(_with_contacts)

    @model_validator(mode="after")
    def _has_credentials(self) -> SalesforceSource:
        if not self.access_token and not (self.client_id and self.client_secret):
            raise ValueError("needs an `access_token`, or `client_id` and `client_secret` of a connected app")
        return self
