"""Risk: who may leave, what that would cost, and why."""

from __future__ import annotations

from orchestration.report import words
from orchestration.report.content import Block, Cell, Note, Section, Table, number
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context

_LISTED = 12
_BANDS = """
SELECT risk_band, count(*) AS customers, avg(churn_probability) AS mean FROM fct_churn_scores GROUP BY risk_band
ORDER BY CASE risk_band WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END
"""
_TOTAL = """
SELECT sum(churn_probability) AS leavers, count(*) AS customers, max(horizon_days) AS horizon FROM fct_churn_scores
"""


def risk(context: Context) -> Section:
    """Customers by expected loss: probability of leaving × value expected from them."""
    title = "Who is at risk, and why"
    if context.marts.is_empty("fct_churn_scores"):
        note = "Nobody is scored yet: the model was refused or has too little history. The section on models says which."
        return Section("risk", title, "", [Note(note)])
    rows = context.marts.rows(_losses(context))
    bands = context.marts.rows(_BANDS)
    is_valued = any(row["value"] is not None for row in rows)
    return Section("risk", title, _lead(context), [_bands(bands, is_valued), _customers(context, rows, is_valued)])


def _losses(context: Context) -> str:
    has_value = not context.marts.is_empty("metric_customer_clv")
    value = "clv_predicted" if has_value else "NULL"
    join = "LEFT JOIN metric_customer_clv USING (customer_key)" if has_value else ""
    return f"""SELECT customer_key, churn_probability, reasons, CAST({value} AS DOUBLE) AS value, churn_probability * value AS loss
        FROM fct_churn_scores {join} ORDER BY loss DESC NULLS LAST, churn_probability DESC, customer_key LIMIT {_LISTED}"""


def _lead(context: Context) -> str:
    row = context.marts.row(_TOTAL)
    customers, leavers = words.whole(row["customers"]), words.whole(row["leavers"])
    share = words.percent(row["leavers"] / row["customers"])
    return f"Of {customers} active customers, {leavers} ({share}) are expected to leave within {row['horizon']} days."


def _bands(rows: list[Row], is_valued: bool) -> Block:
    total = sum(row["customers"] for row in rows)
    listed = [
        [Cell(words.label(row["risk_band"] or "unknown")), number(words.whole(row["customers"]), bar=row["customers"] / total),
         number(words.percent(row["mean"]))]
        for row in rows
    ]  # fmt: skip
    by = "expected loss, probability × value" if is_valued else "probability; no value is predicted"
    return Table(f"Customers by {by}", ["Band", "Customers", "Mean probability"], listed)


def _customers(context: Context, rows: list[Row], is_valued: bool) -> Block:
    listed = [
        [Cell(words.key(row["customer_key"]), code=True), number(words.percent(row["churn_probability"], 0), bar=row["churn_probability"]),
         number(context.money(row["value"])), number(context.money(row["loss"])), Cell(_why(row))]
        for row in rows
    ]  # fmt: skip
    valued = "whose leaving would cost most: probability × value expected"
    unvalued = "likeliest to leave; what that would cost is not known, for no value is predicted"
    caption = f"The {len(rows)} customers {valued if is_valued else unvalued}"
    return Table(caption, ["Customer", "May leave", "Value", "Expected loss", "Why"], listed)


def _why(row: Row) -> str:
    return "; ".join(words.label(reason) for reason in (row["reasons"] or [])[:3])
