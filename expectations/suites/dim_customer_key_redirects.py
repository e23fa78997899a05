"""Mart gate: where the customer keys of yesterday have gone."""

from expectations.base import Owner, Suite

_ASK = Owner("the data team")

SUITE = Suite(
    gate="mart",
    table_name="dim_customer_key_redirects",
    key=("old_customer_key",),
    expectations=(
        _ASK.filled("old_customer_key", "A redirect from nowhere helps nobody."),
        _ASK.unique("old_customer_key", "A key that leads to two customers doubles whoever is joined by it."),
        _ASK.filled("customer_key", "A redirect to nowhere loses the customer."),
    ),
)
