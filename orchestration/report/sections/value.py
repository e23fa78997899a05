"""Value: how expected lifetime value is spread over customers."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.charts import Chart, Series, stacked
from orchestration.report.content import Block, Note, Section, Tile, Tiles
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context
from orchestration.report.sections.model_quality import LATEST
from orchestration.report.tracking import tracking

_NO_MODEL = "No prediction yet: the model was refused or has too little history."
_DECILES = """
WITH ranked AS (
    SELECT CAST(clv_predicted AS DOUBLE) AS clv, ntile(10) OVER (ORDER BY clv_predicted DESC, customer_key) AS decile
    FROM metric_customer_clv WHERE clv_predicted IS NOT NULL
)
SELECT decile, count(*) AS customers, sum(clv) AS total, avg(clv) AS mean FROM ranked GROUP BY decile ORDER BY decile
"""
_SUMMARY = """
SELECT count(clv_predicted) AS customers, sum(clv_predicted) AS predicted, max(horizon_days) AS horizon,
    median(CAST(clv_predicted AS DOUBLE)) AS middle, sum(clv_historic) AS historic
FROM metric_customer_clv
"""
_TRACKED = f"""
SELECT * FROM ({LATEST}) WHERE starts_with(model, 'clv') AND (starts_with(metric, 'tracking_') OR metric = 'holdout_days')
"""


def value(context: Context) -> Section:
    """Totals and the share of each tenth of the customers."""
    title = "What customers are worth"
    if context.marts.is_empty("metric_customer_clv"):
        return Section("value", title, "", [Note("Lifetime value is not shown: no customer has paid yet.")])
    summary, deciles = context.marts.row(_SUMMARY), context.marts.rows(_DECILES)
    if not deciles or not summary["predicted"]:
        return Section("value", title, "", [_tiles(context, summary, []), Note(_NO_MODEL)])
    top, horizon = deciles[0]["total"] / float(summary["predicted"]), words.days(summary["horizon"])
    lead = f"The most valuable tenth of customers carries {words.percent(top, 0)} of the value expected within {horizon}."
    curves = [] if context.marts.is_empty("model_quality") else tracking(context.marts.rows(_TRACKED))
    return Section("value", title, lead, [_tiles(context, summary, deciles), _spread(context, deciles), *curves])


def _tiles(context: Context, summary: Row, deciles: list[Row]) -> Block:
    tiles = [Tile("Received so far", context.money(summary["historic"]), "net of refunds and tax")]
    if deciles:
        tiles.append(
            Tile("Expected", context.money(summary["predicted"]), f"from {words.whole(summary['customers'])} customers, discounted")
        )
        tiles.append(Tile("Middle customer", context.money(summary["middle"]), "half are expected to bring more"))
        tiles.append(Tile("Top tenth", context.money(deciles[0]["mean"]), "expected on average"))
    return Tiles(tiles)


def _spread(context: Context, rows: list[Row]) -> Block:
    names = [f"{(row['decile'] - 1) * 10}–{row['decile'] * 10}{words.THIN}%" for row in rows]
    steps = ["Top" if row["decile"] == 1 else str(row["decile"]) for row in rows]
    description = "Customers in tenths, the most valuable tenth first."
    chart = Chart("Expected value by tenth of customers", description, steps, context.money, names, "Customers")
    return stacked(chart, [Series("Expected value", "c1", [row["total"] for row in rows])])
