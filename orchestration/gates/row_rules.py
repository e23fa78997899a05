"""The rules that one landed row can break by itself, as SQL conditions generated from the contract.

Comes in: a contract Table, the currencies and the largest believable amount. Goes out: one RowRule per rule and column.
Rules between rows (conflicting copies, parents that are missing) are in quarantine.py. Pure: no connection is opened here.
A reason names the column and what is wrong, never the value: in a shifted row any column may hold an e-mail address.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.contract import Column, Table
from orchestration.sql_text import identifier, literal

# Numbers that only make sense inside a range: (lowest, highest, whether the lowest itself is allowed). Of amounts the highest is a setting.
_NOT_BELOW_ZERO = (0, math.inf, True)
RANGES: dict[tuple[str, str], tuple[float, float, bool]] = {
    ("crm_campaigns", "cost_amount"): _NOT_BELOW_ZERO,
    ("crm_actions", "propensity"): (0, 1, False),
    ("billing_subscriptions", "quantity"): _NOT_BELOW_ZERO,
    ("billing_subscriptions", "unit_amount"): _NOT_BELOW_ZERO,
    ("billing_subscriptions", "unit_minor"): _NOT_BELOW_ZERO,
    ("billing_subscriptions", "interval_count"): (1, 10_000, True),
    ("billing_subscriptions", "discount_percent"): (0, 100, True),
    ("exchange_rates", "rate_to_reporting"): (0, 1e12, False),
}
NPS_SCALE = (0, 10)
# Systems without a time write the first one they know: 0001-01-01, 1753-01-01, 1900-01-01. One such row makes centuries of months.
NO_EVENT_BEFORE = "1900-01-02"
# One unit of these is worth less than a fifth of a US cent: millions of them are an everyday invoice.
SMALL_UNITS = (
    *("AOA", "ARS", "BIF", "BYR", "CDF", "CLP", "COP", "CRC", "GNF", "IDR", "IQD", "IRR", "KHR", "KPW", "KRW", "LAK", "LBP", "MGA", "MMK"),
    *("MNT", "MWK", "NGN", "PYG", "RWF", "SDG", "SLL", "SOS", "SSP", "STD", "SYP", "TZS", "UGX", "UZS", "VEF", "VND", "XAF", "XOF", "ZWL"),
)
_TIMES_THE_LIMIT = f"(CASE WHEN upper(trim(currency)) IN ({', '.join(map(literal, SMALL_UNITS))}) THEN 1000 ELSE 1 END)"
# What to write instead of a value that cannot be read.
_INSTEAD = {
    "text": "a spreadsheet has cut it to something like 1.2E+11: format the column as text and export it again",
    "timestamp": "write it like 2026-10-31 or 2026-10-31T10:00:00Z",
    "date": "write it like 2026-10-31",
    "integer": "write digits only",
    "decimal": "write it like 1234.50, with the marks that `decimal` and `thousands` of the source name",
    "rate": "write it like 1.0823",
    "boolean": "write true or false",
}


@dataclass(frozen=True)
class RowRule:
    """`condition` is true for a row that breaks the rule; `screen` is a cheaper condition that holds whenever it does."""

    rule: str
    column: str
    reason: str
    condition: str
    screen: str


def read_currencies(path: str | Path) -> dict[str, int]:
    """ISO-4217 code → decimals of its minor unit, from the seed that dbt uses too (`currency,exponent,name`)."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return {row["currency"]: int(row["exponent"]) for row in csv.DictReader(file)}


def own_rules(table: Table, currencies: Mapping[str, int], max_amount: float) -> list[RowRule]:
    """Every rule that a row of `table` can break without looking at another row."""
    makers = (_missing, _unparseable, _not_in_list, _out_of_scale, _backwards, _out_of_range, _placeholder_time)
    rules = [rule for make in makers for rule in make(table)]
    return [*rules, *_unbelievable(table, currencies, max_amount), *_unknown_currency(table, currencies)]


def _rule(rule: str, column: str, reason: str, condition: str, screen: str | None = None) -> RowRule:
    return RowRule(rule, column, reason, condition, screen or condition)


def _is_empty(column: Column) -> str:
    name = identifier(column.name)
    return f"({name} IS NULL OR {name} = '')" if column.type == "text" else f"{name} IS NULL"


def _is_unparseable(column: Column) -> str:
    return f"coalesce(list_contains(json_keys(_bad_values), {literal(column.name)}), false)"


def _missing(table: Table) -> Iterator[RowRule]:
    groups = [(name,) for name in table.required] + list(table.any_of)
    for group in groups:
        columns = [table.column(name) for name in group]
        empty = " AND ".join(_is_empty(column) for column in columns)
        readable = " AND ".join(f"NOT {_is_unparseable(column)}" for column in columns)
        reason = f"{group[0]} has no value" if len(group) == 1 else f"none of {', '.join(group)} has a value"
        yield _rule("missing_required", ", ".join(group), reason, f"({empty} AND {readable})", f"({empty})")


