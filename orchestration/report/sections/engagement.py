"""Engagement: what was sent, what came back, and what campaigns brought."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.charts import Series, lines
from orchestration.report.content import Block, Cell, Note, Section, Table, number
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context, column, last_complete, over_months
from orchestration.report.sections.headline import EVERYONE

_CAMPAIGNS = """
SELECT coalesce(name, campaign_id) AS name, delivered, click_rate, cost, return_method,
    return_on_cost AS mean, return_on_cost_low AS low, return_on_cost_high AS high
FROM metric_campaign_performance ORDER BY started_at DESC NULLS LAST, campaign_id LIMIT 8
"""
_METHODS = {"holdout": "against holdout", "attribution_linear": "attributed", "none": ""}


def engagement(context: Context) -> Section:
    """Click rate by month and the latest campaigns."""
    rows = [row for row in context.monthly("metric_engagement_monthly", EVERYONE) if row["interactions"]]
    campaigns = [] if context.marts.is_empty("metric_campaign_performance") else context.marts.rows(_CAMPAIGNS)
    blocks: list[Block] = [_clicks(rows)] if any(row["click_rate"] is not None for row in rows) else []
    blocks += [_campaigns(context, campaigns)] if campaigns else []
    return Section(
        "engagement",
        "Engagement and campaigns",
        _lead(rows),
        blocks or [Note("Not shown: no interaction or campaign has reached this release yet.")],
    )


def _lead(rows: list[Row]) -> str:
    if not rows:
        return ""
    last = last_complete(rows)
    clicked = f", of which {words.percent(last['click_rate'])} were clicked" if last["click_rate"] is not None else ""
    return f"In {words.month(last['month'])}, {words.whole(last['delivered'])} messages were delivered{clicked}."


def _clicks(rows: list[Row]) -> Block:
    chart = over_months(
        "Messages clicked", "Unique clicks ÷ delivered messages. Opens are left out: mail programs fake them.", rows, words.percent
    )
    return lines(chart, [Series("Clicked", "c1", column(rows, "click_rate"))], low=0)


def _campaigns(context: Context, rows: list[Row]) -> Block:
    listed = [
        [Cell(row["name"]), number(words.whole(row["delivered"])), number(words.percent(row["click_rate"])),
         number(context.money(row["cost"])), number(_return(row)), Cell(_METHODS.get(row["return_method"], ""))]
        for row in rows
    ]  # fmt: skip
    caption = (
        f"Latest campaigns. Return is causal against a holdout, with its 95{words.THIN}% interval; attributed, it is a share of credit"
    )
    return Table(caption, ["Campaign", "Delivered", "Clicked", "Cost", "Return", "Measured"], listed)


def _return(row: Row) -> str:
    mean, low, high = (words.decimal(row[name], 1) for name in ("mean", "low", "high"))
    return mean if row["low"] is None else f"{mean} ({low} to {high})"
