"""Mart gate, after the models: risk, value and feedback on one row."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the models")

SUITE = Suite(
    gate="mart",
    table_name="metric_customer_health",
    key=("customer_key",),
    expectations=(
        _ASK.filled("customer_key", "The health of nobody."),
        _ASK.unique("customer_key", "A customer twice has two healths."),
        _ASK.between("churn_probability", 0, 1, "A probability."),
        _ASK.between("value_at_risk", 0, None, "Value at risk of customers who are worth something.", severity="warn"),
    ),
)
