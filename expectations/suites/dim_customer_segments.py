"""Mart gate: segments."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the revenue metrics")

SUITE = Suite(
    gate="mart",
    table_name="dim_customer_segments",
    key=("customer_key",),
    expectations=(
        _ASK.filled("customer_key", "A segment of nobody."),
        _ASK.unique("customer_key", "A customer twice is in two segments."),
        _ASK.filled("lifecycle_stage", "Everyone is somewhere in the lifecycle."),
        _ASK.between("r_score", 1, 5, "Quintiles."),
        _ASK.between("f_score", 1, 5, "Quintiles."),
        _ASK.between("m_score", 1, 5, "Quintiles."),
        _ASK.between("recency_days", 0, None, "Days since a purchase that has happened."),
        _ASK.between("frequency", 0, None, "A count."),
    ),
)
