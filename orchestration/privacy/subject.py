"""One person, or several who are erased together: all their records, their contacts and what else tells them apart.

Comes in: the home, records and customer_keys. Goes out: a Subject that is complete.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from orchestration import landing, releases
from orchestration.contract import RECORD_TABLES
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.landing.tombstones import ANY_SOURCE
from orchestration.privacy.identifiers import KINDS, Contacts, Pair, Record, contacts_of, own_names
from orchestration.privacy.known import Known
from orchestration.redaction import Needles


class UnknownPersonError(Exception):
    """Nobody, or more than one person, has this id; the message is one line."""


@dataclass(frozen=True)
class Subject:
    """One person. `texts` are contacts and names as they were written; `shared_contacts` are those that others have had too."""

    records: tuple[Record, ...]
    keys: tuple[str, ...] = ()
    tombstones: tuple[Pair, ...] = ()
    texts: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    email_hashes: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()
    is_contact: bool = False
    shared_contacts: tuple[Pair, ...] = ()

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
        """For a journal."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Subject:
        """Back from a journal."""
        named: dict[str, Any] = {name: tuple(map(tuple, content[name])) for name in ("records", "tombstones")}
        named["shared_contacts"] = tuple(map(tuple, content.get("shared_contacts", ())))  # a journal may be of an older version
        listed: dict[str, Any] = {name: tuple(content[name]) for name in ("keys", "texts", "answers", "email_hashes", "tickets")}
        return cls(**named, **listed, is_contact=content["is_contact"])


@dataclass(frozen=True)
class Together:
    """Several people as one subject; and each of them with the records, the keys and the tombstones that are theirs.

    A contact that two of them share, and nobody else, is of each: nobody is left who would keep it.
    """

    whole: Subject
    each: tuple[Subject, ...]


def of_keys(home: Home, keys: Iterable[str], known: Known) -> Together:
    """Several customers, whom nobody tells apart."""
    wanted = sorted(set(keys))
    records = tuple(sorted(record for held in known.records(wanted).values() for record in held))
    return completed(home, [Subject(records, tuple(wanted))], known)


def completed(home: Home, people: Sequence[Subject], known: Known) -> Together:
    """With contacts, names and everything else that the landed rows of their records say; landing is read once for all of them.

    people  by records and keys; a text of theirs is an address by which they were named
    """
    mine = {record for one in people for record in one.records}
    alone = known.of_one_crm({held for _, kind, held in mine if kind == "crm"})
    named = [_named(one, alone) for one in people]
    keys = tuple(sorted({key for one in people for key in one.keys}))
    pairs = list(dict.fromkeys(pair for each in named for pair in each))
    said = list(landing.rows_of(home.landing, Tombstones.in_memory(pairs), RECORD_TABLES))
    rows = [((source, KINDS[table], row[RECORD_TABLES[table]]), row) for source, table, _, row in said]
    contacts = contacts_of(home, rows, {text for one in people for text in one.texts if "@" in text}, mine)
    buried = (*pairs, *contacts.own)
    answers = {row["response_id"] for *_, row in landing.rows_of(home.landing, Tombstones.in_memory(buried), ("survey_responses",))}
    whole = Subject(
        tuple(sorted(mine)),
        keys,
        tombstones=buried,
        texts=tuple(sorted(contacts.texts | own_names(home, [row for _, row in rows], mine) | known.former_keys(keys))),
        answers=tuple(sorted(filter(None, answers))),
        email_hashes=tuple(sorted(contacts.hashes)),
        shared_contacts=tuple(contacts.shared),
    )
    each = (_alone(one, own, contacts) for one, own in zip(people, named, strict=True))
    return Together(whole, (whole,) if len(people) == 1 else tuple(each))


def _named(one: Subject, alone: Collection[str]) -> list[Pair]:
    """What their records are called; an id that only one CRM has stands for its record in every source that may name it."""
    everywhere = sorted({held for _, kind, held in one.records if kind == "crm" and held in alone})
    return [(kind, source, held) for source, kind, held in one.records] + [("crm", ANY_SOURCE, held) for held in everywhere]


def _alone(one: Subject, named: Iterable[Pair], contacts: Contacts) -> Subject:
    """One of many, with the tombstones of their records, and of the contacts that those say or by which alone they were found."""
    said = dict.fromkeys(pair for record in one.records for pair in contacts.of.get(record, ()))
    own, shared = set(contacts.own), set(contacts.shared)
    tombstones = tuple(dict.fromkeys((*one.tombstones, *named, *(pair for pair in said if pair in own))))
    return replace(one, tombstones=tombstones, shared_contacts=tuple(pair for pair in said if pair in shared))
