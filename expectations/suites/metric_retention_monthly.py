"""Mart gate: retention by month and dimension."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the revenue metrics")

SUITE = Suite(
    gate="mart",
    table_name="metric_retention_monthly",
    key=("month", "dimension", "dimension_value"),
    expectations=(
        _ASK.unique_together(("month", "dimension", "dimension_value"), "Two rows of one grain make every sum over it wrong."),
        _ASK.filled("month", "A metric belongs to a month and a part."),
        _ASK.filled("dimension", "A metric belongs to a month and a part."),
        _ASK.filled("dimension_value", "A metric belongs to a month and a part."),
        _ASK.between("customer_retention_rate", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.between("logo_churn_rate", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.between("gross_revenue_retention", 0, 1, "A share outside 0 to 1 has a numerator that its denominator does not hold."),
        _ASK.between("net_revenue_retention", 0, None, "Nothing retained is zero, not less."),
        _ASK.between("customers_at_start", 0, None, "A count."),
        _ASK.between("customers_churned", 0, None, "A count."),
        _ASK.no_less("customers_at_start", "customers_churned", "More cannot leave than were there."),
    ),
)
