"""Mart gate, after the models: how good tonight's models are."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the models")

SUITE = Suite(
    gate="mart",
    table_name="model_quality",
    key=("model", "candidate", "metric"),
    expectations=(
        _ASK.filled("model", "A measure of nothing."),
        _ASK.filled("status", "Whether a model was used or refused must be told."),
        _ASK.no_less("high", "low", "The interval has a lower and an upper end."),
    ),
)
