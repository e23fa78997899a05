"""Mart gate: recurring revenue of each customer and month."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the revenue metrics")

SUITE = Suite(
    gate="mart",
    table_name="fct_subscription_months",
    key=("customer_key", "month"),
    expectations=(
        _ASK.filled("customer_key", "Revenue of nobody cannot churn."),
        _ASK.filled("month", "Revenue is counted by month."),
        _ASK.between("mrr", 0, None, "Negative recurring revenue is a defect of normalisation."),
        _ASK.between("opening_mrr", 0, None, "What a month opens with is what the last one closed with."),
        _ASK.filled("movement", "Every month is new, returning, lost, more, less or unchanged."),
        _ASK.one_of(
            "movement",
            ("new", "reactivation", "churn", "expansion", "contraction", "unchanged"),
            "A movement outside the list is in no column of the monthly sums.",
        ),
        _ASK.one_of("churn_kind", ("voluntary", "involuntary", "expired"), "The three kinds sum to churn."),
    ),
)
