"""Records that no identity tells of yet: in quarantine, or landed in a night that was refused or failed before it told who is who.

Comes in: the home, ids. Goes out: the landed records of these ids, with those that name them, or that they name: an account its CRM
record, a record the one that it was merged into. An id that two CRMs have names the record of its own source, and without one nobody's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from orchestration import landing
from orchestration.contract import RECORD_TABLES
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.privacy.identifiers import KINDS, Record
from orchestration.privacy.known import Known

Landed = list[tuple[Record, dict[str, Any]]]


def records_of(home: Home, names: Collection[str], known: Known) -> dict[str, tuple[Record, ...]]:
    """Name → records that are called so, with those that are tied to them; records of customers who are known stay out."""
    sources, wanted = landing.sources(home.landing), set(names)
    while True:
        rows = landed(home, [(kind, source, one) for kind in KINDS.values() for source in sources for one in sorted(wanted)])
        somebodys = known.keys_of({record for record, _ in rows})
        ties = _ties([(record, row) for record, row in rows if record not in somebodys])
        found = {name: _reached((record for record in ties if record[2] == name), ties) for name in names}
        seen = {one for mine in found.values() for record in mine for one in (record[2], *_named_by(rows, record))}
        if seen <= wanted:
            return {name: tuple(sorted(mine)) for name, mine in found.items()}
        wanted |= seen


def landed(home: Home, pairs: Iterable[tuple[str, str, str]]) -> Landed:
    """The landed rows of records with one of these ids or addresses, or that name one of them."""
    asked = list(pairs)
    rows = landing.rows_of(home.landing, Tombstones.in_memory(asked), RECORD_TABLES) if asked else ()
    return [((source, KINDS[table], row[RECORD_TABLES[table]]), row) for source, table, _, row in rows if row[RECORD_TABLES[table]]]


def _ties(rows: Landed) -> dict[Record, set[Record]]:
    ties: dict[Record, set[Record]] = defaultdict(set)
    called = defaultdict[str, set[Record]](set)
    for record, _ in rows:
        ties[record] |= set()
        if record[1] == "crm":
            called[record[2]].add(record)
    for record, row in rows:
        for one in _names(record, row):
            own = {there for there in called[one] if there[0] == record[0]}
            for other in own or (called[one] if len(called[one]) == 1 else ()):
                ties[record].add(other)
                ties[other].add(record)
    return ties


def _reached(first: Iterable[Record], ties: dict[Record, set[Record]]) -> set[Record]:
    found, ahead = set[Record](), set(first)
    while ahead:
        found |= ahead
        ahead = {other for record in ahead for other in ties[record]} - found
    return found


def _named_by(rows: Landed, record: Record) -> Iterator[str]:
    return (one for known, row in rows if known == record for one in _names(record, row))


def _names(record: Record, row: dict[str, Any]) -> list[str]:
    """The ids of CRM records that a record names."""
    said = row.get("customer_id") if record[1] == KINDS["billing_customers"] else row.get("merged_into_customer_id")
    return [said] if said else []
