"""Mart gate: recurring revenue by month."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the revenue metrics")

SUITE = Suite(
    gate="mart",
    table_name="metric_mrr_movements",
    key=("month",),
    expectations=(
        _ASK.unique("month", "Two rows of one grain make every sum over it wrong."),
        _ASK.filled("month", "A metric belongs to a month."),
        _ASK.between("opening_mrr", 0, None, "Each part is a size; the sign lies in the identity."),
        _ASK.between("new_mrr", 0, None, "Each part is a size; the sign lies in the identity."),
        _ASK.between("reactivation_mrr", 0, None, "Each part is a size; the sign lies in the identity."),
        _ASK.between("expansion_mrr", 0, None, "Each part is a size; the sign lies in the identity."),
        _ASK.between("contraction_mrr", 0, None, "Each part is a size; the sign lies in the identity."),
        _ASK.between("churned_mrr", 0, None, "Each part is a size; the sign lies in the identity."),
        _ASK.between("closing_mrr", 0, None, "Each part is a size; the sign lies in the identity."),
    ),
)
