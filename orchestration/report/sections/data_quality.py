"""Data quality: what was checked, what is quarantined, how fresh sources are, and whether every landed row is accounted for."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.content import Block, Cell, Note, Section, Table, number
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context

_WHEREABOUTS = {
    "landed": "Landed",
    "staged": "Staged",
    "deduplicated": "Deduplicated",
    "quarantined": "Quarantined",
    "after_as_of": "After the as-of day",
}
_SUITES = """
SELECT suite, count(*) AS checks, count(*) FILTER (WHERE success) AS passed, sum(coalesce(unexpected_count, 0)) AS unexpected
FROM data_quality WHERE as_of_date = DATE '{night}' GROUP BY suite ORDER BY passed = checks, suite
"""
_FAILED = """
SELECT suite, table_name, expectation, observed, unexpected_count, severity FROM data_quality
WHERE as_of_date = DATE '{night}' AND success IS NOT TRUE ORDER BY severity, unexpected_count DESC NULLS LAST LIMIT 12
"""


def data_quality(context: Context) -> Section:
    """Checks first, then sources, then the account of rows."""
    marts = context.marts
    blocks: list[Block] = []
    suites = [] if marts.is_empty("data_quality") else marts.rows(_SUITES.format(night=context.as_of))
    if suites:
        failed = marts.rows(_FAILED.format(night=context.as_of))
        blocks += [_failed(failed)] if failed else []
        blocks += [_suites(suites)]
    else:
        blocks.append(Note("No check is recorded in this release."))
    if not marts.is_empty("data_reconciliation"):
        blocks.append(_reconciled(marts.rows("FROM data_reconciliation ORDER BY quarantined DESC, table_name")))
    if not marts.is_empty("data_sources"):
        blocks.append(_sources(marts.rows("FROM data_sources ORDER BY source, table_name")))
    return Section("data", "Can the data be trusted?", _lead(suites), blocks)


def _lead(suites: list[Row]) -> str:
    if not suites:
        return ""
    checks, passed = sum(row["checks"] for row in suites), sum(row["passed"] for row in suites)
    if checks == passed:
        return f"All {words.whole(checks)} checks passed."
    return f"{words.whole(passed)} of {words.whole(checks)} checks passed; none of the others blocks a release."


def _suites(rows: list[Row]) -> Block:
    listed = [
        [Cell(words.label(row["suite"])), number(words.whole(row["checks"])),
         number(words.whole(row["passed"]), tone="" if row["passed"] == row["checks"] else "bad"), number(words.whole(row["unexpected"]))]
        for row in rows
    ]  # fmt: skip
    return Table("Checks of this run", ["Suite", "Checks", "Passed", "Rows that broke one"], listed)


def _failed(rows: list[Row]) -> Block:
    listed = [
        [Cell(row["table_name"] or words.label(row["suite"])), Cell(words.label(row["expectation"])), Cell(row["observed"] or ""),
         number(words.whole(row["unexpected_count"])), Cell(row["severity"] or "")]
        for row in rows
    ]  # fmt: skip
    return Table("Checks that did not pass", ["Table", "Expected", "Found", "Rows", "Severity"], listed)


def _reconciled(rows: list[Row]) -> Block:
    listed = [[Cell(row["table_name"]), *(_counted(row, name) for name in _WHEREABOUTS)] for row in rows]
    return Table("Every landed row is accounted for", ["Table", *_WHEREABOUTS.values()], listed)


def _counted(row: Row, name: str) -> Cell:
    return number(words.whole(row[name]), tone="bad" if name == "quarantined" and row[name] else "")


def _sources(rows: list[Row]) -> Block:
    listed = [
        [Cell(row["source"]), Cell(row["table_name"]), number(words.whole(row["landed_rows"])), number(words.moment(row["last_landed_at"])),
         number(words.moment(row["last_event_at"]))]
        for row in rows
    ]  # fmt: skip
    return Table("Sources (times in UTC)", ["Source", "Table", "Rows landed", "Last landed", "Newest fact"], listed)
