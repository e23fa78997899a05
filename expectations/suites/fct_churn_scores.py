"""Mart gate, after the models: who is likely to leave."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the models")

SUITE = Suite(
    gate="mart",
    table_name="fct_churn_scores",
    key=("customer_key",),
    expectations=(
        _ASK.filled("customer_key", "A score of nobody."),
        _ASK.unique("customer_key", "With two scores of one customer, chance decides which is sent."),
        _ASK.filled("churn_probability", "A customer without a score must be missing, not NULL."),
        _ASK.between("churn_probability", 0, 1, "A probability."),
        _ASK.one_of("risk_band", ("low", "medium", "high"), "Lists and rules are written in these words."),
        _ASK.filled("model_version", "A score whose model is unknown cannot be explained."),
    ),
)
