"""The page of checks: everything that was asked of the data of one release, in words, with what was found and how it held in nights before.

Comes in: a release, or a run that was refused. Goes out: sections, one a gate, with one table for each table that was judged. No values
of rows; keys of rows, masked, of a run alone: a release is handed on, and has none in `data_quality`.
"""

from __future__ import annotations

from itertools import groupby

from expectations.wording import in_words
from orchestration.plain_words import counted
from orchestration.report import words
from orchestration.report.content import Block, Cell, Note, Section, Table, Tile, number
from orchestration.report.marts import Marts, Row

NIGHTS = 30
STATES = {"passed": "Passed", "warned": "Warned", "failed": "Failed", "errored": "Errored", "not_run": "Did not run"}
# What only warns is no failure: who reads "1 failed" of a release looks for what should have refused it.
STATE = "CASE WHEN status = 'failed' AND severity = 'warn' THEN 'warned' ELSE status END"
# In the order of the night; what is asked by dbt stands between the gates.
GATES = {
    "landing": ("Landing gate", "What comes from the sources, before anything is built on it."),
    "dbt:before_models": ("dbt: staging to marts", "What must be true inside the warehouse: keys, relations, identities of metrics."),
    "mart": ("Mart gate", "Marts before models and readers use them."),
    "dbt:after_models": ("dbt: scores and audiences", "The same of what is built from the models."),
    "audience": ("Audience gate", "Scores and audiences: the last look before anything can be seen."),
}
SEVERITIES = {"block": "blocks", "warn": "warns"}
_CHECKS = f"""
WITH nights AS (SELECT DISTINCT as_of_date FROM data_quality ORDER BY as_of_date DESC LIMIT {NIGHTS}),
    tonight AS (FROM data_quality WHERE as_of_date = DATE '{{night}}'),
    history AS (
        SELECT suite, expectation, table_name, count(DISTINCT as_of_date) FILTER (WHERE status <> 'not_run') AS ran,
            count(DISTINCT as_of_date) FILTER (WHERE status IN ('failed', 'errored')) AS broke,
            max(as_of_date) FILTER (WHERE status IN ('failed', 'errored')) AS last_broke
        FROM data_quality SEMI JOIN nights USING (as_of_date) GROUP BY ALL
    )
SELECT coalesce(table_name, '') AS table_name, suite, expectation, {STATE} AS state, severity, observed, unexpected_count, description,
    {{examples}} AS examples, ran, broke, last_broke
FROM tonight LEFT JOIN history USING (suite, expectation, table_name)
ORDER BY table_name, status IN ('passed', 'not_run'), suite, expectation
"""


def checks(marts: Marts, night: object) -> tuple[list[Tile], list[Section]]:
    """The counts of the night by state, and one section a gate."""
    rows = [] if marts.is_empty("data_quality") else marts.rows(_CHECKS.format(night=night, examples=_examples(marts)))
    counts = {state: sum(row["state"] == state for row in rows) for state in STATES}
    tiles = [Tile(label, words.whole(counts[state]), tone=_tone(state)) for state, label in STATES.items()]
    return tiles, [_section(name, [row for row in rows if _gate(row["suite"]) == name]) for name in GATES]


def _examples(marts: Marts) -> str:
    has = any(row["column_name"] == "examples" for row in marts.rows("DESCRIBE data_quality"))
    return "examples" if has else "CAST([] AS VARCHAR[])"


def _gate(suite: str) -> str:
    return suite if suite.startswith("dbt:") else suite.partition(":")[0]


def _section(name: str, rows: list[Row]) -> Section:
    title, lead = GATES[name]
    tables = [(table, list(found)) for table, found in groupby(rows, key=lambda row: row["table_name"])]
    # Who opens the page of a refused night looks for what refused it.
    blocks: list[Block] = [_table(table, found) for table, found in sorted(tables, key=lambda one: not any(map(_is_broken, one[1])))]
    return Section(name.replace(":", "-"), title, lead, blocks or [Note("Nothing was asked here.")])


def _is_broken(row: Row) -> bool:
    return row["state"] in ("failed", "errored")


def _table(table: str, rows: list[Row]) -> Table:
    columns = ["Expected", "State", "Else", f"In {NIGHTS} nights", "Found, and what it protects"]
    return Table(table or "the project", columns, [_line(row) for row in rows])


def _line(row: Row) -> list[Cell]:
    found = f"{row['observed']}. " if row["observed"] else ""
    broken = f"It was broken by {counted(row['unexpected_count'], 'row')}. " if row["unexpected_count"] else ""
    return [
        Cell(in_words(row["expectation"])),
        Cell(STATES[row["state"]], tone=_tone(row["state"])),
        Cell(SEVERITIES.get(row["severity"], "")),
        number(_held(row)),
        Cell(f"{_last(row)}{broken}{_such_as(row)}{found}{row['description'] or ''}".strip() or words.MISSING),
    ]


def _such_as(row: Row) -> str:
    return f"Such as {', '.join(row['examples'])}. " if row["examples"] else ""


def _held(row: Row) -> str:
    if not row["ran"]:
        return words.MISSING
    if not row["broke"]:
        return f"held {words.whole(row['ran'])}×"
    return f"broke {words.whole(row['broke'])} of {words.whole(row['ran'])}"


def _last(row: Row) -> str:
    """When it broke before, of what holds again: of what is broken tonight the state says it."""
    holds_again = row["broke"] and row["state"] in ("passed", "not_run")
    return f"It last broke on {words.day(row['last_broke'])}. " if holds_again else ""


def _tone(state: str) -> str:
    return "bad" if state in ("failed", "errored") else ""
