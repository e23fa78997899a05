"""Checks of a whole landing: how much is in quarantine, how much came, how old it is. One result per source and table.

Comes in: small frames, one row per source and table (`source`, `table_name` and the numbers named below). Goes out: CheckResults.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from expectations.base import CheckResult, Owner, Suite
from expectations.gates import validate
from expectations.outcomes import of_the_whole

_ASK = Owner("the owner of the source")
_KEY = ("source", "table_name")

LOADS_OF_A_HISTORY = 5

# What is measured of a landing, in words, and what is said where it cannot be.
_SAID = {
    "times_usual": ("{:.2g} times its usual size", "too few loads so far to tell its usual size"),
    "days_behind": ("the newest row is {:g} days old", "no row tells when it happened"),
}


def check_shares(frame: pd.DataFrame, max_share: float) -> list[CheckResult]:
    """Blocks where more than `max_share` of a table's rows are in quarantine for their own fault. Needs `share`, in [0, 1]."""
    too_many = _ASK.between(
        "share", 0, max_share, f"More than {max_share:.1%} of the rows are bad: the export is broken, not a few rows of it."
    )
    return _per_table("quarantined_share", (too_many,), frame)


def check_volumes(history: pd.DataFrame, max_times: float) -> list[CheckResult]:
    """Warns where the newest load is `max_times` larger or smaller than the earlier ones.

    Needs one row per load: `load_id` (sorts by time) and `landed`. A table with fewer than
    LOADS_OF_A_HISTORY earlier loads is not judged.
    """
    why = "A load far off its usual size is often half an export, or one sent twice."
    unlike = _ASK.between("times_usual", 1 / max_times, max_times, why, severity="warn")
    return _per_table("volume", (unlike,), _times_usual(history))


def check_freshness(frame: pd.DataFrame, max_days: float) -> list[CheckResult]:
    """Warns where the newest event is more than `max_days` before the as-of date. Needs `days_behind`; missing where unknown."""
    stale = _ASK.between("days_behind", None, max_days, f"Nothing newer than {max_days:g} days: did the export stop?", severity="warn")
    return _per_table("freshness", (stale,), frame)


def check_references(frame: pd.DataFrame, max_share: float) -> list[CheckResult]:
    """Warns where more than `max_share` of the rows name what has not landed.

    Needs `named` and `unknown` rows, `column_name` and the `parent` it names.
    """
    lost = _ASK.between(
        "unknown_share", 0, max_share, "Ids that nobody has: have they lost their zeros, or are they another system's?", severity="warn"
    )
    results = _per_table("references", (lost,), frame.assign(unknown_share=frame["unknown"] / frame["named"]))
    return [replace(result, observed=_names_nothing(row)) for result, row in zip(results, frame.itertuples(), strict=True)]


def _names_nothing(row: Any) -> str:
    return f"{row.source}: {row.column_name} of {row.unknown:,} of {row.named:,} rows names no row of {row.parent}"


def _per_table(check: str, expectations: tuple, frame: pd.DataFrame) -> list[CheckResult]:
    suite = Suite("landing", check, _KEY, expectations)
    rows = (frame.iloc[[position]] for position in range(len(frame)))
    return [_told(result, row) for row in rows for result in validate(suite, row)]


def _told(result: CheckResult, row: pd.DataFrame) -> CheckResult:
    """The result, said of the table in its row, with the number that was judged."""
    first = row.iloc[0]
    column = result.column
    seen, unknown = _SAID.get(column, (f"{column} {{:.4g}}", f"{column} unknown"))
    said = seen.format(first[column]) if pd.notna(first.get(column)) else unknown
    return replace(of_the_whole(result, str(first["table_name"])), observed=f"{first['source']}: {said}")


def _times_usual(history: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (source, table_name), loads in history.sort_values("load_id").groupby(list(_KEY)):
        earlier = loads["landed"].iloc[:-1]
        usual = earlier.median() if len(earlier) >= LOADS_OF_A_HISTORY else float("nan")
        rows.append((source, table_name, loads["landed"].iloc[-1] / usual if usual else float("nan")))
    return pd.DataFrame(rows, columns=[*_KEY, "times_usual"])
