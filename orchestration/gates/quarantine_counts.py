"""What the landing gate found, in numbers.

Comes in: a connection on which `quarantine.examine` has run. Goes out: one TableCounts per source and table that has landed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from orchestration.gates.between_rows import PARENT_QUARANTINED

# A load of fewer rows says too little about itself; it is judged with the whole table.
ROWS_OF_A_BATCH = 1_000
_OWN = f"rule <> '{PARENT_QUARANTINED}'"


@dataclass(frozen=True)
class TableCounts:
    """What the gate found in one table of one source, in rows.

    landed       rows landed by all loads, tombstones excluded
    quarantined  rows in quarantine for any reason; `own` those that break a rule themselves (their parent's fault is not theirs)
    newest_*     the same in the newest load
    by_rule      rule → rows
    """

    source: str
    table_name: str
    landed: int
    tombstones: int
    quarantined: int
    own: int
    newest_landed: int
    newest_own: int
    by_rule: Mapping[str, int] = field(default_factory=dict)

    @property
    def judged(self) -> tuple[int, int]:
        """Rows that break a rule themselves, and of how many: of the whole table, or of its newest load where that is worse."""
        if self.newest_landed >= ROWS_OF_A_BATCH and self.newest_own * self.landed > self.own * self.newest_landed:
            return self.newest_own, self.newest_landed
        return self.own, self.landed

    @property
    def share(self) -> float:
        """The share of rows that break a rule themselves."""
        bad, rows = self.judged
        return bad / rows if rows else 0.0


def counts(connection: duckdb.DuckDBPyConnection) -> list[TableCounts]:
    """What `examine` last found, one entry per source and table that has landed anything, by table and source."""
    newest = "load_id = max(load_id) OVER (PARTITION BY source, table_name)"
    rows = connection.execute(f"""
        WITH loads AS (SELECT *, {newest} AS is_newest FROM ops.gate_loads),
        bad AS (SELECT source, table_name, load_id, row_number, bool_or({_OWN}) AS is_own FROM ops.quarantined_rows GROUP BY ALL),
        bad_by_load AS (SELECT source, table_name, load_id, count(*) AS bad, count_if(is_own) AS own FROM bad GROUP BY ALL),
        bad_by_rule AS (SELECT source, table_name, rule, count(*) AS bad FROM ops.quarantined_rows GROUP BY ALL),
        rules AS (
            SELECT source, table_name, map(list(rule ORDER BY rule), list(bad ORDER BY rule)) AS by_rule FROM bad_by_rule GROUP BY ALL
        )
        SELECT source, table_name, sum(landed), sum(tombstones), coalesce(sum(bad), 0), coalesce(sum(own), 0),
            sum(landed) FILTER (WHERE is_newest), coalesce(sum(own) FILTER (WHERE is_newest), 0), any_value(by_rule)
        FROM loads LEFT JOIN bad_by_load USING (source, table_name, load_id) LEFT JOIN rules USING (source, table_name)
        GROUP BY source, table_name ORDER BY table_name, source""").fetchall()
    return [_counted(row) for row in rows]


def _counted(row: tuple[Any, ...]) -> TableCounts:
    source, table_name, *numbers, by_rule = row
    landed, tombstones, quarantined, own, newest_landed, newest_own = map(int, numbers)
    return TableCounts(source, table_name, landed, tombstones, quarantined, own, newest_landed, newest_own, by_rule or {})
