"""Actions: what to do next, for how many, and what it is expected to bring."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.content import Block, Cell, Note, Section, Table, number
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context

_BY_ACTION = """
SELECT action, count(*) AS customers, avg(expected_uplift) AS uplift, sum(expected_value) AS total
FROM fct_next_best_actions GROUP BY action ORDER BY action = 'nothing', total DESC NULLS LAST, customers DESC
"""
_TOP = """
SELECT customer_key, action, expected_uplift, expected_value, reason
FROM fct_next_best_actions WHERE action <> 'nothing' AND expected_value > 0 ORDER BY expected_value DESC, customer_key LIMIT 10
"""
_TOTAL = """
SELECT count(*) AS customers, count(*) FILTER (WHERE action <> 'nothing') AS treated, count(*) FILTER (WHERE is_holdout) AS held,
    count(*) FILTER (WHERE action <> 'nothing' AND expected_value > 0) AS paying,
    sum(expected_value) FILTER (WHERE action <> 'nothing') AS total FROM fct_next_best_actions
"""
_NOTHING = "Doing nothing is the best choice for everyone tonight: no action is expected to bring more than it costs."
_NOBODY = "Nobody may be treated tonight: every action was removed by a rule; the table below says by which."
_OPEN = "SELECT count(*) AS candidates FROM fct_action_candidates WHERE gate_removed_by IS NULL AND action <> 'nothing'"
_GATES = """
SELECT gate_removed_by, count(*) AS candidates FROM fct_action_candidates
WHERE gate_removed_by IS NOT NULL GROUP BY ALL ORDER BY candidates DESC LIMIT 8
"""


def actions(context: Context) -> Section:
    """Chosen actions, the most valuable ones, and what the gates removed."""
    if context.marts.is_empty("fct_next_best_actions"):
        return Section("actions", "What to do next", "", [Note("No actions yet: nothing was decided in this release.")])
    total = context.marts.row(_TOTAL)
    blocks: list[Block] = [_by_action(context, context.marts.rows(_BY_ACTION), total["customers"])]
    gates = [] if context.marts.is_empty("fct_action_candidates") else context.marts.rows(_GATES)
    top = context.marts.rows(_TOP)
    blocks += [_top(context, top)] if top else [Note(_NOTHING if not gates or context.marts.row(_OPEN)["candidates"] else _NOBODY)]
    return Section("actions", "What to do next", _lead(context, total), [*blocks, *([_gates(gates)] if gates else [])])


def _lead(context: Context, row: Row) -> str:
    held = f" {words.whole(row['held'])} are held out, so that the effect can be measured." if row["held"] else ""
    if not row["treated"]:
        return f"No action is advised tonight.{held}"
    if not row["paying"]:  # without a policy, or where none of its effects pays, the draw alone chooses
        drawn = f"{words.whole(row['treated'])} are drawn at random all the same, so that a policy can be learnt and judged"
        return f"No action is expected to pay for its cost tonight; {drawn}: {context.money(row['total'])} after cost.{held}"
    advised = f"An action is advised for {words.whole(row['treated'])} customers"
    return f"{advised}, expected to bring {context.money(row['total'])} after cost.{held}"


def _by_action(context: Context, rows: list[Row], customers: int) -> Block:
    listed = [
        [Cell(words.label(row["action"])), number(words.whole(row["customers"]), bar=row["customers"] / customers),
         number(words.percent(row["uplift"])), number(context.money(row["total"]))]
        for row in rows
    ]  # fmt: skip
    return Table(
        "Decisions by action, those drawn at random to learn from among them (their uplift may be below 0); uplift is the gain in what it "
        "aims at: the chance of staying, where nothing else is named",
        ["Action", "Customers", "Mean uplift", "Expected value"],
        listed,
    )


def _top(context: Context, rows: list[Row]) -> Block:
    listed = [
        [Cell(words.key(row["customer_key"]), code=True), Cell(words.label(row["action"])), number(words.percent(row["expected_uplift"])),
         number(context.money(row["expected_value"])), Cell(row["reason"] or "")]
        for row in rows
    ]  # fmt: skip
    return Table("Where acting pays most", ["Customer", "Action", "Uplift", "Expected value", "Why"], listed)


def _gates(rows: list[Row]) -> Block:
    most = rows[0]["candidates"]
    listed = [
        [Cell(words.label(row["gate_removed_by"])), number(words.whole(row["candidates"]), bar=row["candidates"] / most)] for row in rows
    ]
    return Table("Candidates that were not allowed, by the rule that removed them", ["Rule", "Candidates"], listed)
