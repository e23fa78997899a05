"""Mart gate: what is left of each cohort."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the revenue metrics")

SUITE = Suite(
    gate="mart",
    table_name="metric_cohort_retention",
    key=("cohort_month", "months_since", "basis"),
    expectations=(
        _ASK.unique_together(("cohort_month", "months_since", "basis"), "Two rows of one grain make every sum over it wrong."),
        _ASK.filled("cohort_month", "A cohort is named by its month."),
        _ASK.between("months_since", 0, None, "A cohort is not seen before it starts."),
        _ASK.one_of("basis", ("customers", "revenue"), "Customers and revenue are never mixed."),
        # Returns that name no order can outweigh what few customers buy in a month; that is so, and no reason to publish nothing.
        _ASK.between("cohort_size", 0, None, "More was given back than bought in the first month of a cohort.", severity="warn"),
        _ASK.between("retention_rate", 0, None, "More was given back than bought by a cohort in a month.", severity="warn"),
    ),
)
