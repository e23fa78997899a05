"""Mart gate: orders, net of tax, discounts and refunds."""

from expectations.base import Owner, Suite

_ASK = Owner("the owner of the revenue metrics")

SUITE = Suite(
    gate="mart",
    table_name="fct_orders",
    key=("order_id",),
    expectations=(
        _ASK.filled("order_id", "Orders are counted by it."),
        _ASK.filled("customer_key", "An order of nobody is missing from somebody."),
        _ASK.filled("ordered_at", "Orders are counted by month."),
        _ASK.filled("currency", "An amount without its currency says nothing."),
        _ASK.filled("net_amount_reporting", "A missing conversion is a hole in revenue, never a zero."),
    ),
)
