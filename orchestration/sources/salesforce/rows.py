"""Records of Salesforce as rows.

Comes in: records as columns of text. Goes out: rows of crm_customers, crm_consents, crm_interactions, crm_campaigns and crm_tickets, as
columns, too: fifty thousand contacts are mapped in the time that it takes to make objects of a few hundred. A contact that was merged into
another is a deleted record that names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

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
TASK = (*_ALL, "WhoId", "ActivityDate", "TaskSubtype", "IsClosed", "IsRecurrence")
EVENT = (*_ALL, "WhoId", "StartDateTime", "IsChild", "IsRecurrence", "GroupEventType")
CASE = (*_ALL, "ContactId", "ClosedDate", "Status", "Priority", "Origin", "Type", "Subject", "Description")
MEMBER = (*_ALL, "CampaignId", "ContactId", "LeadId", "Campaign.Type", "HasResponded", "FirstRespondedDate")
_SERIES = "3"  # what Lightning Experience says of the pattern of a series; Classic has a truth for it
RESPONDED = ":responded"  # behind the id of a member, in that of their response
CAMPAIGN = (*_ALL, "Name", "Type", "StartDate", "EndDate")
_OPT_OUTS = {"HasOptedOutOfEmail": "email", "DoNotCall": "phone"}
# Kind of a task → its channel, and what it is there.
_TASK_CHANNELS = {"Email": "email", "Call": "phone"}
_TASKS = {"Email": "sent", "Call": "call"}
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
_NOTHING = pa.scalar(None, pa.string())
CONTACTS, LEADS = "003", "00Q"  # what their ids begin with: an activity may be with either


def contact(mapped: Mapping[str, str], records: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Contacts; a deleted one was deleted when it was changed last."""
    yield _people(records, mapped, records["MasterRecordId"], _ACCOUNT)


