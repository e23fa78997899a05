"""Acme's contacts in HubSpot, and what happened with them. Pure.

Comes in: rows of the input tables. Goes out: an account, and the rows that HubSpot cannot hold. An address belongs to one contact there; a
record that was merged is gone; chats, visits and use, consent to anything but e-mail, and whatever is of a contact without an address are
known to Acme's own systems only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from examples.fakes.hubspot import HubspotAccount, iso

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]

_EVENTS = {
    "sent": "SENT",
    "delivered": "DELIVERED",
    "opened": "OPEN",
    "clicked": "CLICK",
    "bounced": "BOUNCE",
    "complained": "SPAMREPORT",
    "unsubscribed": "STATUSCHANGE",
}
_CUSTOM = ("birth_year", "gender", "income_band", "company_size")  # properties that Acme made for itself
_ENGAGEMENTS = {("phone", "call"): "calls", ("meeting", "visit"): "meetings", ("meeting", "meeting"): "meetings"}


class Crm:
    """`account` fills while `rest` is asked for, table by table, crm_customers first."""

    def __init__(self) -> None:
        self.account = HubspotAccount()
        self.account.largest_page, self.account.most_results = 1000, 10_000
        self.account.owners, self.account.types = [], dict.fromkeys(_CUSTOM, "string")
        self._living: set[str] = set()
        self._address_of: dict[str, str] = {}
        self._companies: dict[tuple[str, ...], str] = {}

    def rest(self, table: str, rows: list[Row]) -> list[Row]:
        """The rows that HubSpot does not hold."""
        if table == "crm_customers":
            self._contacts(rows)
            return rows  # everybody who ever signed in is known to Acme's own system, too
        takes = {"crm_consents": self._consents, "crm_interactions": self._interactions, "crm_tickets": self._tickets}
        return takes[table](rows) if table in takes else rows

    def _contacts(self, rows: list[Row]) -> None:
        merged = {row["customer_id"]: row["merged_into_customer_id"] for row in rows if row["merged_into_customer_id"]}
        taken: set[str] = set()
        for row in rows:
            if row["customer_id"] in merged:
                continue
            email = (row["email"] or "").lower()
            self._contact(row, {} if email in taken else {"email": email})
            if not row["deleted_at"]:
                self._living.add(row["customer_id"])
                self._address_of |= {} if email in taken else {row["customer_id"]: email}
            taken.add(email)
        for gone, into in merged.items():
            self._at(max(row["updated_at"] for row in rows if row["customer_id"] == into))
            self.account.put("contacts", id_of(into), hs_merged_object_ids=id_of(gone))

    def _contact(self, row: Row, address: Row) -> None:
        first, _, last = row["full_name"].partition(" ")
        told = {"firstname": first, "lastname": last, "phone": row["phone"], "country": row["country"], "state": row["region"]}
        told |= {"hs_analytics_source": row["acquisition_channel"], "createdate": _iso(row["created_at"]), **address}
        told |= {name: str(row[name]) for name in _CUSTOM if row[name] is not None and (name != "company_size" or not row["company_name"])}
        told |= {"hubspot_owner_id": self._owner(row["owner"])} if row["owner"] else {}
        company = self._company(row)
        told |= {"associatedcompanyid": company[0]} if company else {}
        self._at(row["updated_at"])
        self.account.put("contacts", id_of(row["customer_id"]), links={"companies": company}, **told)
        if row["deleted_at"]:
            self._at(row["deleted_at"])
            self.account.archive("contacts", id_of(row["customer_id"]))

    def _owner(self, name: str) -> str:
        known = {owner["firstName"]: owner["id"] for owner in self.account.owners}
        if name not in known:
            self.account.owners.append({"id": str(len(known) + 1), "firstName": name, "lastName": "", "email": f"{name}@acme.example"})
        return str({owner["firstName"]: owner["id"] for owner in self.account.owners}[name])

    def _company(self, row: Row) -> list[str]:
        if not row["company_name"]:
            return []
        said = (row["company_name"], row["industry"], row["company_size"])
        if said not in self._companies:
            self._companies[said] = str(len(self._companies) + 1)
            told = dict(zip(("name", "industry", "numberofemployees"), said, strict=True))
            self.account.put("companies", self._companies[said], **told)
        return [self._companies[said]]

    def _consents(self, rows: list[Row]) -> list[Row]:
        """HubSpot knows how a contact stands now; what was granted before it was taken back, the form remembers that it was granted on."""
        told = [
            row for row in rows if (row["channel"], row["purpose"]) == ("email", "marketing") and row["customer_id"] in self._address_of
        ]
        newest = {row["customer_id"]: row for row in sorted(told, key=lambda row: row["recorded_at"])}
        for customer, row in newest.items():
            is_granted, at = row["status"] == "granted", _iso(row["recorded_at"])
            status = {"status": "SUBSCRIBED" if is_granted else "UNSUBSCRIBED", "timestamp": at}
            self.account.statuses[self._address_of[customer]] = [status]
            if not is_granted:
                self.account.objects["contacts"][id_of(customer)]["properties"]["hs_email_optout"] = "true"
                self.account.history[id_of(customer), "hs_email_optout"] = at
        return [row for row in rows if newest.get(row["customer_id"]) is not row]

    def _interactions(self, rows: list[Row]) -> list[Row]:
        rest = []
        for row in rows:
            kind = _ENGAGEMENTS.get((row["channel"], row["kind"]))
            if row["channel"] == "email" and row["customer_id"] in self._address_of:
                self.account.events.append(self._event(row))
            elif kind and not row["campaign_id"] and row["customer_id"] in self._living:
                self._engagement(kind, row)
            else:
                rest.append(row)
        return rest

    def _event(self, row: Row) -> Row:
        told = {"id": row["interaction_id"], "created": _milliseconds(row["occurred_at"]), "type": _EVENTS[row["kind"]]}
        ended = {"portalSubscriptionStatus": "UNSUBSCRIBED"} if row["kind"] == "unsubscribed" else {}
        return {**told, **ended, "recipient": self._address_of[row["customer_id"]], "emailCampaignId": row["campaign_id"]}

    def _engagement(self, kind: str, row: Row) -> None:
        direction = {"hs_call_direction": row["direction"].upper()} if kind == "calls" else {}
        self._put(kind, row["interaction_id"], row["customer_id"], row["occurred_at"], hs_timestamp=_iso(row["occurred_at"]), **direction)

    def _tickets(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            if row["customer_id"] in self._living:
                times = {"createdate": row["opened_at"], "first_agent_reply_date": row["first_replied_at"], "closed_date": row["solved_at"]}
                told = {name: _iso(at) for name, at in times.items() if at}
                told |= {"hs_pipeline_stage": row["status"], "hs_ticket_priority": row["priority"], "source_type": row["channel"]}
                told |= {"hs_ticket_category": row["topic"], **({"content": row["text"]} if row["text"] else {})}
                self._put("tickets", row["ticket_id"], row["customer_id"], row["solved_at"] or row["opened_at"], **told)
        return [row for row in rows if row["customer_id"] not in self._living]

    def _put(self, kind: str, identifier: str, customer: str, changed_at: datetime, **told: str) -> None:
        self._at(changed_at)
        self.account.put(kind, id_of(identifier), links={"contacts": [id_of(customer)]}, **told)

    def _at(self, time: datetime) -> None:
        self.account.clock = _milliseconds(time)


def id_of(identifier: str) -> str:
    """HubSpot's id of what Acme calls `identifier`: its ids are numbers."""
    return str(1000 + int("".join(filter(str.isdigit, identifier))))


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _iso(time: datetime) -> str:
    return iso(_milliseconds(time))
