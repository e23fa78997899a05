"""Base and revenue: how customers and recurring revenue moved, month by month."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.charts import Series, stacked
from orchestration.report.content import Block, Section
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context, column, last_complete, missing, over_months
from orchestration.report.sections.headline import EVERYONE

_NEEDS_BILLING = "are not shown: no subscription or order has reached this release yet."


def revenue(context: Context) -> Section:
    """Movements of recurring revenue, then of customers."""
    movements = context.monthly("metric_mrr_movements")
    if not any(row["opening_mrr"] or row["closing_mrr"] for row in movements):
        movements = []
    base = context.monthly("metric_retention_monthly", EVERYONE)
    blocks: list[Block] = [_money(context, movements)] if movements else []
    blocks += [_customers(base)] if base else []
    return Section("revenue", "Base and revenue", _lead(context, movements, base), blocks or [missing("Movements", _NEEDS_BILLING)])


def _lead(context: Context, movements: list[Row], base: list[Row]) -> str:
    if movements:
        last = last_complete(movements)
        won = float(last["new_mrr"] + last["reactivation_mrr"] + last["expansion_mrr"])
        lost = float(last["contraction_mrr"] + last["churned_mrr"])
        return f"In {words.month(last['month'])}, {context.money(won)} of monthly revenue was won and {context.money(lost)} lost."
    if base:
        last = last_complete(base)
        won = last["customers_new"] + last["customers_reactivated"]
        left = words.whole(last["customers_churned"])
        return f"In {words.month(last['month'])}, {words.whole(won)} customers came or came back and {left} left."
    return ""


def _money(context: Context, rows: list[Row]) -> Block:
    chart = over_months("Movements of monthly recurring revenue", "Won above the line, lost below it.", rows, context.money)
    parts = [("new", "New", 1, "c1"), ("reactivation", "Came back", 1, "c2"), ("expansion", "Expansion", 1, "c3")]
    parts += [("contraction", "Contraction", -1, "c4"), ("churned", "Churned", -1, "c5")]
    return stacked(chart, [Series(name, color, column(rows, f"{part}_mrr", sign)) for part, name, sign, color in parts])


def _customers(rows: list[Row]) -> Block:
    chart = over_months("Customers who came and left", "Came above the line, left below it.", rows, words.whole)
    parts = [("new", "New", 1, "c1"), ("reactivated", "Came back", 1, "c2"), ("churned", "Left", -1, "c5")]
    return stacked(chart, [Series(name, color, column(rows, f"customers_{part}", sign)) for part, name, sign, color in parts])