def lead(records: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Leads; one that was converted is the contact that it became."""
    yield _people(records, LEAD_MAPPED, pc.coalesce(records["MasterRecordId"], records["ConvertedContactId"]), _OF_COMPANY)


def _people(records: pa.RecordBatch, mapped: Mapping[str, str], became: pa.Array, company: tuple[str, str, str]) -> pa.RecordBatch:
    is_gone = pc.and_(_is(records, "IsDeleted"), pc.is_null(became))
    name, industry, size = company
    told = {
        "customer_id": records["Id"],
        "created_at": records["CreatedDate"],
        "updated_at": records["SystemModstamp"],
        "deleted_at": pc.if_else(is_gone, records["SystemModstamp"], _NOTHING),
        "full_name": records["Name"],
        "company_name": records[name],
        "industry": records[industry],
        "company_size": records[size],
        "owner": records["Owner.Name"],
        "merged_into_customer_id": became,
    }
    for column, field in mapped.items():
        told[column] = pc.coalesce(records[field], told[column]) if column in told else records[field]
    told["phone"] = pc.coalesce(told["phone"], records["MobilePhone"])
    return pa.record_batch(told)


def opt_outs(records: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """What a contact has opted out of, as of the last change; that nothing is set is no consent."""
    for field, channel in _OPT_OUTS.items():
        said = records.filter(pc.and_(_is(records, field), _is_there(records)))
        always = {"channel": channel, "purpose": "marketing", "status": "withdrawn", "origin": f"salesforce: {field}"}
        yield _rows(said, {"customer_id": said["Id"], "recorded_at": said["SystemModstamp"]}, always)


def task(people: tuple[str, ...], records: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """An e-mail or a call with somebody whose id begins like one of `people`; other tasks are the company's own, one that is open is still
    to be done, and the pattern of a series has a record for each that came of it.
    """
    is_known = pc.is_in(records["TaskSubtype"], pa.array(_TASKS))
    is_none = pc.or_(_is(records, "IsClosed", "false"), _is(records, "IsRecurrence"))
    some = records.filter(pc.and_(pc.and_not(is_known, is_none), _is_with(people, records)))
    kinds = {"channel": _looked_up(some["TaskSubtype"], _TASK_CHANNELS), "kind": _looked_up(some["TaskSubtype"], _TASKS)}
    yield _rows(some, {**_activity(some, "ActivityDate"), **kinds})


def event(people: tuple[str, ...], records: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A meeting; each colleague who is invited has a copy of it, which is none, and neither is the pattern of a series: each of its
    meetings is a record of its own.
    """
    is_pattern = pc.or_(_is(records, "IsRecurrence"), _is(records, "GroupEventType", _SERIES))
    some = records.filter(pc.and_not(_is_with(people, records), pc.or_(_is(records, "IsChild"), is_pattern)))
    yield _rows(some, _activity(some, "StartDateTime"), {"channel": "meeting", "kind": "meeting"})


def member(people: tuple[str, ...], records: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Somebody in a campaign: that they were asked, and that they responded. Of a campaign of a kind that names no channel, nothing."""
    channel = _looked_up(pc.utf8_lower(records["Campaign.Type"]), _CAMPAIGNS)
    who = pc.coalesce(records["ContactId"], records["LeadId"]) if LEADS in people else records["ContactId"]
    shared = {"customer_id": who, "channel": channel, "campaign_id": records["CampaignId"], "interaction_id": records["Id"]}
    asked = _rows(records, {**shared, "occurred_at": records["CreatedDate"]}, {"kind": "sent", "direction": "outbound"})
    replied = {
        **shared,
        "interaction_id": pc.binary_join_element_wise(records["Id"], RESPONDED, ""),
        "occurred_at": pc.coalesce(records["FirstRespondedDate"], records["CreatedDate"]),
    }
    answered = _rows(records, replied, {"kind": "replied", "direction": "inbound"})
    is_wanted = pc.and_(pc.and_(pc.is_valid(channel), pc.is_valid(who)), _is_there(records))
    yield asked.filter(is_wanted)
    yield answered.filter(pc.and_(is_wanted, _is(records, "HasResponded")))


def case(records: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A case of a contact."""
    some = records.filter(pc.and_(_is_there(records), pc.is_valid(records["ContactId"])))
    both = pc.binary_join_element_wise(some["Subject"], some["Description"], "\n")  # nothing where one is missing
    told = {
        "ticket_id": some["Id"],
        "customer_id": some["ContactId"],
        "opened_at": some["CreatedDate"],
        "solved_at": some["ClosedDate"],
        "status": some["Status"],
        "priority": some["Priority"],
        "channel": some["Origin"],
        "topic": some["Type"],
        "text": pc.coalesce(both, some["Subject"], some["Description"]),
    }
    yield _rows(some, told)


def campaign(records: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A campaign; what it cost has no currency in most organisations, and is not told."""
    some = records.filter(_is_there(records))
    told = {"campaign_id": some["Id"], "name": some["Name"], "channel": some["Type"]}
    yield _rows(some, {**told, "started_at": some["StartDate"], "ended_at": some["EndDate"]})


def ids_of(records: pa.RecordBatch, *, deleted: bool = False) -> list[str]:
    """The ids of the records, or of those of them that are deleted."""
    some = records.filter(_is(records, "IsDeleted")) if deleted else records
    found: list[str] = some["Id"].to_pylist()
    return found


def _rows(records: pa.RecordBatch, told: Mapping[str, pa.Array], always: Mapping[str, str] | None = None) -> pa.RecordBatch:
    """As many rows as there are records, with columns of which some always say the same."""
    return pa.record_batch({**told, **{column: pa.repeat(value, records.num_rows) for column, value in (always or {}).items()}})


def _activity(records: pa.RecordBatch, at: str) -> dict[str, pa.Array]:
    occurred_at = pc.coalesce(records[at], records["CreatedDate"])
    return {"interaction_id": records["Id"], "customer_id": records["WhoId"], "occurred_at": occurred_at}


def _is(records: pa.RecordBatch, field: str, value: str = "true") -> pa.Array:
    return pc.fill_null(pc.equal(records[field], value), False)


def _is_there(records: pa.RecordBatch) -> pa.Array:
    return pc.invert(_is(records, "IsDeleted"))


def _is_with(people: tuple[str, ...], records: pa.RecordBatch) -> pa.Array:
    begins = reduce(pc.or_, (pc.starts_with(records["WhoId"], one) for one in people))
    return pc.and_(pc.fill_null(begins, False), _is_there(records))


def _looked_up(values: pa.Array, known: Mapping[str, str]) -> pa.Array:
    """What is known of each value; nothing of any other."""
    return pa.array(known.values()).take(pc.index_in(values, pa.array(known)))