def _unparseable(table: Table) -> Iterator[RowRule]:
    for column in table.columns:
        reason = f"{column.name} cannot be read as {column.type}; {_INSTEAD.get(column.type, '')}".rstrip("; ")
        yield _rule("unparseable", column.name, reason, _is_unparseable(column), "_bad_values IS NOT NULL")


def _not_in_list(table: Table) -> Iterator[RowRule]:
    for column in table.columns:
        if column.allowed:
            name, allowed = identifier(column.name), ", ".join(map(literal, column.allowed))
            reason = f"{column.name} is not one of {', '.join(column.allowed)}"
            yield _rule("not_in_list", column.name, reason, f"({name} <> '' AND {name} NOT IN ({allowed}))")


def _out_of_scale(table: Table) -> Iterator[RowRule]:
    if {"score", "scale_min", "scale_max"} <= set(table.column_names):
        outside = "score NOT BETWEEN scale_min AND scale_max OR scale_min >= scale_max"
        yield _rule("out_of_scale", "score", "score lies outside its scale", f"({outside})")
        low, high = NPS_SCALE
        # a 5 of 0 to 100 or of 1 to 5 would count as a detractor's; whether the worst answer is 0 or 1 moves nobody to another group
        scale = f"scale_max <> {high} OR scale_min NOT BETWEEN {low} AND {low + 1}"
        off = f"metric = 'nps' AND (score NOT BETWEEN {low} AND {high} OR score <> trunc(score) OR {scale})"
        yield _rule("out_of_scale", "score", f"an nps score is a whole number on the scale from {low} to {high}", f"({off})")


def _backwards(table: Table) -> Iterator[RowRule]:
    for start, end in table.periods:
        yield _rule("end_before_start", end, f"{end} lies before {start}", f"{identifier(end)} < {identifier(start)}")


def _out_of_range(table: Table) -> Iterator[RowRule]:
    for (name, column), (low, high, inclusive) in RANGES.items():
        if name == table.name:
            below, above = f"{identifier(column)} {'<' if inclusive else '<='} {low}", f"{identifier(column)} > {high}"
            if math.isinf(high):
                yield _rule("out_of_range", column, f"{column} is below {low:g}", f"({below})")
            else:
                words = f"{column} is not in {'[' if inclusive else '('}{low:g}, {high:g}]"
                yield _rule("out_of_range", column, words, f"({below} OR {above})")


def _placeholder_time(table: Table) -> Iterator[RowRule]:
    column = table.column(table.event_time)
    if column.type == "timestamp":  # a rate may hold from any day on
        words = f"{column.name} lies before {NO_EVENT_BEFORE}: a placeholder for no time?"
        yield _rule("out_of_range", column.name, words, f"{identifier(column.name)} < TIMESTAMP '{NO_EVENT_BEFORE}'")


def _unbelievable(table: Table, currencies: Mapping[str, int], max_amount: float) -> Iterator[RowRule]:
    for column in table.amounts:
        most = repr(float(max_amount))  # a whole number would make the product overflow 32 bits
        limit = f"CAST({most} AS DOUBLE) * {_TIMES_THE_LIMIT}" + (f" * {_minor_units(currencies)}" if column.endswith("_minor") else "")
        reason = f"{column} is more than {max_amount:,.0f} in major units (of small ones such as VND 1,000 times that): an error of units?"
        yield _rule("amount_out_of_bounds", column, reason, f"abs(CAST({identifier(column)} AS DOUBLE)) > {limit}")


def _minor_units(currencies: Mapping[str, int]) -> str:
    """How many minor units make one major unit of the row's currency; 100 where the currency is not stated."""
    by_exponent: dict[int, list[str]] = {}
    for code, exponent in currencies.items():
        by_exponent.setdefault(exponent, []).append(literal(code))
    usual = max(by_exponent, key=lambda exponent: len(by_exponent[exponent]))
    cases = [f"WHEN upper(trim(currency)) IN ({', '.join(codes)}) THEN {10**e}" for e, codes in by_exponent.items() if e != usual]
    return f"(CASE {' '.join(cases)} ELSE {10**usual} END)" if cases else str(10**usual)


def _unknown_currency(table: Table, currencies: Mapping[str, int]) -> Iterator[RowRule]:
    if "currency" in table.column_names:
        known = ", ".join(map(literal, currencies))
        condition = f"(currency <> '' AND upper(trim(currency)) NOT IN ({known}))"
        yield _rule("unknown_currency", "currency", "currency is not an ISO-4217 code", condition)
