"""Mart gate, after the models: what to do next."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the models")

SUITE = Suite(
    gate="mart",
    table_name="fct_next_best_actions",
    key=("customer_key",),
    expectations=(
        _ASK.filled("customer_key", "An action for nobody."),
        _ASK.unique("customer_key", "Two actions for one customer tonight."),
        _ASK.filled("action", "Doing nothing is an action and has a name."),
        _ASK.filled("propensity", "The next policy is judged by dividing by it."),
        _ASK.between("propensity", 0, 1, "A decision that was taken had a chance to be.", open_low=True),
        _ASK.filled("is_holdout", "The holdout is never treated; it must be known who is in it."),
        _ASK.filled("policy_version", "A decision whose policy is unknown cannot be judged."),
    ),
)
