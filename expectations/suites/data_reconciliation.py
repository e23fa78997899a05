"""Mart gate, after the models: where every landed row went."""

from expectations.base import Owner, Suite

_ASK = Owner("the data team")

SUITE = Suite(
    gate="mart",
    table_name="data_reconciliation",
    key=("table_name",),
    expectations=(
        _ASK.unique("table_name", "A table counted twice hides what another one lost."),
        _ASK.rows("Every input table is accounted for, the empty ones included.", least=15),
        _ASK.no_less("landed", "staged", "More rows than landed were made up on the way."),
        _ASK.no_less("landed", "quarantined", "More rows than landed were made up on the way."),
    ),
)
