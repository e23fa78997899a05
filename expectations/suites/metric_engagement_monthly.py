"""Mart gate: engagement by month and dimension."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of engagement")

SUITE = Suite(
    gate="mart",
    table_name="metric_engagement_monthly",
    key=("month", "dimension", "dimension_value"),
    expectations=(
        _ASK.unique_together(("month", "dimension", "dimension_value"), "Two rows of one grain make every sum over it wrong."),
        _ASK.filled("month", "A metric belongs to a month and a part."),
        _ASK.filled("dimension", "A metric belongs to a month and a part."),
        _ASK.filled("dimension_value", "A metric belongs to a month and a part."),
        _ASK.between("interactions_per_active_customer", 0, None, "A count over a count."),
        _ASK.between("omnichannel_share", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.between("open_rate", 0, 1, "More cannot react to a message than received it.", severity="warn"),
        _ASK.between("click_rate", 0, 1, "More cannot react to a message than received it.", severity="warn"),
        _ASK.between("unsubscribe_rate", 0, 1, "More cannot react to a message than received it.", severity="warn"),
    ),
)
