"""What may hardly change of the past: columns of marts whose rows, once published, say the same the night after.

Knows nothing but names, so that a configuration is checked against it before anything else is imported.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Past:
    """One mart: the columns by which a row is found again, and those that should still say what they said."""

    key: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All that is compared."""
        return self.numbers + self.texts


# What sources say and readers add up or split by. Scores, stages and segments follow from it, and are judged where they are made; labels
# that a team may well rename in one go (industry, channel, topic) only drift.
PAST = {
    "dim_customers": Past(("customer_key",), texts=("country",)),
    "fct_orders": Past(("source", "order_id", "order_kind"), numbers=("net_amount_reporting",), texts=("currency",)),
    "fct_subscription_months": Past(("customer_key", "month"), numbers=("mrr",)),
    "fct_survey_responses": Past(("source", "response_id"), numbers=("score_0_100",)),
}


def named() -> tuple[str, ...]:
    """Such as `fct_orders.currency`: what a configuration may accept by name."""
    return tuple(f"{table}.{column}" for table, past in PAST.items() for column in past.columns)
