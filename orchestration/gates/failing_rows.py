"""Which rows a dbt test found: up to ten of them, by their keys, so that nobody has to look for the compiled SQL to see what is wrong.

Comes in: the warehouse, after dbt has let go of it, and the query that a failed test asked. Goes out: its rows in words.
"""

from __future__ import annotations

import duckdb

from expectations.masking import masked_key
from expectations.outcomes import EXAMPLES

# What names a row without telling whom it is about; columns of tests that are neither (an address, a text, an amount) are left out.
_KEYS = ("_id", "_key", "_date", "_day", "_index", "_at")
_NAMES = {
    *("action", "basis", "channel", "cohort_month", "column_name", "currency", "day", "dimension", "dimension_value", "from_stage", "kind"),
    *("language", "measure", "metric", "month", "months_since", "n_rows", "order_kind", "purpose", "record_type", "source", "source_name"),
    *("stratum", "table_name", "theme", "to_stage", "valid_from", "view"),
}


def examples(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """`column value | …` of up to ten of the query's rows, in order; none where its rows have no keys to show.

    A column `advice` says in words what is to be done, and is shown alone.
    """
    found = connection.sql(query)
    if "advice" in found.columns:
        return [advice for (advice,) in found.project("advice").distinct().order("ALL").limit(EXAMPLES).fetchall()]
    keys = [name for name in found.columns if name in _NAMES or name.endswith(_KEYS)]
    if not keys:
        return []
    rows = found.project(", ".join(f'"{name}"' for name in keys)).distinct().order("ALL").limit(EXAMPLES).fetchall()
    return [" | ".join(_told(name, value) for name, value in zip(keys, row, strict=True)) for row in rows]


def _told(name: str, value: object) -> str:
    return f"{name} {'(missing)' if value is None else masked_key(name, str(value))}"
