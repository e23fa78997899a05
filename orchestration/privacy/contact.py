"""Who is meant by the name of a contact, where customers are companies: one person's records of a CRM, and nothing of the company.

Comes in: the home, the CRM's id of a record or an e-mail address. Goes out: a Subject. Raises UnknownPersonError.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import duckdb

from orchestration import landing
from orchestration.contract import CONTACT_KINDS
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.landing.spelling import email_key
from orchestration.landing.written import parquet
from orchestration.plain_words import counted
from orchestration.privacy.identifiers import Record, spelled
from orchestration.privacy.known import Known
from orchestration.privacy.subject import Subject, Together, UnknownPersonError, completed
from orchestration.privacy.whom import told


def find(home: Home, wanted: str) -> Subject:
    """The contact whom a CRM knows by the id `wanted`, or whose records have that e-mail address."""
    return together(home, people(home, [wanted])).whole


def people(home: Home, names: Iterable[str]) -> list[Subject]:
    """Whom the names mean, each once, by their records; with the address by which they were named, whoever was.

    Raises UnknownPersonError, which tells every name that means nobody, or more than one, or on whom an account hangs.
    """
    found: dict[tuple[Record, ...], Subject] = {}
    unknown: list[str] = []
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        try:
            one = _person(home, name)
            found.setdefault(one.records, one)
        except UnknownPersonError as error:
            unknown.append(str(error))
    if unknown:
        raise UnknownPersonError(told(unknown, len(wanted)))
    return list(found.values())


def _person(home: Home, wanted: str) -> Subject:
    records = _records(home, wanted)
    if not records:
        raise UnknownPersonError(f"{wanted}: no contact has this id in a CRM, or this e-mail address")
    if "@" not in wanted and len({source for source, *_ in records}) > 1:
        raise UnknownPersonError(f"{wanted}: a record of several CRMs; name the contact by e-mail address")
    one = Subject(tuple(sorted(records)), texts=(wanted,) if "@" in wanted else ())
    _require_other_ties(home, one)
    return one


def of_records(home: Home, records: Iterable[Record]) -> Together:
    """Contacts by their records, whom nobody tells apart."""
    return together(home, [Subject(tuple(sorted(records)))])


def together(home: Home, found: Sequence[Subject]) -> Together:
    """Contacts who were found, complete: what they are buried under opens and closes nothing of their company."""
    done = completed(home, found, Known.of(home))
    mine = Tombstones.in_memory(done.whole.tombstones)
    tickets = {row["ticket_id"] for *_, row in landing.rows_of(home.landing, mine, ("crm_tickets",)) if row["ticket_id"]}
    whole = replace(_as_contact(done.whole), tickets=tuple(sorted(tickets)))
    return Together(whole, tuple(_as_contact(one) for one in done.each) if len(found) > 1 else (whole,))


def _as_contact(one: Subject) -> Subject:
    pairs = {name: tuple((CONTACT_KINDS[kind], *rest) for kind, *rest in getattr(one, name)) for name in ("tombstones", "shared_contacts")}
    return replace(one, tombstones=pairs["tombstones"], shared_contacts=pairs["shared_contacts"], is_contact=True)


def _records(home: Home, wanted: str) -> set[Record]:
    """With those that were merged into them, or into which they were."""
    pairs = [("email", "", spelled(wanted))] if "@" in wanted else [("crm", source, wanted) for source in landing.sources(home.landing)]
    found: set[tuple[str, str, str]] = set()
    while True:
        rows = [(source, row) for source, *_, row in landing.rows_of(home.landing, Tombstones.in_memory(pairs), ("crm_customers",))]
        named = {(source, "crm", one) for source, row in rows for one in (row["customer_id"], row.get("merged_into_customer_id")) if one}
        if named <= found:
            return found
        found |= named
        pairs = [("crm", source, one) for source, _, one in sorted(found)]


def _require_other_ties(home: Home, subject: Subject) -> None:
    """An account that only this address ties to the company would be lost to it. Raises UnknownPersonError."""
    accounts = [path for _, _, path in landing.completed_files(home.landing)["billing_customers"]]
    keys = [spelled(text) for text in _addresses(home, subject)]
    if not accounts or not keys:
        return
    query = f"""SELECT DISTINCT billing_customer_id FROM {parquet(accounts)} AS said
        WHERE customer_id IS NULL AND list_contains(?, {email_key("email")}) ORDER BY 1"""
    tied = [one for (one,) in duckdb.execute(query, [keys]).fetchall()]
    if tied:
        raise UnknownPersonError(
            f"only this contact's address ties {counted(len(tied), 'account')} of billing ({', '.join(tied[:3])}) to the company;"
            " let them name a record of the CRM, or another address, and run again after a night"
        )


def tied_by_address_alone(home: Home) -> set[tuple[str, str]]:
    """(source, id) of the records of contacts whose address is all that ties an account of billing to their company."""
    landed = landing.completed_files(home.landing)
    accounts, found = [path for *_, path in landed["billing_customers"]], set[tuple[str, str]]()
    for source in sorted({held for held, *_ in landed["crm_customers"]}) if accounts else ():
        records = parquet(path for held, _, path in landed["crm_customers"] if held == source)
        keys = f"SELECT {email_key('email')} FROM {parquet(accounts)} AS said WHERE customer_id IS NULL AND email IS NOT NULL"
        query = f"SELECT DISTINCT customer_id FROM {records} AS said WHERE {email_key('email')} IN ({keys})"
        found |= {(source, one) for (one,) in duckdb.execute(query).fetchall()}
    return found


def _addresses(home: Home, subject: Subject) -> set[str]:
    mine = Tombstones.in_memory(("crm", source, one) for source, _, one in subject.records)
    return {row["email"] for *_, row in landing.rows_of(home.landing, mine, ("crm_customers",)) if row.get("email")}
