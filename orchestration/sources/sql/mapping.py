"""Which column of a database is which of the contract, and whether that is as it was.

Comes in: the columns that a table has, the settings, what the last night read. Goes out: the mapping of tonight. A column that is gone is
said by its name: read as nothing, it would be taken away from every row, and nobody would hear of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from orchestration.contract import Table
from orchestration.sources.base import Position, SourceError


def mapped(table: Table, settings: Any, found: Collection[str]) -> dict[str, str]:
    """Column of the contract (or one of your own) → column of the database: as configured, else by its name. Nothing else is read."""
    there = {column.lower(): column for column in found}
    named = {column: there[column] for column in table.column_names if column in there}
    told = {column: source for column, source in {**named, **settings.columns}.items() if source is not None}
    groups = [(column,) for column in table.required] + list(table.any_of)
    missing = [" or ".join(group) for group in groups if not told.keys() & set(group)]
    if missing:
        raise SourceError(f"{settings.table} has no column for {', '.join(missing)} of {table.name}; say in `columns` which it is")
    return told


def own(table: Table, settings: Any) -> tuple[str, ...]:
    """The columns beyond the contract's that are asked for."""
    return tuple(sorted(name for name, source in settings.columns.items() if source is not None and name not in table.column_names))


def asked(settings: Any, columns: Mapping[str, str]) -> dict[str, Any]:
    """What the position keeps of how a table is read: with another answer it is read in full."""
    return {"table": settings.table, "cursor_column": settings.cursor, "columns": dict(columns)}


def is_as_before(known: Position, now: Mapping[str, Any]) -> bool:
    """Whether the last night read the same columns of the same table; of one before this was kept, that it did is taken for granted."""
    return all(known.get(key, value) == value for key, value in now.items())


def require_what_was_there(table: Table, settings: Any, known: Position, found: Collection[str]) -> None:
    """Raise SourceError where a column that was found by its name is no longer there, and the settings do not say what is meant."""
    if known.get("table") != settings.table:
        return
    before: Mapping[str, str] = known.get("columns", {})
    there = {column.lower() for column in found}
    gone = [name for name, source in before.items() if source.lower() == name and name not in there and name not in settings.columns]
    if gone:
        named, first = ", ".join(gone), gone[0]
        raise SourceError(
            f"{settings.table} no longer has the column {named} that {table.name} was read from: name another in `columns`, or say"
            f" `{first}: null` there if it is to be empty from now on"
        )
