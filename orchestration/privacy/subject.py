"""Who is meant by an id: all records of one person, their contacts and what else tells them apart.

Comes in: the home, any source's id, a customer_key or an e-mail address. Goes out: a Subject. Raises UnknownPersonError.
Identities are those of the warehouse, before a night has built it anew those of the served release; whom neither knows is looked for in
landing. A customer_key may be one of before a merge or a split.
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
from orchestration.landing.tombstones import ANY_SOURCE
from orchestration.privacy.identifiers import KINDS, contacts_of, own_names, spelled
from orchestration.redaction import Needles

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
    keys = keys or {key for old, key in _redirects(home) if old == wanted}
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


def of_records(home: Home, records: Iterable[tuple[str, str, str]]) -> Subject:
    """Several people by their records, of whom some may have no key yet."""
    return completed(home, Subject(tuple(sorted(records))), identities_of(home), "")


def together(whole: Subject, people: Iterable[Subject]) -> Subject:
    """`whole`, which is of the records of all of `people`, with what only one of them was found by, such as an address without a record."""
    each = (whole, *people)
    named: dict[str, Any] = {"tombstones": tuple(dict.fromkeys(pair for one in each for pair in one.tombstones))}
    for name in ("keys", "texts", "answers", "email_hashes", "tickets"):
        named[name] = tuple(sorted({text for one in each for text in getattr(one, name)}))
    return replace(whole, **named)


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


def _redirects(home: Home) -> list[tuple[str, str]]:
    """(customer_key of before a merge or a split, the key that has taken its place), as published."""
    if releases.current_id(home.root) is None:
        return []
    release = releases.current(home.root)
    if "dim_customer_key_redirects" not in release.tables:
        return []
    with release.connect() as marts:
        return marts.execute("SELECT old_customer_key, customer_key FROM marts.dim_customer_key_redirects").fetchall()


def _former_keys(home: Home, keys: tuple[str, ...], identities: Iterable[tuple[str, str, str, str]]) -> set[str]:
    """Keys of theirs that nobody has now."""
    return {old for old, key in _redirects(home) if key in keys} - {row[3] for row in identities}


def _landed_records(home: Home, wanted: str) -> set[tuple[str, str, str]]:
    named = [(kind, source, wanted) for kind in ("crm", "billing") for source in landing.sources(home.landing)]
    return _records(landing.rows_of(home.landing, Tombstones.in_memory(named), RECORD_TABLES), wanted)


def _by_contact(home: Home, wanted: str, identities: Iterable[tuple[str, str, str, str]]) -> set[str]:
    if "@" not in wanted:
        return set()
    rows = landing.rows_of(home.landing, Tombstones.in_memory([("email", "", spelled(wanted))]), RECORD_TABLES)
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
    said = [row for *_, row in landing.rows_of(home.landing, Tombstones.in_memory(named), RECORD_TABLES)]
    contacts = contacts_of(home, said, email, mine)
    everything = Tombstones.in_memory([*named, *contacts.own])
    answers = {row["response_id"] for *_, row in landing.rows_of(home.landing, everything, ("survey_responses",))}
    return replace(
        subject,
        tombstones=tuple(named + contacts.own),
        texts=tuple(sorted(contacts.texts | own_names(home, said, mine) | _former_keys(home, subject.keys, identities))),
        answers=tuple(sorted(filter(None, answers))),
        email_hashes=tuple(sorted(contacts.hashes)),
        others=_others(identities, mine),
        shared=contacts.shared,
    )


def _others(identities: Iterable[tuple[str, str, str, str]], mine: set[tuple[str, str, str]]) -> dict[str, tuple[str, ...]]:
    return {table: tuple(sorted({row[2] for row in identities if row[1] == kind and row[:3] not in mine})) for table, kind in KINDS.items()}
