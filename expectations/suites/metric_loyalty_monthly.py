"""Mart gate: the loyalty programme by month."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of engagement")

SUITE = Suite(
    gate="mart",
    table_name="metric_loyalty_monthly",
    key=("month",),
    expectations=(
        _ASK.unique("month", "Two rows of one grain make every sum over it wrong."),
        _ASK.filled("month", "A metric belongs to a month."),
        _ASK.between("members", 0, None, "More cannot leave than joined.", severity="warn"),
    ),
)
