"""Data quality: what was checked, what is quarantined, how fresh sources are, and whether every landed row is accounted for."""

from __future__ import annotations

from expectations.wording import in_words
from orchestration.report import words
from orchestration.report.checks import GATES, SEVERITIES, STATE, STATES
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
_SUITES = f"""
SELECT CASE WHEN starts_with(suite, 'dbt:') THEN suite ELSE split_part(suite, ':', 1) END AS gate,
    {", ".join(f"count(*) FILTER (WHERE {STATE} = '{state}') AS {state}" for state in STATES)},
    sum(coalesce(unexpected_count, 0)) AS unexpected
FROM data_quality WHERE as_of_date = DATE '{{night}}' GROUP BY gate
"""
_FAILED = f"""
SELECT suite, table_name, expectation, {STATE} AS state, observed, unexpected_count, severity, description FROM data_quality
WHERE as_of_date = DATE '{{night}}' AND status IN ('failed', 'errored')
ORDER BY severity, state, unexpected_count DESC NULLS LAST, table_name, expectation LIMIT 12
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
    return Section("data", "Can the data be trusted?", _lead(suites), blocks, ("Every check, in words", "checks.html"))


def _lead(suites: list[Row]) -> str:
    if not suites:
        return ""
    counts = {state: sum(row[state] for row in suites) for state in STATES}
    said = f"{words.whole(counts['passed'])} of {words.whole(sum(counts.values()))} checks passed"
    wrong = [f"{words.whole(counts[state])} {STATES[state].lower()}" for state in ("warned", "failed", "errored") if counts[state]]
    idle = f" {words.whole(counts['not_run'])} did not run: there was nothing to look at." if counts["not_run"] else ""
    return f"{said}; {' and '.join(wrong)}, and none of those blocks a release.{idle}" if wrong else f"{said}; none failed.{idle}"


def _suites(rows: list[Row]) -> Block:
    found = {row["gate"]: row for row in rows}
    listed = [
        [Cell(title), *(_state(found[gate], name) for name in STATES), number(words.whole(found[gate]["unexpected"]))]
        for gate, (title, _) in GATES.items()
        if gate in found
    ]
    return Table("Checks of this night, in its order", ["Asked at", *STATES.values(), "Rows that broke one"], listed)


def _state(row: Row, name: str) -> Cell:
    return number(words.whole(row[name]), tone="bad" if name in ("failed", "errored") and row[name] else "")


def _failed(rows: list[Row]) -> Block:
    listed = [
        [Cell(row["table_name"] or words.label(row["suite"])), Cell(STATES[row["state"]]), Cell(SEVERITIES.get(row["severity"], "")),
         number(words.whole(row["unexpected_count"])), Cell(_told(row))]
        for row in rows
    ]  # fmt: skip
    return Table("Checks that did not hold", ["Table", "State", "Severity", "Rows", "What it protects"], listed)


def _told(row: Row) -> str:
    found = f" Found: {row['observed']}." if row["observed"] else ""
    return f"{words.label(in_words(row['expectation']))}: {row['description'] or ''}{found}".replace(": .", ".")


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
