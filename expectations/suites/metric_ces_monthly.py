"""Mart gate: effort."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of customer feedback")

SUITE = Suite(
    gate="mart",
    table_name="metric_ces_monthly",
    key=("month", "dimension", "dimension_value"),
    expectations=(
        _ASK.unique_together(("month", "dimension", "dimension_value"), "Two rows of one grain make every sum over it wrong."),
        _ASK.between("ces", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.between("ces_low", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.between("ces_high", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
    ),
)
