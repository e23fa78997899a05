"""What the rows of an audience's table hold.

Comes in: a database, records. Goes out: fields by external id. Who has no row is not there; nor is anybody where the table is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.destinations.base import Holdings, Record
from orchestration.destinations.databases import Database
from orchestration.destinations.databases_errors import DatabaseError, OutOfReachError
from orchestration.destinations.holdings import Named, in_parts
from orchestration.sql_text import identifier, literal


def holdings(database: Database, table: str, key: str, names: Sequence[str], records: Sequence[Record], most: int) -> Holdings:
    """What the rows of `records` hold in the columns `names`, `most` a query; a column that is gone holds nothing."""
    try:
        there = _columns(database, table)
    except DatabaseError as error:
        return Holdings({}, calls=0, lacks=f"the database does not tell what its table holds ({error})")
    if there is None:
        return Holdings(Named(records, _key).missing())
    columns = [key, *(name for name in names if name in there)]
    return in_parts(records, most, 1, lambda part: _part(database, table, columns, part))


def _columns(database: Database, table: str) -> set[str] | None:
    """Names of the columns; None where a database that answers has no such table."""
    try:
        return database.columns(table)
    except OutOfReachError:
        raise
    except DatabaseError:
        database.asked("SELECT 1")
        return None


def _part(database: Database, table: str, columns: Sequence[str], records: Sequence[Record]) -> Holdings:
    listed, ids = ", ".join(map(identifier, columns)), ", ".join(literal(_key(record)) for record in records)
    try:
        rows = database.asked(f"SELECT {listed} FROM {table} WHERE {identifier(columns[0])} IN ({ids})")
    except DatabaseError as error:
        return Holdings({}, lacks=f"the database does not tell what its rows hold ({error})")
    found = {str(row[0]): dict(zip(columns[1:], row[1:], strict=True)) for row in rows}
    return Holdings({record.external_id: found.get(record.external_id) for record in records})


def _key(record: Record) -> str:
    return record.external_id
