"""Where audiences can be sent: one file a destination, one line in the registry.

Pure: knows no Dagster, reads no environment, opens no warehouse. Secrets and absolute paths come in as arguments.
"""

from typing import Any

from orchestration.destinations.base import Destination, DestinationError, RefusedError
from orchestration.destinations.braze import BrazeDestination
from orchestration.destinations.customerio import CustomerioDestination
from orchestration.destinations.files import FilesDestination
from orchestration.destinations.hubspot import HubspotDestination
from orchestration.destinations.klaviyo import KlaviyoDestination
from orchestration.destinations.mailchimp import MailchimpDestination
from orchestration.destinations.salesforce import SalesforceDestination
from orchestration.destinations.sql import SqlDestination
from orchestration.destinations.webhook import WebhookDestination

DESTINATIONS: dict[str, type[Destination]] = {
    "braze": BrazeDestination,
    "customerio": CustomerioDestination,
    "files": FilesDestination,
    "hubspot": HubspotDestination,
    "klaviyo": KlaviyoDestination,
    "mailchimp": MailchimpDestination,
    "salesforce": SalesforceDestination,
    "sql": SqlDestination,
    "webhook": WebhookDestination,
}


def make(kind: str, **options: Any) -> Destination:
    """The destination of the registered type `kind`; `options` are its constructor's. Raises DestinationError."""
    if kind not in DESTINATIONS:
        raise DestinationError(f"there is no destination of type {kind!r}; known are: {', '.join(sorted(DESTINATIONS))}")
    return DESTINATIONS[kind](**options)


__all__ = ["DESTINATIONS", "Destination", "DestinationError", "RefusedError", "make"]
