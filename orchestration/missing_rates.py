"""Which exchange rates are missing, for whoever reads that a night was refused.

Comes in: what dbt found, and the query of the check as dbt compiled it. Goes out: the same lines, with currency and day.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

CHECK = "assert_needed_rates_are_known"


def named(failed: list[str], target: Path, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """`failed`, one line a check; that of the rates says which are missing. `target` is where dbt left its artefacts."""
    return [f"{line}: {_told(target, connection)}" if line.startswith(f"{CHECK}:") else line for line in failed]


def _told(target: Path, connection: duckdb.DuckDBPyConnection) -> str:
    (compiled,) = (target / "compiled").rglob(f"{CHECK}.sql")
    rows = connection.execute(compiled.read_text(encoding="utf-8")).fetchall()
    wanted = ", ".join(f"{currency or 'an unnamed currency'} of {day} or before" for currency, day in rows)
    return f"exchange_rates needs a rate for {wanted}"
