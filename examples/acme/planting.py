"""Plants every kind of bad row that the contract names. Pure.

Bad rows are additional rows with keys of their own, so the good ones still add up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from examples.acme.columns import DAY, Ints, identifiers
from orchestration.contract import INPUT_TABLES, Table

BAD_SHARE = 0.009
WRONG_TIMES = ("31/02/2025 25:61", "yesterday", "2025-13-45T00:00:00Z")
WRONG_NUMBERS = ("n/a", "12,3,4", "1O0")
PREFERRED_NUMBERS = ("amount", "amount_minor", "score", "points", "propensity", "quantity", "birth_year")
# What the two rows of a planted conflict disagree about.
CONFLICTS = {
    "crm_customers": ("region", "North", "South"),
    "crm_consents": ("origin", "signup_form", "preference_center"),
    "crm_interactions": ("kind", "visit", "login"),
    "crm_actions": ("action", "nothing", "success_call"),
    "crm_referrals": ("referred_customer_id", "C1", "C2"),
    "crm_loyalty_events": ("points", "10", "20"),
    "crm_tickets": ("priority", "low", "high"),
    "billing_customers": ("currency", "USD", "EUR"),
    "billing_subscriptions": ("plan", "starter", "team"),
    "billing_invoice_lines": ("quantity", "1", "2"),
    "billing_payments": ("status", "succeeded", "failed"),
    "survey_invitations": ("channel", "email", "sms"),
    "survey_responses": ("comment", "Fine.", "Bad."),
}
Texts = dict[str, np.ndarray[Any, np.dtype[np.object_]]]


def as_text(rows: pa.Table) -> pa.Table:
    """The rows with every value as text; times as ISO-8601 in UTC."""
    return pa.table({name: _text(rows[name]) for name in rows.column_names})


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("s", tz="UTC"), safe=False), format="%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.string())


def plant(rng: np.random.Generator, name: str, clean: pa.Table, chunk: int) -> tuple[pa.Table, pa.Table]:
    """(bad rows as text, truth: table_name, row_key, kind); kinds take turns, conflicts come in pairs."""
    contract = INPUT_TABLES[name]
    kinds = [kind for kind, (fits, _) in KINDS.items() if fits(contract, clean.column_names)]
    count = max(1, round(BAD_SHARE * clean.num_rows))
    turn = np.sort(np.resize(np.arange(len(kinds)), count))
    rows = as_text(clean.take(pa.array(rng.integers(0, clean.num_rows, count))))
    texts = {column: np.array(rows[column].to_pylist(), dtype=object) for column in rows.column_names}
    _new_keys(contract, texts, chunk)
    for place, kind in enumerate(kinds):
        where = np.flatnonzero(turn == place)
        if kind == "conflicting_duplicate" and len(where) % 2:
            turn[where[-1]] = kinds.index("missing_required")
            _missing(contract, texts, where[-1:])
            where = where[:-1]
        KINDS[kind][1](contract, texts, where)
    bad = pa.table({column: pa.array(values, pa.string()) for column, values in texts.items()})
    keys = ["|".join(str(texts[column][row]) for column in contract.key) for row in range(count)]
    return bad, planted_rows([name] * count, keys, [kinds[code] for code in turn])


def planted_rows(tables: list[str], keys: list[str], kinds: list[str]) -> pa.Table:
    """The truth about planted rows: table_name, row_key, kind."""
    text = pa.string()
    return pa.table({"table_name": pa.array(tables, text), "row_key": pa.array(keys, text), "kind": pa.array(kinds, text)})


def _new_keys(contract: Table, texts: Texts, chunk: int) -> None:
    """Keys that no good row has: a number far above theirs, or for consents another instant."""
    column, numbers = contract.key[0], np.arange(len(texts[contract.key[0]]))
    if len(contract.key) > 1:
        texts[contract.event_time] = _shifted(texts[contract.event_time], 7 + numbers)
        return
    prefix = "".join(letter for letter in texts[column][0] if not letter.isdigit())
    texts[column] = np.array(identifiers(prefix, 900_000_000 + chunk * 1_000_000 + numbers).to_pylist(), dtype=np.object_)


def _shifted(values: np.ndarray, seconds: Ints) -> np.ndarray:
    moved = np.array([value.rstrip("Z") for value in values], dtype="datetime64[s]") + seconds
    return np.array([f"{value}Z" for value in moved.astype(str)], dtype=object)


def _missing(contract: Table, texts: Texts, rows: Ints) -> None:
    open_columns = [column for column in contract.required if column not in contract.key]
    texts[(open_columns or list(contract.key))[-1]][rows] = None


def _wrong_time(contract: Table, texts: Texts, rows: Ints) -> None:
    texts[contract.event_time][rows] = np.resize(np.array(WRONG_TIMES, dtype=object), len(rows))


def _number(contract: Table, columns: list[str]) -> str | None:
    return next(
        (column for column in PREFERRED_NUMBERS if column in columns and contract.column(column).type in ("integer", "decimal")), None
    )


def _wrong_number(contract: Table, texts: Texts, rows: Ints) -> None:
    texts[_number(contract, list(texts)) or ""][rows] = np.resize(np.array(WRONG_NUMBERS, dtype=object), len(rows))


def _listed(contract: Table, columns: list[str]) -> list[str]:
    return [column for column in columns if contract.column(column).allowed]


def _outside_list(contract: Table, texts: Texts, rows: Ints) -> None:
    texts[_listed(contract, list(texts))[0]][rows] = "something_else"


def _conflict(contract: Table, texts: Texts, rows: Ints) -> None:
    """The second half repeats the keys of the first with another value."""
    half = len(rows) // 2
    first, second = rows[:half], rows[half:]
    column, one, other = CONFLICTS[contract.name]
    for values in texts.values():
        values[second] = values[first]
    texts[column][first], texts[column][second] = one, other


def _orphan(contract: Table, texts: Texts, rows: Ints) -> None:
    texts[contract.parents[0].column][rows] = [f"gone-{row}" for row in rows]


def _outside_scale(contract: Table, texts: Texts, rows: Ints) -> None:
    texts["score"][rows] = [str(float(top) + 1) for top in texts["scale_max"][rows]]


def _end_first(contract: Table, texts: Texts, rows: Ints) -> None:
    start, end = contract.periods[-1]
    texts[start][rows] = texts[contract.event_time][rows]
    texts[end][rows] = _shifted(texts[start][rows], np.full(len(rows), -10 * DAY))


Fits = Callable[[Table, list[str]], object]
Spoils = Callable[[Table, Texts, Ints], None]
KINDS: dict[str, tuple[Fits, Spoils]] = {
    "conflicting_duplicate": (lambda contract, columns: True, _conflict),
    "missing_required": (lambda contract, columns: True, _missing),
    "unparseable_time": (lambda contract, columns: contract.event_time not in contract.key, _wrong_time),
    "unparseable_number": (lambda contract, columns: _number(contract, columns), _wrong_number),
    "outside_list": (_listed, _outside_list),
    "orphan": (lambda contract, columns: contract.parents, _orphan),
    "outside_scale": (lambda contract, columns: contract.name == "survey_responses", _outside_scale),
    "end_before_start": (lambda contract, columns: contract.periods, _end_first),
}
