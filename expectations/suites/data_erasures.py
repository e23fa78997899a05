"""Mart gate, after the models: what erased people were of past months."""

from expectations.base import Owner, Suite

_ASK = Owner("the data team")

SUITE = Suite(
    gate="mart",
    table_name="data_erasures",
    key=("month", "measure"),
    expectations=(
        _ASK.filled("measure", "An amount of nothing reconciles nothing."),
        _ASK.filled("amount", "A difference without an amount reconciles nothing."),
    ),
)
