"""Whether what people look at is spread as in the last release: prices in cents, a country that vanished, scores that all moved.

Comes in: one row per watched column (`table_name`, `column_name`, `psi`, `compared_with`, `nights`, `highest`). Goes out: CheckResults.
A drifted column warns and never blocks: a campaign or a new market drifts too, and a person has to say which it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from expectations.base import CheckResult, Gate, Owner, Suite
from expectations.gates import validate
from expectations.outcomes import before, of_the_whole

_ASK = Owner("the data team")


@dataclass(frozen=True)
class Watched:
    """Columns of one mart whose distribution is compared; `day` makes it that of the newest WATCHED_DAYS, else of the whole table."""

    columns: tuple[str, ...]
    day: str | None = None


# What a table of facts brought lately: over its whole history nothing ever drifts.
WATCHED_DAYS = 30
WATCHED = {
    "dim_customers": Watched(("country", "industry", "company_size", "acquisition_channel", "lifecycle_stage", "can_email")),
    "dim_customer_segments": Watched(("rfm_segment", "recency_days", "monetary")),
    "fct_orders": Watched(("net_amount_reporting", "currency", "order_kind"), "ordered_at"),
    "fct_survey_responses": Watched(("score_0_100", "metric", "channel"), "responded_at"),
    "fct_tickets": Watched(("priority", "channel", "topic"), "opened_at"),
    "fct_churn_scores": Watched(("churn_probability", "risk_band")),
    "fct_next_best_actions": Watched(("action", "expected_value")),
    "metric_customer_clv": Watched(("clv_predicted",)),
}


def check_drift(gate: Gate, frame: pd.DataFrame, most: float) -> list[CheckResult]:
    """Warns where the population stability index is above `most`; `not_run` where it is missing. One result per row of `frame`."""
    moved = _ASK.between(
        "psi", None, most, "A distribution that jumped overnight is more often a broken source than a new world.", severity="warn"
    )
    suite = Suite(gate, "drift", ("table_name", "column_name"), (moved,))
    rows = (frame.iloc[[position]] for position in range(len(frame)))
    return [_told(result, row.iloc[0], most) for row in rows for result in validate(suite, row)]


def _told(result: CheckResult, row: pd.Series, most: float) -> CheckResult:
    named = of_the_whole(result, str(row["table_name"]), f"Drift({row['column_name']})")
    if pd.isna(row["psi"]):
        return replace(named, observed=str(row["compared_with"]))
    history = f"; at most {row['highest']:.3g} in {before(row['nights'])}" if row["nights"] else ""
    return replace(named, observed=f"PSI {row['psi']:.3g} against {row['compared_with']}, {most:g} allowed{history}")
