"""The words the contract is written in: Column, Parent and Table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ColumnType = Literal["text", "timestamp", "date", "integer", "decimal", "rate", "boolean"]

DUCKDB_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "timestamp": "TIMESTAMP",  # UTC; a zone in the input is converted, one without is read in the configured zone
    "date": "DATE",
    "integer": "BIGINT",
    "decimal": "DECIMAL(28,8)",
    "rate": "DECIMAL(38,14)",  # one rial is 0.0000238 dollars: eight decimals would be three digits
    "boolean": "BOOLEAN",
}


@dataclass(frozen=True)
class Column:
    """One column of an input table.

    allowed  the only values there are
    known    values that mean something to us; there may be others
    Of both, a value that differs by case alone is read as the one that is meant.
    """

    name: str
    type: ColumnType
    description: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    personal: bool = False
    known: tuple[str, ...] = ()

    @property
    def duckdb_type(self) -> str:
        """The type as DuckDB calls it."""
        return DUCKDB_TYPES[self.type]


@dataclass(frozen=True)
class Parent:
    """`column` must name a row of `table`; a row whose parent is not there waits in quarantine."""

    column: str
    table: str
    parent_column: str


@dataclass(frozen=True)
class Table:
    """One input table: grain, columns and the rules a row must meet.

    key         columns that identify a row within one source
    event_time  when the fact happened: what is later than the as-of date is not known yet
    updated_at  orders the versions of a row; None where the source has no such column
    any_of      groups of columns of which at least one must have a value
    periods     (start, end) pairs where end must not be before start
    """

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    event_time: str
    updated_at: str | None = None
    any_of: tuple[tuple[str, ...], ...] = ()
    parents: tuple[Parent, ...] = ()
    periods: tuple[tuple[str, str], ...] = ()
    amounts: tuple[str, ...] = field(default=())

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that every row must fill."""
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError names the table when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")
