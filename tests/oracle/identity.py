"""Who is who: records of CRMs and billing systems that stand for one customer.

Records are joined by what a CRM says of a merge, by the CRM id that billing names, by e-mail and phone once normalised (not those of a
shared mailbox), and by company where the company is the customer. A person known only to billing is a customer too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from facts import Facts

Record = tuple[str, str]


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
    for row in billing:
        if row["customer_id"]:
            joined.join(("billing", row["billing_customer_id"]), ("crm", row["customer_id"]))
    used_by = Counter(contact for _, contact in contacts)
    for record, contact in contacts:
        if used_by[contact] <= facts.max_shared_contact_records:
            joined.join(record, contact)
    tops = {record: joined.top(record) for record in records}
    named: dict[Record, Record] = {}
    for record in sorted(records):
        named.setdefault(tops[record], record)
    return {record: named[top] for record, top in tops.items()}


def _contacts(row: dict[str, str | None]) -> Iterable[tuple[str, str]]:
    email, phone = _plain(row.get("email")), re.sub(r"\D", "", row.get("phone") or "").removeprefix("00")
    if email:
        yield ("email", email)
    if len(phone) >= 7:
        yield ("phone", phone)


def _plain(text: str | None) -> str:
    return (text or "").strip().lower()
