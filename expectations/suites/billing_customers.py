"""Landing gate: accounts of the billing system."""

from expectations.base import Owner, Suite
from expectations.contract import key

_ASK = Owner("the owner of the billing export")

SUITE = Suite(
    gate="landing",
    table_name="billing_customers",
    key=key("billing_customers"),
    expectations=(
        _ASK.filled("billing_customer_id", "Money is joined to people by it."),
        _ASK.not_like("billing_customer_id", "@", "Keys leave the warehouse; an e-mail address used as a key would leave with them."),
    ),
)
