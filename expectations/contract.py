"""What suites say about input tables is taken from the contract: its lists are written once."""

from __future__ import annotations

from orchestration.contract import INPUT_TABLES


def allowed(table: str, column: str) -> tuple[str, ...]:
    """The closed list of a column; KeyError when the table has no such column, ValueError when its list is open."""
    values = INPUT_TABLES[table].column(column).allowed
    if not values:
        raise ValueError(f"{table}.{column} has no closed list in the contract")
    return values


def known(table: str, column: str) -> tuple[str, ...]:
    """The values of an open list that mean something; ValueError when the contract knows none."""
    values = INPUT_TABLES[table].column(column).known
    if not values:
        raise ValueError(f"{table}.{column} has no values that the contract knows")
    return values


def key(table: str) -> tuple[str, ...]:
    """The columns that identify a row of the table within one source."""
    return INPUT_TABLES[table].key
