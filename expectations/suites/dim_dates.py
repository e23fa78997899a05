"""Mart gate: the days of everything that is measured."""

from expectations.base import Owner, Suite

_ASK = Owner("the data team")

SUITE = Suite(
    gate="mart",
    table_name="dim_dates",
    key=("day",),
    expectations=(
        _ASK.rows("Without days a semantic layer has nothing to count along."),
        _ASK.filled("day", "A day that is none joins nothing."),
        _ASK.unique("day", "A day twice doubles every sum that is taken along the days."),
    ),
)
