"""What happened with contacts of HubSpot as rows: engagements and e-mail events, tickets, answers to surveys.

Comes in: objects with the contacts they are associated with. Goes out: rows of crm_interactions, crm_tickets and survey_responses. Bodies
of e-mails and notes of calls are not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestration.sources.hubspot.associations import associated_ids
from orchestration.sources.hubspot.crm import Object
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import first_filled, from_milliseconds

# Kind of engagement → (channel, kind, property of its direction, words for inbound).
_ENGAGEMENTS = {
    "emails": ("email", "sent", "hs_email_direction", ("INCOMING_EMAIL",)),
    "calls": ("phone", "call", "hs_call_direction", ("INBOUND",)),
    "meetings": ("meeting", "meeting", None, ()),
}
# Kind of engagement → the property that says how it went, and what it says of one that did not take place. Of a meeting that is over
# hardly anybody says how it went, and one that was rescheduled has its new time.
_WENT = {
    "emails": ("hs_email_status", ("FAILED", "SCHEDULED", "SENDING")),
    "calls": (
        "hs_call_status",
        ("BUSY", "CALLING_CRM_USER", "CANCELED", "CONNECTING", "FAILED", "MISSED", "NO_ANSWER", "QUEUED", "RINGING"),
    ),
    "meetings": ("hs_meeting_outcome", ("CANCELED", "NO_SHOW")),
}
_EMAIL_EVENTS = {
    "SENT": "sent",
    "DELIVERED": "delivered",
    "OPEN": "opened",
    "CLICK": "clicked",
    "BOUNCE": "bounced",
    "SPAMREPORT": "complained",
    "STATUSCHANGE": "unsubscribed",
    "REPLY": "replied",
}
_OF_A_READER = ("OPEN", "CLICK")
# Lowest and highest answer, where the configuration says nothing else.
SCALES = {"nps": (0.0, 10.0), "csat": (1.0, 5.0), "ces": (1.0, 7.0)}
TICKET = (
    "createdate",
    "first_agent_reply_date",
    "closed_date",
    "hs_pipeline_stage",
    "hs_ticket_priority",
    "source_type",
    "hs_ticket_category",
    "subject",
    "content",
    "hs_lastmodifieddate",
)
FEEDBACK = (
    "hs_survey_type",
    "hs_value",
    "hs_content",
    "hs_submission_timestamp",
    "hs_survey_id",
    "hs_survey_channel",
    "hs_contact_email_rollup",
    "hs_lastmodifieddate",
)


def engagement_properties(kind: str) -> list[str]:
    """What to ask of a kind of engagement."""
    direction = _ENGAGEMENTS[kind][2]
    return ["hs_timestamp", "hs_createdate", "hs_lastmodifieddate", _WENT[kind][0], *([direction] if direction else [])]


def engagement(one: Object, kind: str) -> Iterator[Row]:
    """A row for each contact who took part in what took place."""
    channel, what, direction_in, inbound_words = _ENGAGEMENTS[kind]
    said, (went, did_not) = one["properties"], _WENT[kind]
    if said.get(went) in did_not:
        return
    told = said.get(direction_in) if direction_in else None
    inbound = told in inbound_words
    for place, contact in enumerate(associated_ids(one, "contacts")):
        yield {
            "interaction_id": f"{kind}:{one['id']}" + (f":{contact}" if place else ""),
            "customer_id": contact,
            "occurred_at": from_milliseconds(first_filled(said.get("hs_timestamp"), said.get("hs_createdate"), one.get("createdAt"))),
            "channel": channel,
            "kind": "replied" if inbound and kind == "emails" else what,
            "direction": None if told is None else "inbound" if inbound else "outbound",
        }


def email_event(one: Object, contact_of: Mapping[str, str]) -> Iterator[Row]:
    """An e-mail event of somebody who is a contact; a change of status is one only where it ends a subscription, and opens and clicks are
    where HubSpot counts them itself: not those of colleagues and bots that the account filters out.
    """
    if one.get("filteredEvent") and one.get("type") in _OF_A_READER:
        return
    kind, contact = _EMAIL_EVENTS.get(one.get("type", "")), contact_of.get(str(one.get("recipient", "")).lower())
    statuses = [one.get("portalSubscriptionStatus"), *(sub.get("status") for sub in one.get("subscriptions") or [])]
    if contact and kind and (kind != "unsubscribed" or "UNSUBSCRIBED" in statuses):
        yield {
            "interaction_id": f"email_event:{one['id']}",
            "customer_id": contact,
            "occurred_at": from_milliseconds(one.get("created")),
            "channel": "email",
            "kind": kind,
            "direction": "outbound" if kind in ("sent", "delivered") else "inbound",
            "campaign_id": one.get("emailCampaignId"),
        }


def ticket(one: Object) -> Iterator[Row]:
    """A ticket of its first contact."""
    said = one["properties"]
    yield {
        "ticket_id": one["id"],
        "customer_id": associated_ids(one, "contacts")[0],
        "opened_at": from_milliseconds(first_filled(said.get("createdate"), one.get("createdAt"))),
        "first_replied_at": from_milliseconds(said.get("first_agent_reply_date")),
        "solved_at": from_milliseconds(said.get("closed_date")),
        "status": said.get("hs_pipeline_stage"),
        "priority": said.get("hs_ticket_priority"),
        "channel": said.get("source_type"),
        "topic": said.get("hs_ticket_category"),
        "text": "\n".join(filter(None, (said.get("subject"), said.get("content")))) or None,
    }


def feedback(one: Object, scales: Mapping[str, tuple[float, float]]) -> Iterator[Row]:
    """An answer that has a score; whose it is, its contact says, else its e-mail address."""
    said, contacts = one["properties"], associated_ids(one, "contacts")
    metric = str(said.get("hs_survey_type") or "").lower()
    email = said.get("hs_contact_email_rollup")
    if metric in scales and said.get("hs_value") not in (None, ""):
        yield {
            "response_id": one["id"],
            "customer_id": contacts[0] if contacts else None,
            "email": email,
            "survey_id": said.get("hs_survey_id"),
            "metric": metric,
            "score": said.get("hs_value"),
            "scale_min": scales[metric][0],
            "scale_max": scales[metric][1],
            "responded_at": from_milliseconds(first_filled(said.get("hs_submission_timestamp"), one.get("createdAt"))),
            "channel": said.get("hs_survey_channel"),
            "comment": said.get("hs_content"),
        }
