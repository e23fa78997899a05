"""Mart gate, after the models: one row a customer, what people and syncs read."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of activation")

SUITE = Suite(
    gate="mart",
    table_name="customer_360",
    key=("customer_key",),
    expectations=(
        _ASK.rows("An empty table here empties every audience."),
        _ASK.filled("customer_key", "A row about nobody."),
        _ASK.unique("customer_key", "A customer twice is sent twice."),
        _ASK.between("churn_probability", 0, 1, "A probability."),
        _ASK.between("last_nps", 0, 10, "An answer on the scale of the question."),
        _ASK.filled("can_email", "An unknown permission must read as none."),
        _ASK.filled("can_profile", "An unknown permission must read as none."),
    ),
)
