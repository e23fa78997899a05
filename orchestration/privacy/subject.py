"""Who is meant by an id: all records of one person, their contacts and what else tells them apart.

Comes in: the home, any source's id, a customer_key or an e-mail address. Goes out: a Subject. Raises UnknownPersonError.
Identities are those of the warehouse, before a night has built it anew those of the served release; whom neither knows is looked for in
landing. A contact that somebody else has too is not the person's alone: it stays, and is not a reason to keep anybody from landing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import duckdb

from orchestration import landing, releases
from orchestration.contract import RECORD_TABLES
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.landing.spelling import email_key, phones
from orchestration.landing.tombstones import ANY_SOURCE
from orchestration.landing.written import parquet
from orchestration.redaction import Needles

# Table → the kind of its records.
KINDS = {"crm_customers": "crm", "billing_customers": "billing"}
_BUILT = "SELECT source_name, record_type, source_customer_id, customer_key FROM intermediate.int_identity_spans WHERE valid_to IS NULL"
_PUBLISHED = "SELECT source, record_type, source_customer_id, customer_key FROM marts.customer_identities WHERE valid_to IS NULL"


class UnknownPersonError(Exception):
    """Nobody, or more than one person, has this id; the message is one line."""


@dataclass(frozen=True)
class Subject:
    """One person. `records` are (source, record type, id); contacts are as they were written; `shared` counts contacts of others too."""

    records: tuple[tuple[str, str, str], ...]
    keys: tuple[str, ...] = ()
    tombstones: tuple[tuple[str, str, str], ...] = ()
    texts: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    email_hashes: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()
    is_contact: bool = False
    others: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    shared: int = 0

    @property
    def needles(self) -> Needles:
        """What to look for in text. The id of a contact's record stays: it is the company's too."""
        ids = [] if self.is_contact else [record[2] for record in self.records]
        return Needles.of([*self.texts, *self.keys, *self.email_hashes, *ids])

    @property
    def person(self) -> releases.Person:
        """As releases know them."""
        answers, tickets = frozenset(self.answers), frozenset(self.tickets)
        if self.is_contact:  # rows of the company stay, without the hash of the address
            return releases.Person(frozenset(), frozenset(), answers, tickets=tickets)
        return releases.Person(frozenset(self.keys), frozenset(self.records), answers, frozenset(self.email_hashes), tickets)

    def as_json(self) -> dict[str, Any]:
        """For a journal; `others` is needed only to begin."""
        return asdict(replace(self, others={}))

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Subject:
        """Back from a journal."""
        named: dict[str, Any] = {name: tuple(map(tuple, content[name])) for name in ("records", "tombstones")}
        listed: dict[str, Any] = {name: tuple(content[name]) for name in ("keys", "texts", "answers", "email_hashes", "tickets")}
        return cls(**named, **listed, shared=content["shared"], is_contact=content["is_contact"])


def find(home: Home, wanted: str) -> Subject:
    """The person who is called `wanted` by any source, by a customer_key or by an e-mail address."""
    identities = identities_of(home)
    keys = {row[3] for row in identities if wanted in (row[2], row[3])} or _by_contact(home, wanted, identities)
    if len(keys) > 1:
        raise UnknownPersonError(f"{wanted}: {len(keys)} customers have this id; name one by its customer_key: {', '.join(sorted(keys))}")
    records = {row[:3] for row in identities if row[3] in keys} or _landed_records(home, wanted)
    subject = completed(home, Subject(tuple(sorted(records)), tuple(sorted(keys))), identities, wanted if "@" in wanted else "")
    if not records and not subject.answers:
        raise UnknownPersonError(f"{wanted}: no customer has this id, in any source or as customer_key")
    return subject


def of_keys(home: Home, keys: Iterable[str]) -> Subject:
    """Several customers as one subject, to be erased together."""
    wanted, identities = set(keys), identities_of(home)
    records = {row[:3] for row in identities if row[3] in wanted}
    return completed(home, Subject(tuple(sorted(records)), tuple(sorted(wanted))), identities, "")


def identities_of(home: Home) -> list[tuple[str, str, str, str]]:
    """(source, record type, id, customer_key) of every record, as far as anything was built or published."""
    if home.warehouse.exists():
        with duckdb.connect(str(home.warehouse), read_only=True) as connection:
            if connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'int_identity_spans'").fetchone():
                return connection.execute(_BUILT).fetchall()
    if releases.current_id(home.root) is None:
        return []
    with releases.current(home.root).connect() as marts:
        return marts.execute(_PUBLISHED).fetchall()


def _landed_records(home: Home, wanted: str) -> set[tuple[str, str, str]]:
    named = [(kind, source, wanted) for kind in ("crm", "billing") for source in landing.sources(home.landing)]
    return _records(landing.rows_of(home.landing, Tombstones.in_memory(named)), wanted)


def _by_contact(home: Home, wanted: str, identities: Iterable[tuple[str, str, str, str]]) -> set[str]:
    if "@" not in wanted:
        return set()
    rows = landing.rows_of(home.landing, Tombstones.in_memory([("email", "", spelled(wanted))]))
    records = _records(rows, None)
    return {row[3] for row in identities if row[:3] in records}


def _records(rows: Iterable[tuple[str, str, str, dict[str, Any]]], wanted: str | None) -> set[tuple[str, str, str]]:
    found = {(source, KINDS[table], row[RECORD_TABLES[table]]) for source, table, _, row in rows if table in RECORD_TABLES}
    return {record for record in found if record[2] and wanted in (None, record[2])}


def completed(home: Home, subject: Subject, identities: list[tuple[str, str, str, str]], email: str) -> Subject:
    """With contacts, names and everything else that the landed rows of the records say."""
    mine = set(subject.records)
    named = [(kind, source, one) for source, kind, one in subject.records]
    holders = {(one, source) for source, kind, one, _ in identities if kind == "crm"}
    alone = {one for _, kind, one in subject.records if kind == "crm" and sum(held == one for held, _ in holders) <= 1}
    named += [("crm", ANY_SOURCE, one) for one in sorted(alone)]
    said = [row for source, table, _, row in landing.rows_of(home.landing, Tombstones.in_memory(named)) if table in RECORD_TABLES]
    contacts = _contacts(home, said, email, mine)
    everything = Tombstones.in_memory([*named, *contacts.own])
    answers = {row["response_id"] for _, table, _, row in landing.rows_of(home.landing, everything) if table == "survey_responses"}
    return replace(
        subject,
        tombstones=tuple(named + contacts.own),
        texts=tuple(sorted(contacts.texts | _own_names(home, said, mine))),
        answers=tuple(sorted(filter(None, answers))),
        email_hashes=tuple(sorted(contacts.hashes)),
        others=_others(identities, mine),
        shared=contacts.shared,
    )


def _others(identities: Iterable[tuple[str, str, str, str]], mine: set[tuple[str, str, str]]) -> dict[str, tuple[str, ...]]:
    return {table: tuple(sorted({row[2] for row in identities if row[1] == kind and row[:3] not in mine})) for table, kind in KINDS.items()}


@dataclass(frozen=True)
class _Contacts:
    own: list[tuple[str, str, str]]
    texts: set[str]
    hashes: set[str]
    shared: int


def _contacts(home: Home, said: list[dict[str, Any]], email: str, mine: set[tuple[str, str, str]]) -> _Contacts:
    emails = {row["email"]: spelled(row["email"]) for row in said if row.get("email")} | ({email: spelled(email)} if email else {})
    numbers = {(row.get("phone"), row.get("country")) for row in said if row.get("phone")}
    keys = {number: dialled(number, country) for number, country in numbers}
    theirs = _held_by_others(home, mine)
    own_emails = {text: key for text, key in emails.items() if key and key not in theirs}
    own_phones = {str(text): key for text, key in keys.items() if key and key not in theirs}
    pairs = [("email", "", key) for key in sorted(set(own_emails.values()))] + [
        ("phone", "", key) for key in sorted(set(own_phones.values()))
    ]
    salt = home.salt()
    hashes = {_pseudonym(salt, text) for text in [*own_emails, *own_emails.values(), *(text.strip().lower() for text in own_emails)]}
    return _Contacts(
        pairs,
        {*own_emails, *own_emails.values(), *own_phones, *own_phones.values()},
        hashes,
        len(emails) + len(keys) - len(own_emails) - len(own_phones),
    )


def _held_by_others(home: Home, mine: set[tuple[str, str, str]]) -> set[str]:
    """Spellings of contacts that a record of somebody else has had, in any version."""
    held: set[str] = set()
    with duckdb.connect() as connection:
        connection.execute("CREATE TEMP TABLE mine (source VARCHAR, kind VARCHAR, id VARCHAR)")
        connection.executemany("INSERT INTO mine VALUES (?, ?, ?)", sorted(mine) or [("", "", "")])
        for source, table, files in _record_files(home):
            own = f"SELECT id FROM mine WHERE source = '{source}' AND kind = '{KINDS[table]}'"
            rows = f"(SELECT * FROM {parquet(files)} WHERE {RECORD_TABLES[table]} NOT IN ({own}))"
            held |= {one for (one,) in connection.execute(f"SELECT DISTINCT {email_key('email')} FROM {rows} AS said").fetchall() if one}
            if table == "crm_customers":
                query = f"SELECT DISTINCT phone_key FROM ({phones(f'{rows} AS landed')})"
                held |= {one for (one,) in connection.execute(query).fetchall() if one}
    return held


def _own_names(home: Home, said: list[dict[str, Any]], mine: set[tuple[str, str, str]]) -> set[str]:
    """Full names that nobody else has: a namesake keeps theirs."""
    names = {row["full_name"] for row in said if row.get("full_name") and " " in row["full_name"].strip()}
    for source, table, files in _record_files(home):
        if table == "crm_customers" and names:
            ids = [one for held, kind, one in mine if (held, kind) == (source, "crm")]
            query = (
                f"SELECT DISTINCT full_name FROM {parquet(files)} WHERE list_contains(?, full_name) AND NOT list_contains(?, customer_id)"
            )
            names -= {one for (one,) in duckdb.execute(query, [sorted(names), ids]).fetchall()}
    return names


def _record_files(home: Home) -> list[tuple[str, str, list[str]]]:
    listed = landing.completed_files(home.landing)
    return [
        (source, table, [path for held, _, path in listed[table] if held == source])
        for table in RECORD_TABLES
        for source in sorted({held for held, _, _ in listed[table]})
    ]


def spelled(text: str) -> str:
    """An e-mail address as it is compared."""
    return str(duckdb.execute(f"SELECT {email_key('said')} FROM (SELECT ? AS said)", [text]).fetchall()[0][0] or "")


def dialled(number: str | None, country: str | None) -> str | None:
    """A phone number as it is compared; None where it is none."""
    said = "(SELECT CAST($number AS VARCHAR) AS phone, CAST($country AS VARCHAR) AS country) AS said_once"
    rows = duckdb.execute(f"SELECT phone_key FROM ({phones(said)})", {"number": number, "country": country}).fetchall()
    return rows[0][0] if rows else None


def _pseudonym(salt: str, value: str) -> str:
    """As dbt's macro of the same name writes it."""
    return str(duckdb.execute("SELECT sha256($1 || '|' || $2)", [salt, value]).fetchall()[0][0])
