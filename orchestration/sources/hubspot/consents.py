"""Consent to e-mail in HubSpot as rows of crm_consents.

Comes in: contacts with the history of `hs_email_optout`, and subscription statuses. Goes out: rows. An opt-out from everything is a
withdrawal when it was made; that it is not set is no consent. Somebody who subscribes to anything has granted, somebody who has left all
they were in has withdrawn. Consent is only read; nothing here could change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestration.sources.hubspot.contacts import changed_at
from orchestration.sources.hubspot.crm import Object
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import from_milliseconds

OPT_OUT = "hs_email_optout"


def opt_outs(contact: Object) -> Iterator[Row]:
    """The times at which a contact opted out of all e-mail, or the one now known where no history is told."""
    history = (contact.get("propertiesWithHistory") or {}).get(OPT_OUT)
    if history is None:
        history = [{"value": contact["properties"].get(OPT_OUT), "timestamp": changed_at(contact)}]
    for entry in history:
        if str(entry.get("value")).lower() == "true":
            yield _statement(contact["id"], "withdrawn", entry.get("timestamp"), "hubspot: opted out")


def subscribed(id_of: Mapping[str, str], told: Object) -> Iterator[Row]:
    """What is told of one address; `id_of`: address → contact."""
    contact = id_of.get(str(told.get("subscriberIdString")).lower())
    return subscriptions(contact, told.get("statuses") or []) if contact else iter(())


def subscriptions(contact_id: str, statuses: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    """What the subscriptions of one contact say together."""
    for status, words in (("SUBSCRIBED", "granted"), ("UNSUBSCRIBED", "withdrawn")):
        times = [str(one["timestamp"]) for one in statuses if one.get("status") == status and one.get("timestamp")]
        if times:
            yield _statement(contact_id, words, max(times), "hubspot: subscriptions")
            return


def _statement(contact_id: str, status: str, timestamp: Any, origin: str) -> Row:
    return {
        "customer_id": contact_id,
        "channel": "email",
        "purpose": "marketing",
        "status": status,
        "recorded_at": from_milliseconds(timestamp),
        "origin": origin,
    }
