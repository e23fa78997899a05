"""Mart gate: support by month."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of customer feedback")

SUITE = Suite(
    gate="mart",
    table_name="metric_tickets_monthly",
    key=("month", "dimension", "dimension_value"),
    expectations=(
        _ASK.unique_together(("month", "dimension", "dimension_value"), "Two rows of one grain make every sum over it wrong."),
        _ASK.between("opened", 0, None, "A count."),
        _ASK.between("backlog", 0, None, "More cannot be solved than were opened."),
    ),
)
