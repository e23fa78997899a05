"""Mart gate: which source record was which customer, and when."""

from expectations.base import Owner, Suite

_ASK = Owner("the data team")

SUITE = Suite(
    gate="mart",
    table_name="customer_identities",
    key=("source", "source_customer_id", "valid_from"),
    expectations=(
        _ASK.filled("source", "Ids of two systems may be the same text."),
        _ASK.filled("source_customer_id", "A record without its id cannot be joined."),
        _ASK.filled("customer_key", "A record of nobody is lost to every mart."),
        _ASK.no_less("valid_to", "valid_from", "A link that ends before it starts holds at no time."),
    ),
)
