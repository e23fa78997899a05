"""Feedback: recommendation and satisfaction over time, each with the interval that its sample allows."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.charts import Series, lines
from orchestration.report.content import Block, Cell, Note, Section, Table, number
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context, answered, column, over_months
from orchestration.report.sections.headline import EVERYONE


def feedback(context: Context) -> Section:
    """Net Promoter Score (rolling view), satisfaction, and the themes that move the score."""
    scores = answered(context.monthly("metric_nps_monthly", f"{EVERYONE} AND view = 'rolling_90d'"))
    satisfied = answered(context.monthly("metric_csat_monthly", EVERYONE))
    blocks: list[Block] = (
        [_recommendation(scores)] if scores else [Note("Recommendation is not shown: no answer on the scale from 0 to 10 yet.")]
    )
    blocks += [_satisfaction(satisfied)] if satisfied else [Note("Satisfaction is not shown: no answer to a satisfaction question yet.")]
    themes = _themes(context)
    return Section("feedback", "What customers say", _lead(scores), [*blocks, *([themes] if themes else [])])


def _lead(scores: list[Row]) -> str:
    if not scores:
        return ""
    last = scores[-1]
    groups = ("promoters", "passives", "detractors")
    split = ", ".join(f"{words.whole(last[group])} {group.removesuffix('s') if last[group] == 1 else group}" for group in groups)
    invited = f" {words.percent(last['response_rate'], 0)} of those asked answered." if last.get("response_rate") is not None else ""
    return f"The latest answer of each customer in the rolling window: {split}.{invited}"


def _recommendation(rows: list[Row]) -> Block:
    description = "Latest answer of each customer in the rolling window, with its 95\u202f% interval."
    chart = over_months("Net Promoter Score", description, rows, words.score)
    return lines(chart, [Series("Score", "c1", column(rows, "nps"), column(rows, "nps_low"), column(rows, "nps_high"))], low=0)


def _satisfaction(rows: list[Row]) -> Block:
    description = "Share of answers in the top two boxes, with its 95\u202f% interval."
    chart = over_months("Satisfied customers", description, rows, lambda value: words.percent(value, 0))
    return lines(chart, [Series("Satisfied", "c3", column(rows, "csat"), column(rows, "csat_low"), column(rows, "csat_high"))], high=1.0)


def _themes(context: Context) -> Table | None:
    if context.marts.is_empty("metric_feedback_themes_monthly"):
        return None
    rows = context.marts.rows("""
        SELECT theme, sum(mentions) AS mentions,
            sum(mentions * mean_sentiment) / nullif(sum(mentions) FILTER (WHERE mean_sentiment IS NOT NULL), 0) AS sentiment,
            sum(mentions * score_difference) FILTER (WHERE metric = 'nps')
                / nullif(sum(mentions) FILTER (WHERE metric = 'nps' AND score_difference IS NOT NULL), 0) AS nps,
            sum(mentions * score_difference) FILTER (WHERE metric = 'csat')
                / nullif(sum(mentions) FILTER (WHERE metric = 'csat' AND score_difference IS NOT NULL), 0) AS csat
        FROM metric_feedback_themes_monthly
        WHERE month > (SELECT max(month) FROM metric_feedback_themes_monthly) - INTERVAL 3 MONTH
        GROUP BY theme ORDER BY mentions DESC LIMIT 8""")
    most = max((row["mentions"] for row in rows), default=1)
    listed = [
        [Cell(words.label(row["theme"])), number(words.whole(row["mentions"]), bar=row["mentions"] / most),
         number(words.decimal(row["sentiment"])), number(words.score(row["nps"])), number(words.score(row["csat"]))]
        for row in rows
    ]  # fmt: skip
    return Table(
        "Themes of the last three months; scores of answers with the theme minus those without it, on 0 to 100",
        ["Theme", "Mentions", "Sentiment", "NPS", "CSAT"],
        listed,
    )
