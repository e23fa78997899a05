"""The four numbers at the top: revenue, customers, retention, recommendation."""

from __future__ import annotations

from orchestration.plain_words import counted
from orchestration.report import words
from orchestration.report.content import Tile
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context, answered, last_complete

EVERYONE = "dimension = 'all'"


def headline(context: Context) -> list[Tile]:
    """Tiles; one whose mart is empty says so."""
    base = context.monthly("metric_retention_monthly", EVERYONE)
    return [_revenue(context), _customers(base), _retention(base), _recommendation(context)]


def _revenue(context: Context) -> Tile:
    rows = context.monthly("metric_mrr_movements")
    if rows and any(row["closing_mrr"] for row in rows):
        last = rows[-1]
        change = float(last["closing_mrr"]) - float(last["opening_mrr"])
        return Tile("Monthly recurring revenue", context.money(last["closing_mrr"]), _since(context.money(change), last), _tone(change))
    return _orders(context)


def _orders(context: Context) -> Tile:
    if context.marts.is_empty("fct_orders"):
        return Tile("Revenue", words.MISSING, "no orders in this release")
    query = """SELECT sum(net_amount_reporting) FILTER (WHERE age < 30) AS now, sum(net_amount_reporting) FILTER (WHERE age >= 30) AS before
        FROM (SELECT *, DATE '{day}' - CAST(ordered_at AS DATE) AS age FROM fct_orders) WHERE age BETWEEN 0 AND 59"""
    row = context.marts.row(query.format(day=context.as_of))
    change = float(row["now"] or 0) - float(row["before"] or 0)
    detail = f"{words.change(context.money(change))} against the 30 days before"
    return Tile("Revenue of the last 30 days", context.money(row["now"] or 0), detail, _tone(change))


def _customers(rows: list[Row]) -> Tile:
    if not rows:
        return Tile("Active customers", words.MISSING, "no active months in this release")
    last = rows[-1]
    change = last["customers_at_end"] - last["customers_at_start"]
    return Tile("Active customers", words.whole(last["customers_at_end"]), _since(words.whole(change), last), _tone(change))


def _retention(rows: list[Row]) -> Tile:
    if not rows:
        return Tile("Customer retention", words.MISSING, "no active months in this release")
    last = last_complete(rows)
    net = last["net_revenue_retention"]
    detail = f"in {words.month(last['month'])}" + (f", net revenue {words.percent(net)}" if net is not None else "")
    return Tile("Customer retention", words.percent(last["customer_retention_rate"]), detail)


def _recommendation(context: Context) -> Tile:
    rows = answered(context.monthly("metric_nps_monthly", f"{EVERYONE} AND view = 'rolling_90d'"))
    if not rows:
        return Tile("Net Promoter Score", words.MISSING, "no survey answers in this release")
    last = rows[-1]
    interval = f"95{words.THIN}% interval {words.score(last['nps_low'])} to {words.score(last['nps_high'])}"
    few = "" if last["is_reliable"] else ", too few to rely on"
    return Tile("Net Promoter Score", words.score(last["nps"]), f"{interval}; {counted(last['responses'], 'answer')}{few}")


def _since(change: str, row: Row) -> str:
    return f"{words.change(change)} in {words.month(row['month'])}" + ("" if row["is_complete"] else " so far")


def _tone(change: float) -> str:
    return "good" if change > 0 else "bad" if change < 0 else ""
