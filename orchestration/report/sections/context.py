"""What every section is given, and the few things several of them do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.report import words
from orchestration.report.charts import Chart, Text
from orchestration.report.content import Note
from orchestration.report.marts import Marts, Row

MONTHS = 25


@dataclass(frozen=True)
class Context:
    """The marts of a release, its as-of date and the currency of its amounts."""

    marts: Marts
    as_of: date
    currency: str

    def money(self, value: Any) -> str:
        """An amount in the reporting currency."""
        return words.money(value, self.currency)

    def monthly(self, table: str, where: str = "true") -> list[Row]:
        """The latest months of a monthly mart, oldest first."""
        if self.marts.is_empty(table):
            return []
        return self.marts.rows(f"FROM (FROM {table} WHERE {where} ORDER BY month DESC LIMIT {MONTHS}) ORDER BY month")


def over_months(title: str, description: str, rows: Sequence[Row], text: Text) -> Chart:
    """A chart with one step per row, named by its month; a month that is not over is marked."""
    full = [words.month(row["month"]) + ("" if row.get("is_complete", True) else " (to date)") for row in rows]
    return Chart(title, description, [words.month_short(row["month"]) for row in rows], text, full)


def column(rows: Sequence[Row], name: str, sign: int = 1) -> list[float | None]:
    """A column of rows as numbers; None where there is none, or where it would rest on no answer."""
    return [None if row[name] is None or row.get("responses") == 0 else sign * float(row[name]) for row in rows]


def answered(rows: Sequence[Row]) -> list[Row]:
    """Rows from the first month with an answer to the last; a month in between without one stays, as a gap."""
    with_answers = [index for index, row in enumerate(rows) if row["responses"]]
    return list(rows[with_answers[0] : with_answers[-1] + 1]) if with_answers else []


def missing(what: str, needs: str) -> Note:
    """Why a section is empty, and what would fill it."""
    return Note(f"{what} {needs}")


def last_complete(rows: Sequence[Row]) -> Row:
    """The latest row whose month is over, else the latest."""
    complete = [row for row in rows if row.get("is_complete", True)]
    return (complete or list(rows) or [{}])[-1]
