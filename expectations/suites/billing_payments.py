"""Landing gate: payments, refunds and chargebacks."""

from expectations.base import Owner, Suite
from expectations.contract import allowed, key

_ASK = Owner("the owner of the billing export")

SUITE = Suite(
    gate="landing",
    table_name="billing_payments",
    key=key("billing_payments"),
    expectations=(
        _ASK.filled("payment_id", "Versions of a payment are told apart by it."),
        _ASK.filled("billing_customer_id", "A row without its customer counts for nobody."),
        _ASK.one_of("kind", allowed("billing_payments", "kind"), "A refund taken for a payment counts twice."),
        _ASK.one_of("status", allowed("billing_payments", "status"), "Only what succeeded is money."),
        _ASK.filled("currency", "An amount without its currency cannot be converted."),
        _ASK.since(
            "occurred_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
