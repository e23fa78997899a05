"""Records of contacts who were erased from their companies: what such a record says of the company stays, everything else is emptied.

Comes in: a relation of rows of crm_customers as they are landed, the tombstones. Goes out: a condition in SQL and the columns to empty.
The id of the record stays: it is what the company's accounts name, and may be what the company has its key from (docs/decisions/0031).
An emptied row has a hash of its own, so that the row as the source has it lands again once the contact's erasure is lifted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from orchestration.contract import COMPANY_COLUMNS, CONTACT_KINDS, Table
from orchestration.landing.persons import is_contact, learn
from orchestration.landing.tombstones import Tombstones
from orchestration.sources.reading.typed import LANDED_COLUMNS
from orchestration.sql_text import identifier

# What could not be read of a row is kept as it was written, whoever it is about.
_BAD = "_bad_values"
OTHER_HASH = "xor(_row_hash, 11400714819323198485::UBIGINT)"


@dataclass(frozen=True)
class Emptying:
    """`condition` is true for the rows to be emptied of `columns`."""

    condition: str
    columns: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """SQL that is true for rows that have something to be emptied of."""
        filled = " OR ".join(f"{identifier(column)} IS NOT NULL" for column in self.columns) or "false"
        return f"({self.condition} AND ({filled}))"

    def replacements(self) -> list[str]:
        """`expression AS column` of every such column, and of the hash."""
        emptied = [f"CASE WHEN NOT {self.wanted} THEN {identifier(one)} END AS {identifier(one)}" for one in self.columns]
        return [*emptied, f"CASE WHEN {self.wanted} THEN {OTHER_HASH} ELSE _row_hash END AS _row_hash"]


NOTHING = Emptying("false")


def learn_contacts(
    connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, relation: str, table: Table, source: str, known: str
) -> bool:
    """Bury the ids of records of such contacts that came under a new id; whether there was one."""
    fresh = False
    while (condition := is_contact(connection, tombstones, relation, table, source)) != "false":
        if not learn(connection, tombstones, relation, table, source, condition, known, CONTACT_KINDS):
            break
        fresh = True
    return fresh


def emptying(
    connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, relation: str, table: Table, source: str, columns: Sequence[str]
) -> Emptying:
    """What to empty of rows of `relation`, which has these `columns`; unknown ones are emptied too."""
    condition = is_contact(connection, tombstones, relation, table, source)
    if condition == "false":
        return NOTHING
    kept = {*COMPANY_COLUMNS, *LANDED_COLUMNS} - {_BAD}
    return Emptying(condition, tuple(column for column in columns if column not in kept))
