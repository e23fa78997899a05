"""Whoever lands again after an erasure was lifted is in the months once more, and so no longer in the sum of those who left them.

Comes in: the warehouse of a night whose marts are built. Goes out: `state/erasures/remainder.json`, `ops.erased_amounts` and
`marts.data_erasures` without what they are of the months up to the one they were erased in.
What an erasure took out is kept for everybody together (docs/decisions/0017), so it is measured anew, on the first night that is
published after the lift. What the sources say otherwise than before the erasure stays in the sum: then and now still differ by that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb

from orchestration import landing, warehouse
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.privacy import remainder
from orchestration.privacy.identifiers import KINDS
from orchestration.privacy.lifting import lifts
from orchestration.privacy.subject import Subject
from orchestration.sql_text import literal

_CURRENT = "SELECT DISTINCT customer_key FROM intermediate.int_identity_spans WHERE valid_to IS NULL AND"


def settle(home: Home, connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Bring `marts.data_erasures` up to the lifts so far; nothing happens where nothing was ever lifted. Can be repeated."""
    told, buried = lifts(home), Tombstones(home.erasures).hashes
    for line in told:
        is_whole = buried.isdisjoint(line["tombstones"])  # one that was stopped half way lets nobody land
        if is_whole and not remainder.is_booked(home.erasures, _name(line)):
            remainder.take_back(home.erasures, _name(line), list(_amounts(home, connection, line)))
    if told:
        warehouse.load_erasures(connection, landing.erased_rows(home.landing), remainder.total(home.erasures))
        connection.execute("DELETE FROM marts.data_erasures")
        connection.execute(
            "INSERT INTO marts.data_erasures BY NAME SELECT *, CAST(? AS DATE) AS as_of_date FROM ops.erased_amounts", [as_of]
        )


def _name(line: dict[str, Any]) -> str:
    """The same for a lift that was stopped and repeated, another for that of another erasure of the same person."""
    return f"lift {hashlib.sha256(repr((sorted(line['tombstones']), sorted(line['receipts']))).encode()).hexdigest()[:16]}"


def _amounts(home: Home, connection: duckdb.DuckDBPyConnection, line: dict[str, Any]) -> Iterator[dict[str, str]]:
    """What whoever was lifted is of the months; nothing where nothing was published when they were erased."""
    if not line["until"]:
        return
    tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall()]
    yield from remainder.amounts(connection, tables, _returned(home, connection, line), date.fromisoformat(line["until"]))


def _returned(home: Home, connection: duckdb.DuckDBPyConnection, line: dict[str, Any]) -> Subject:
    """Who was lifted, as far as they have landed again, by the hashes under which they were erased."""
    lifted = Tombstones(home.erasures)
    lifted.hashes = frozenset(line["tombstones"])
    lifted.show(connection)
    named = [
        f"(record_type = '{kind}' AND source_name = {literal(source)} AND {lifted.sql(kind, source, 'source_customer_id')})"
        for kind in sorted(set(KINDS.values()))
        for source in landing.sources(home.landing)
    ]
    keys = connection.execute(f"{_CURRENT} ({' OR '.join(named) or 'false'}) ORDER BY 1").fetchall()
    written: dict[str, set[str]] = {"response_id": set(), "ticket_id": set()}
    for _, _, _, row in landing.rows_of(home.landing, lifted):
        for column, ids in written.items():
            if row.get(column):
                ids.add(row[column])
    answers, tickets = (tuple(sorted(ids)) for ids in written.values())
    is_contact = Tombstones.are_contacts(lifted.hashes)
    return Subject((), tuple(key for (key,) in keys), answers=answers, tickets=tickets if is_contact else (), is_contact=is_contact)
