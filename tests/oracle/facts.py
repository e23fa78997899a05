"""What a company has told by the end of the as-of day, in plain words: rows of the input tables, instants of months, rates.

Comes in: rows as a source hands them over. Goes out: the same rows, typed, with every column of the contract; amounts as exact fractions.
Nothing here or in its neighbours knows how the marts are computed: it is written from the definitions alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

import pandas as pd
from harness import CURRENCIES, Tables

from orchestration.contract import INPUT_TABLES, Column

Row = dict[str, Any]

DECIMALS = {row["currency"]: int(row["exponent"]) for row in csv.DictReader(CURRENCIES.open(encoding="utf-8"))}
# Facts about a row that come after it; whoever lives on the as-of day does not know those that lie ahead.
LATER = {"crm_customers": ["deleted_at"], "billing_customers": ["deleted_at"], "billing_subscriptions": ["cancel_requested_at", "ended_at"]}


@dataclass(frozen=True)
class Facts:
    """The company as known by the end of the as-of day."""

    tables: Tables
    as_of: date
    reporting_currency: str = "USD"
    business_model: str = "contractual"
    activity_window_days: int = 90
    gross_margin: Fraction = field(default=Fraction(1))
    customer_level: str = "contact"
    max_shared_contact_records: int = 5
    _read: dict[str, list[Row]] = field(default_factory=dict, repr=False)

    @cached_property
    def end(self) -> pd.Timestamp:
        """The first instant that is not known any more."""
        return pd.Timestamp(self.as_of) + pd.Timedelta(days=1)

    def rows(self, table: str) -> list[Row]:
        """The rows of an input table that had happened by then, with every column of the contract; None where nothing is stated."""
        if table not in self._read:
            self._read[table] = self._rows(table)
        return self._read[table]

    def _rows(self, table: str) -> list[Row]:
        declared = INPUT_TABLES[table]
        stated = [{column.name: _typed(column, row.get(column.name)) for column in declared.columns} for row in self.tables.get(table, [])]
        return [self._as_known(table, row) for row in stated if row[declared.event_time] is None or self.is_known(row[declared.event_time])]

    def _as_known(self, table: str, row: Row) -> Row:
        ahead = [name for name in LATER.get(table, ()) if row[name] is not None and not self.is_known(row[name])]
        # What ends later was still running on the as-of day.
        end = "cancel_requested_at" if row.get("ended_at") is None else "ended_at"
        status = {"status": "active"} if end in ahead and row["status"] in ("canceled", "expired") else {}
        return row | dict.fromkeys(ahead) | status

    def is_known(self, moment: pd.Timestamp | None) -> bool:
        """Whether it lies before the end of the as-of day."""
        return moment is not None and moment < self.end

    def months(self, first: pd.Timestamp) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
        """(first day, first instant after it) of every month from that of `first` to that of the as-of date, which ends with that day."""
        starts = pd.date_range(pd.Timestamp(first).normalize().replace(day=1), pd.Timestamp(self.as_of), freq="MS")
        return [(start, min(start + pd.DateOffset(months=1), self.end)) for start in starts]

    @cached_property
    def first(self) -> pd.Timestamp:
        """The first event of any table; a rate is none. The as-of date where nothing has happened."""
        times = {name: table.event_time for name, table in INPUT_TABLES.items() if name != "exchange_rates"}
        return earliest(row[time] for name, time in times.items() for row in self.rows(name)) or pd.Timestamp(self.as_of)

    def is_complete(self, month: pd.Timestamp) -> bool:
        """Whether the month had ended by the end of the as-of day."""
        return bool(month + pd.DateOffset(months=1) <= self.end)

    @cached_property
    def _rates(self) -> Mapping[str, list[tuple[pd.Timestamp, Fraction]]]:
        rates: dict[str, list[tuple[pd.Timestamp, Fraction]]] = {}
        for row in self.rows("exchange_rates"):
            rates.setdefault(row["currency"], []).append((row["rate_date"], row["rate_to_reporting"]))
        return {currency: sorted(dated) for currency, dated in rates.items()}

    def converted(self, amount: Fraction, currency: str | None, moment: pd.Timestamp) -> Fraction:
        """`amount` in the reporting currency by the rate that held on the day of `moment`; a missing rate is an error."""
        if currency in (None, self.reporting_currency) or not amount:
            return amount
        known = [rate for day, rate in self._rates.get(currency, []) if day <= moment.normalize()]
        if not known:
            raise LookupError(f"no rate of {currency} on {moment}")
        return amount * known[-1]


def _typed(column: Column, value: Any) -> Any:
    if value is None or value == "":
        return None
    if column.type in ("timestamp", "date"):
        return pd.Timestamp(value)
    return Fraction(str(value)) if column.type in ("integer", "decimal", "rate") else value


def major(row: Row, amount: str, minor: str, currency: str | None) -> Fraction:
    """The amount of a row in major units, from whichever column has it."""
    if row[amount] is not None:
        return Fraction(row[amount])
    return Fraction(row[minor] or 0) / 10 ** DECIMALS[currency or "USD"]


def last_instant(moment: pd.Timestamp) -> pd.Timestamp:
    """The last instant before `moment`."""
    return moment - pd.Timedelta(microseconds=1)


def earliest(moments: Iterable[pd.Timestamp | None]) -> pd.Timestamp | None:
    """The first of those that are known."""
    return min((moment for moment in moments if moment is not None), default=None)
