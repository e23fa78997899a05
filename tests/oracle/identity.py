"""Who is who: records of CRMs and billing systems that stand for one customer.

Records are joined by what a CRM says of a merge, by the CRM id that billing names, by e-mail and phone once normalised (not those of a
shared mailbox), and by company where the company is the customer. A person known only to billing is a customer too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from facts import Facts
from sources import bare

Record = tuple[str, str]
CALLING_CODES = {"DE": ("49", "0"), "US": ("1", "1")}  # country → its code, and the prefix that is dialled only inside it


class Joined:
    """Sets of records, grown by joining two at a time."""

    def __init__(self) -> None:
        self._parent: dict[Record, Record] = {}

    def top(self, record: Record) -> Record:
        self._parent.setdefault(record, record)
        while self._parent[record] != record:
            record = self._parent[record]
        return record

    def join(self, one: Record, other: Record) -> None:
        self._parent[self.top(one)] = self.top(other)


def customers(facts: Facts) -> dict[Record, Record]:
    """(`crm` or `billing`, id of the record) → one of the records of its customer, the same for all of them."""
    crm, billing = (facts.rows(table) for table in ("crm_customers", "billing_customers"))
    joined, contacts = Joined(), list[tuple[Record, tuple[str, str]]]()
    records = [("crm", row["customer_id"]) for row in crm] + [("billing", row["billing_customer_id"]) for row in billing]
    for record, row in zip(records, crm + billing, strict=True):
        joined.top(record)
        contacts += [(record, contact) for contact in _contacts(row)]
    for row in crm:
        if row["merged_into_customer_id"]:
            joined.join(("crm", row["customer_id"]), ("crm", row["merged_into_customer_id"]))
        if facts.customer_level == "company" and _plain(row["company_name"]):
            joined.join(("crm", row["customer_id"]), ("company", _plain(row["company_name"])))
    holders = of_bare_ids(row["customer_id"] for row in crm)
    for row in billing:
        if row["customer_id"]:
            joined.join(("billing", row["billing_customer_id"]), ("crm", row["customer_id"]))
            # A billing system may name the customer of a CRM elsewhere, as long as only one CRM has the id.
            others = holders.get(bare(row["customer_id"]), [])
            if len(others) == 1:
                joined.join(("billing", row["billing_customer_id"]), ("crm", others[0]))
    used_by = Counter(contact for _, contact in contacts)
    for record, contact in contacts:
        if used_by[contact] <= facts.max_shared_contact_records:
            joined.join(record, contact)
    tops = {record: joined.top(record) for record in records}
    named: dict[Record, Record] = {}
    for record in sorted(records):
        named.setdefault(tops[record], record)
    return {record: named[top] for record, top in tops.items()}


def of_bare_ids(identities: Iterable[str]) -> dict[str, list[str]]:
    """Id as a source wrote it → the records that have it, one in every source that does."""
    found: dict[str, list[str]] = {}
    for identity in identities:
        found.setdefault(bare(identity), []).append(identity)
    return found


def _contacts(row: dict[str, str | None]) -> Iterable[tuple[str, str]]:
    email, phone = _email(_plain(row.get("email"))), _phone((row.get("phone") or "").strip(), row.get("country"))
    if email:
        yield ("email", email)
    if phone:
        yield ("phone", phone)


def _email(address: str) -> str | None:
    """Without `+tag`; Gmail's dots mean nothing."""
    if address.count("@") != 1:
        return None
    person, domain = address.split("@")
    person = person.split("+")[0]
    if domain in ("gmail.com", "googlemail.com"):
        person, domain = person.replace(".", ""), "gmail.com"
    return f"{person}@{domain}" if person and domain else None


def _phone(phone: str, country: str | None) -> str | None:
    """As dialled from abroad where that can be told."""
    digits = re.sub(r"\D", "", phone)
    abroad = digits if phone.startswith("+") else digits[2:] if digits.startswith("00") else None
    if len(abroad or digits) < 7:
        return None
    if abroad or country is None:
        return f"+{abroad}" if abroad else digits
    code, trunk = CALLING_CODES[country]
    inland = digits.removeprefix(trunk)
    return None if code == "1" and len(inland) != 10 else f"+{code}{inland}"


def _plain(text: str | None) -> str:
    return (text or "").strip().lower()
