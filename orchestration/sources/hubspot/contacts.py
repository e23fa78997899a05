"""Contacts of HubSpot as rows of crm_customers.

Comes in: contacts, companies, owners. Goes out: rows. A contact that others were merged into tells so for them: HubSpot no longer has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.sources.hubspot.associations import associated_ids
from orchestration.sources.hubspot.crm import Object
from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import first_filled, from_milliseconds

STAMP = "lastmodifieddate"
# Column → property of a contact, where the configuration says nothing else.
MAPPED = {
    "email": "email",
    "phone": "phone",
    "country": "country",
    "region": "state",
    "acquisition_channel": "hs_analytics_source",
}
_NEEDED = (
    "createdate",
    STAMP,
    "firstname",
    "lastname",
    "company",
    "mobilephone",
    "hubspot_owner_id",
    "associatedcompanyid",
    "hs_merged_object_ids",
    "hs_calculated_merged_vids",
    "hs_email_optout",
)
COMPANY = ("name", "industry", "numberofemployees")


def properties(mapped: Mapping[str, str]) -> list[str]:
    """What to ask of contacts: nothing that no column needs."""
    return list(dict.fromkeys((*_NEEDED, *mapped.values())))


def rows(one: Object, mapped: Mapping[str, str], companies: Mapping[str, Object], owners: Mapping[str, str]) -> Iterator[Row]:
    """The row of a contact, and one for each that was merged into it."""
    said = one["properties"]
    own = _contact(one, mapped, companies, owners)
    yield own
    for merged in _merged(one):
        shared = {name: own[name] for name in ("created_at", "updated_at")}
        yield {**shared, "customer_id": merged, "merged_into_customer_id": said.get("hs_object_id") or one["id"]}


def changed_at(one: Object) -> str | None:
    """When an object changed last, as HubSpot writes it."""
    stamp = first_filled(one["properties"].get(STAMP), one["properties"].get("hs_lastmodifieddate"), one.get("updatedAt"))
    return None if stamp is None else str(stamp)


def owner_name(owner: Object) -> str:
    """What people call an owner."""
    full = " ".join(filter(None, (owner.get("firstName"), owner.get("lastName"))))
    return full or owner.get("email") or owner["id"]


def _contact(one: Object, mapped: Mapping[str, str], companies: Mapping[str, Object], owners: Mapping[str, str]) -> dict[str, Any]:
    said, stamp = one["properties"], changed_at(one)
    company, owner = _company(one, companies), said.get("hubspot_owner_id")
    changed, archived = from_milliseconds(stamp) or None, None
    if one.get("archived"):  # since when is not always told
        archived = from_milliseconds(first_filled(one.get("archivedAt"), stamp, one.get("createdAt")))
    row: dict[str, Any] = {
        "customer_id": one["id"],
        "created_at": from_milliseconds(first_filled(said.get("createdate"), one.get("createdAt"))),
        # Not when it was archived: one that was merged may be listed as archived, and the one that tells of the merge changed later.
        "updated_at": changed or archived,
        "deleted_at": archived,
        "full_name": " ".join(filter(None, (said.get("firstname"), said.get("lastname")))) or None,
        "company_name": first_filled(company.get("name"), said.get("company")),
        "industry": company.get("industry"),
        "company_size": company.get("numberofemployees"),
        "owner": owners.get(str(owner), owner) if owner else None,
    }
    for column, name in mapped.items():
        value = said.get(name)
        if (value is not None and value != "") or column not in row:
            row[column] = value
    row["birth_year"] = _year(row.get("birth_year"))
    row["phone"] = first_filled(row.get("phone"), said.get("mobilephone"))
    return row


def _year(value: Any) -> Any:
    """The year of what may be a date: HubSpot has birthdays, the contract only the year."""
    return value[:4] if isinstance(value, str) and re.match(r"\d{4}-\d", value) else value


def _company(one: Object, companies: Mapping[str, Object]) -> Object:
    if not companies:
        return {}
    ids = [one["properties"].get("associatedcompanyid"), *associated_ids(one, "companies")]
    found: Object = next((companies[str(company)]["properties"] for company in ids if company and str(company) in companies), {})
    return found


def _merged(one: Object) -> list[str]:
    """`1;2`, or in the older property `1:<time>;2:<time>`."""
    said = one["properties"]
    told = [said.get("hs_merged_object_ids"), said.get("hs_calculated_merged_vids")]
    if not any(told):
        return []
    listed = ";".join(filter(None, told))
    ids = (piece.split(":")[0].strip() for piece in listed.split(";"))
    return [merged for merged in dict.fromkeys(ids) if merged and merged != one["id"]]
