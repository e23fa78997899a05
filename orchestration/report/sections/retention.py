"""Retention: rates over time, cohorts as a heat map, and who went from which stage of the lifecycle to which."""

from __future__ import annotations

from datetime import date

from orchestration.report import words
from orchestration.report.charts import Series, lines
from orchestration.report.content import Block, Cell, Note, Section, Table, number
from orchestration.report.marts import Row
from orchestration.report.sections.context import Context, column, last_complete, over_months
from orchestration.report.sections.headline import EVERYONE

_COHORTS, _MONTHS_SINCE = 13, 12
_UNKNOWN = "not_yet_known"
_JOURNEY = ("prospect", "onboarding", "developing", "loyal", "at_risk", "lapsed", "won_back")


def retention(context: Context) -> Section:
    """Rates of months that are over; a cohort's cell is empty until its month is over."""
    rows = [row for row in context.monthly("metric_retention_monthly", EVERYONE) if row["customers_at_start"] and row["is_complete"]]
    cohorts = _cohorts(context)
    blocks: list[Block] = (
        [_rates(rows)] if rows else [Note("Rates are not shown: they need a customer who was active in one month and a month after it.")]
    )
    blocks += [_heat_map(cohorts)] if cohorts else []
    moves = _moves(context)
    blocks += [_transitions(moves)] if moves else []
    return Section("retention", "Retention", _lead(rows), blocks)


def _lead(rows: list[Row]) -> str:
    if not rows:
        return ""
    last = last_complete(rows)
    kept = f"{words.whole(last['customers_at_start'] - last['customers_churned'])} of {words.whole(last['customers_at_start'])}"
    return f"{kept} customers stayed through {words.month(last['month'])}."


def _rates(rows: list[Row]) -> Block:
    series = [Series("Customers", "c1", column(rows, "customer_retention_rate"))]
    if any(row["net_revenue_retention"] is not None for row in rows):
        series += [Series("Gross revenue", "c4", column(rows, "gross_revenue_retention"))]
        series += [Series("Net revenue", "c3", column(rows, "net_revenue_retention"))]
    return lines(over_months("Monthly retention", "Share kept from one month to the next.", rows, words.percent), series, high=1.0)


def _cohorts(context: Context) -> list[Row]:
    if context.marts.is_empty("metric_cohort_retention"):
        return []
    return context.marts.rows(f"""
        FROM metric_cohort_retention
        WHERE basis = 'customers' AND months_since <= {_MONTHS_SINCE} AND cohort_month IN
            (SELECT DISTINCT cohort_month FROM metric_cohort_retention ORDER BY 1 DESC LIMIT {_COHORTS})
        ORDER BY cohort_month, months_since""")


def _moves(context: Context) -> list[Row]:
    """The moves of the month before the as-of month: of that one alone it is known whose payments are overdue."""
    if context.marts.is_empty("metric_lifecycle_monthly"):
        return []
    return context.marts.rows("""
        FROM metric_lifecycle_monthly
        WHERE month = (SELECT max(month) - INTERVAL 1 MONTH FROM metric_lifecycle_monthly)""")


def _transitions(rows: list[Row]) -> Block:
    """Stages in the order of a customer's life; a cell is coloured by the share of its row that ended the month in its column."""
    found = {(row["from_stage"], row["to_stage"]): row for row in rows}
    known = {row["to_stage"] for row in rows if row["from_stage"] == row["to_stage"]}
    stages = sorted(known, key=lambda stage: (_JOURNEY.index(stage) if stage in _JOURNEY else len(_JOURNEY), stage))
    return Table(
        f"Stages of the lifecycle when {words.month(rows[0]['month'])} began (rows) and when it ended (columns)",
        ["From", *(words.label(stage) for stage in stages)],
        [_moved(found, stage, stages) for stage in [*stages, _UNKNOWN]],
        heat=True,
    )


def _moved(found: dict[tuple[str, str], Row], before: str, stages: list[str]) -> list[Cell]:
    moves = [found[before, after] for after in stages]
    return [Cell(words.label(before)), *(number(words.whole(row["customers"]), heat=row["transition_rate"] or 0.0) for row in moves)]


def _heat_map(rows: list[Row]) -> Block:
    found = {(row["cohort_month"], row["months_since"]): row for row in rows}
    cohorts = sorted({row["cohort_month"] for row in rows})
    last = max(row["months_since"] for row in rows)
    return Table(
        "Customers still active, by the month they became active and the months since",
        ["First active", "Customers", *map(str, range(last + 1))],
        [_cohort(found, cohort, last) for cohort in cohorts],
        heat=True,
    )


def _cohort(found: dict[tuple[date, int], Row], cohort: date, last: int) -> list[Cell]:
    size = found.get((cohort, 0), {}).get("cohort_size")
    rates = [found.get((cohort, since), {}).get("retention_rate") for since in range(last + 1)]
    cells = [Cell("" if rate is None else words.percent(rate, 0), number=True, heat=rate) for rate in rates]
    return [Cell(words.month(cohort)), Cell(words.whole(size), number=True), *cells]
