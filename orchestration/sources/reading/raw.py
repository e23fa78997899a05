"""A file that can be selected from: its columns as SQL expressions with the types that DuckDB gives them.

Comes in: nothing. Goes out: `Raw` and `Opened`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestration.sources.base import SourceError
from orchestration.sources.reading.numbers import Numbers
from orchestration.sources.reading.texts import SPACES

# How a row is numbered where only counting tells: one thread does it, and everything behind it.
COUNTED = "row_number() OVER ()"
# Above it, not every whole number is a double: the digits of an id may be lost already.
_LARGEST_EXACT_DOUBLE = 2**53


@dataclass(frozen=True)
class Raw:
    """A column as the file has it: SQL expression and DuckDB type."""

    expression: str
    type: str = "VARCHAR"

    @property
    def text(self) -> str:
        """The value as text; 123.0 and 123.00 are 123: a data frame makes fractions of whole numbers as soon as one is missing."""
        if self.type == "VARCHAR":
            return self.expression
        plain, kind = f"CAST({self.expression} AS VARCHAR)", self.type.split("(")[0]
        if kind not in ("DOUBLE", "FLOAT", "DECIMAL"):
            return plain
        whole = "HUGEINT" if kind == "DECIMAL" else "BIGINT"
        exact = "" if kind == "DECIMAL" else f" AND abs({self.expression}) <= {_LARGEST_EXACT_DOUBLE}"
        test = f"{self.expression} = trunc({self.expression}){exact}"
        return f"CASE WHEN {test} THEN CAST(CAST({self.expression} AS {whole}) AS VARCHAR) ELSE {plain} END"


@dataclass(frozen=True)
class Opened:
    """A file that can be selected from: the name of every column in the file, SQL for the row's number from 1, and how
    numbers are written in its texts; None where that is its format's own way.
    """

    relation: str
    columns: Mapping[str, Raw]
    row_number: str = COUNTED
    numbers: Numbers | None = None


def refuse_duplicates(columns: Iterable[str], label: str) -> None:
    """Raise SourceError when two columns differ by nothing but case and what surrounds them."""
    seen: set[str] = set()
    for column in columns:
        plain = column.strip(SPACES).lower()
        if plain in seen:
            raise SourceError(f"{label}: the column {column} is there twice; which of them counts? Export it once")
        seen.add(plain)
