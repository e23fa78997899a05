"""Whether the past is what the release before said of it: amounts in cents that were in dollars, customers who all moved overnight.

Comes in: one row per column of `expectations.past` (`table_name`, `column_name`, `share` of the rows that both know and that say otherwise,
`rows` compared, `compared_with`, `nights`, `highest`). Goes out: CheckResults.
A month may be unlike the one before, and drift (expectations/drift.py) only warns; what was said of a row yesterday hardly ever changes, so
this blocks, from HISTORY nights on and unless the change is accepted by name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pandas as pd

from expectations.base import CheckResult, Gate, Owner, Severity, Suite
from expectations.gates import validate
from expectations.outcomes import before, of_the_whole

# A company that is being set up corrects its exports, and each correction rewrites the past: for a week it is told, not stopped.
HISTORY = 7

_ASK = Owner("the owner of the source")
_PROTECTS = "Rows that were published say something else now: a broken export, or another unit, before it is a new past."


def check_rewritten(gate: Gate, frame: pd.DataFrame, most: float, accepted: Collection[str] = ()) -> list[CheckResult]:
    """Blocks where more than `most` of the rows of before say otherwise; `not_run` where it cannot be told. One result per row of `frame`.

    accepted  `table.column` of changes that somebody wants published
    """
    rows = (frame.iloc[[position]] for position in range(len(frame)))
    return [result for row in rows for result in _judged(gate, row, most, accepted)]


def _judged(gate: Gate, frame: pd.DataFrame, most: float, accepted: Collection[str]) -> list[CheckResult]:
    row = frame.iloc[0]
    is_accepted = f"{row['table_name']}.{row['column_name']}" in accepted
    severity: Severity = "warn" if is_accepted or row["nights"] < HISTORY else "block"
    suite = Suite(gate, "rewritten", ("table_name", "column_name"), (_ASK.between("share", None, most, _PROTECTS, severity=severity),))
    return [_told(result, row, most, is_accepted) for result in validate(suite, frame)]


def _told(result: CheckResult, row: pd.Series, most: float, is_accepted: bool) -> CheckResult:
    named = of_the_whole(result, str(row["table_name"]), f"Rewritten({row['column_name']})")
    if pd.isna(row["share"]):
        return replace(named, observed=str(row["compared_with"]))
    history = f"; at most {row['highest']:.2%} in {before(row['nights'])}" if row["nights"] else ""
    said = f"{row['share']:.2%} of {int(row['rows']):,} rows say otherwise than {row['compared_with']}, {most:.2%} allowed{history}"
    return replace(named, observed=said + ("; accepted by name" if is_accepted else ""))
