"""Records of Salesforce as rows.

Comes in: records. Goes out: rows of crm_customers, crm_consents, crm_interactions, crm_campaigns and crm_tickets. A contact that was merged
into another is a deleted record that names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below, first_filled

Object = Mapping[str, Any]

_ALL = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted")
# Column → field of a contact, where the configuration says nothing else.
MAPPED = {"email": "Email", "phone": "Phone", "country": "MailingCountry", "region": "MailingState", "acquisition_channel": "LeadSource"}
_ACCOUNT = ("Account.Name", "Account.Industry", "Account.NumberOfEmployees")
CONTACT = (*_ALL, "MasterRecordId", "Name", "MobilePhone", "Owner.Name", *_ACCOUNT, "HasOptedOutOfEmail", "DoNotCall")
# A lead has in fields of its own what a contact has from its account.
LEAD_MAPPED = {"email": "Email", "phone": "Phone", "country": "Country", "region": "State", "acquisition_channel": "LeadSource"}
_OF_COMPANY = ("Company", "Industry", "NumberOfEmployees")
LEAD = (
    *(*_ALL, "MasterRecordId", "ConvertedContactId", "Name", "MobilePhone", "Owner.Name", "HasOptedOutOfEmail", "DoNotCall"),
    *(*_OF_COMPANY, *LEAD_MAPPED.values()),
)
TASK = (*_ALL, "WhoId", "ActivityDate", "TaskSubtype")
EVENT = (*_ALL, "WhoId", "StartDateTime", "IsChild")
CASE = (*_ALL, "ContactId", "ClosedDate", "Status", "Priority", "Origin", "Type", "Subject", "Description")
MEMBER = (*_ALL, "CampaignId", "ContactId", "LeadId", "Campaign.Type", "HasResponded", "FirstRespondedDate")
RESPONDED = ":responded"  # behind the id of a member, in that of their response
CAMPAIGN = (*_ALL, "Name", "Type", "StartDate", "EndDate")
_OPT_OUTS = {"HasOptedOutOfEmail": "email", "DoNotCall": "phone"}
_TASKS = {"Email": ("email", "sent"), "Call": ("phone", "call")}
# Kind of a campaign as Salesforce offers it → the channel it reaches people on.
_CAMPAIGNS = {
    "email": "email",
    "telemarketing": "phone",
    "conference": "in_person",
    "trade show": "in_person",
    "seminar / conference": "in_person",
    "seminar": "in_person",
    "event": "in_person",
    "webinar": "web",
    "advertisement": "web",
    "banner ads": "web",
    "web": "web",
    "social media": "social",
}
CONTACTS, LEADS = "003", "00Q"  # what their ids begin with: an activity may be with either


def contact(one: Object, mapped: Mapping[str, str]) -> Row:
    """A contact; deleted when it was changed last."""
    account, owner = one.get("Account") or {}, one.get("Owner") or {}
    row = {
        "customer_id": one["Id"],
        "created_at": one.get("CreatedDate"),
        "updated_at": one.get("SystemModstamp"),
        "deleted_at": one.get("SystemModstamp") if one.get("IsDeleted") and not one.get("MasterRecordId") else None,
        "full_name": one.get("Name"),
        "company_name": account.get("Name"),
        "industry": account.get("Industry"),
        "company_size": account.get("NumberOfEmployees"),
        "owner": owner.get("Name"),
        "merged_into_customer_id": one.get("MasterRecordId"),
    }
    for column, field in mapped.items():
        value = below(one, *field.split(".")) if "." in field else one.get(field)
        if value is not None or column not in row:
            row[column] = value
    row["phone"] = row.get("phone") or one.get("MobilePhone") or None
    return row


def lead(one: Object) -> Row:
    """A lead; one that was converted is the contact that it became."""
    name, industry, size = (one.get(field) for field in _OF_COMPANY)
    became = first_filled(one.get("MasterRecordId"), one.get("ConvertedContactId"))
    as_contact = {**one, "MasterRecordId": became, "Account": {"Name": name, "Industry": industry, "NumberOfEmployees": size}}
    return contact(as_contact, LEAD_MAPPED)


def opt_outs(one: Object) -> Iterator[Row]:
    """What a contact has opted out of, as of the last change; that nothing is set is no consent."""
    for field, channel in _OPT_OUTS.items():
        if one.get(field) and not one.get("IsDeleted"):
            statement = {"channel": channel, "purpose": "marketing", "status": "withdrawn", "origin": f"salesforce: {field}"}
            yield {**statement, "customer_id": one["Id"], "recorded_at": one.get("SystemModstamp")}


def task(people: tuple[str, ...], one: Object) -> Iterator[Row]:
    """An e-mail or a call with somebody whose id begins like one of `people`; other tasks are the company's own."""
    known = _TASKS.get(str(one.get("TaskSubtype")))
    if known and _is_with(people, one):
        at = first_filled(one.get("ActivityDate"), one.get("CreatedDate"))
        yield {"interaction_id": one["Id"], "customer_id": one["WhoId"], "occurred_at": at, "channel": known[0], "kind": known[1]}


def event(people: tuple[str, ...], one: Object) -> Iterator[Row]:
    """A meeting; each colleague who is invited has a copy of it, which is none."""
    if _is_with(people, one) and not one.get("IsChild"):
        at = first_filled(one.get("StartDateTime"), one.get("CreatedDate"))
        yield {"interaction_id": one["Id"], "customer_id": one["WhoId"], "occurred_at": at, "channel": "meeting", "kind": "meeting"}


def member(people: tuple[str, ...], one: Object) -> Iterator[Row]:
    """Somebody in a campaign: that they were asked, and that they responded. Of a campaign of a kind that names no channel, nothing."""
    channel = _CAMPAIGNS.get(str(below(one, "Campaign", "Type")).lower())
    who = first_filled(one.get("ContactId"), one.get("LeadId") if LEADS in people else None)
    if channel is None or one.get("IsDeleted") or who is None:
        return
    shared = {"customer_id": who, "channel": channel, "campaign_id": one["CampaignId"]}
    yield {**shared, "interaction_id": one["Id"], "occurred_at": one.get("CreatedDate"), "kind": "sent", "direction": "outbound"}
    if one.get("HasResponded"):
        at = first_filled(one.get("FirstRespondedDate"), one.get("CreatedDate"))
        yield {**shared, "interaction_id": f"{one['Id']}{RESPONDED}", "occurred_at": at, "kind": "replied", "direction": "inbound"}


def case(one: Object) -> Iterator[Row]:
    """A case of a contact."""
    if not one.get("IsDeleted") and one.get("ContactId"):
        yield {
            "ticket_id": one["Id"],
            "customer_id": one["ContactId"],
            "opened_at": one.get("CreatedDate"),
            "solved_at": one.get("ClosedDate"),
            "status": one.get("Status"),
            "priority": one.get("Priority"),
            "channel": one.get("Origin"),
            "topic": one.get("Type"),
            "text": "\n".join(filter(None, (one.get("Subject"), one.get("Description")))) or None,
        }


def campaign(one: Object) -> Iterator[Row]:
    """A campaign; what it cost has no currency in most organisations, and is not told."""
    if not one.get("IsDeleted"):
        times = {"started_at": one.get("StartDate"), "ended_at": one.get("EndDate")}
        yield {"campaign_id": one["Id"], "name": one.get("Name"), "channel": one.get("Type"), **times}


def _is_with(people: tuple[str, ...], one: Object) -> bool:
    return not one.get("IsDeleted") and str(one.get("WhoId") or "").startswith(people)
