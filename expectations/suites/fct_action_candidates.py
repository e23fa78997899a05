"""Mart gate, after the models: every action that was considered."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the models")

SUITE = Suite(
    gate="mart",
    table_name="fct_action_candidates",
    key=("customer_key", "action"),
    expectations=(
        _ASK.filled("customer_key", "A candidate for nobody."),
        _ASK.filled("action", "A candidate without a name."),
        _ASK.one_of(
            "gate_removed_by",
            ("consent", "suppression", "eligibility", "cooldown", "pressure", "holdout", "capacity"),
            "Why an action was not chosen is told in these words.",
        ),
    ),
)
