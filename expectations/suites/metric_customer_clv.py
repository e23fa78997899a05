"""Mart gate, after the models: what a customer is worth."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the models")

SUITE = Suite(
    gate="mart",
    table_name="metric_customer_clv",
    key=("customer_key",),
    expectations=(
        _ASK.filled("customer_key", "A value of nobody."),
        _ASK.unique("customer_key", "A customer twice is worth twice."),
        _ASK.between("clv_predicted", 0, None, "Expected margin of customers who may always leave is not negative."),
        _ASK.no_less("clv_predicted", "clv_predicted_low", "The estimate lies inside its interval.", severity="warn"),
        _ASK.no_less("clv_predicted_high", "clv_predicted", "The estimate lies inside its interval.", severity="warn"),
        _ASK.between("p_alive", 0, 1, "A probability."),
        _ASK.between("expected_purchases", 0, None, "A count to be expected."),
    ),
)
