"""Mart gate: everyone the company knows."""

from expectations.base import Owner, Suite

_ASK = Owner("the data team")

SUITE = Suite(
    gate="mart",
    table_name="dim_customers",
    key=("customer_key",),
    expectations=(
        _ASK.rows("A company without customers means that identity was not built."),
        _ASK.filled("customer_key", "Every mart is joined by it."),
        _ASK.unique("customer_key", "A customer twice doubles every count and every sum."),
        _ASK.filled("is_active", "The base of every rate is read from it."),
        _ASK.filled("is_erased", "Nothing may be sent about someone who was erased."),
        _ASK.filled("can_email", "An unknown permission must read as none."),
        _ASK.not_like("primary_email_hash", "@", "Marts carry hashes; an address here has left the warehouse in clear.", severity="block"),
    ),
)
