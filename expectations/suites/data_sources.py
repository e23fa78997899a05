"""Mart gate, after the models: how old the data is."""

from expectations.base import Owner, Suite

_ASK = Owner("the data team")

SUITE = Suite(
    gate="mart",
    table_name="data_sources",
    key=("source", "table_name"),
    expectations=(
        _ASK.filled("table_name", "Freshness of nothing."),
        _ASK.between("landed_rows", 0, None, "A count."),
    ),
)
