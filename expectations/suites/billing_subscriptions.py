"""Landing gate: subscriptions, from which recurring revenue and churn come."""

from expectations.base import Owner, Suite
from expectations.contract import allowed, key, known

_ASK = Owner("the owner of the billing export")

SUITE = Suite(
    gate="landing",
    table_name="billing_subscriptions",
    key=key("billing_subscriptions"),
    expectations=(
        _ASK.filled("subscription_id", "Versions of a subscription are told apart by it."),
        _ASK.filled("billing_customer_id", "A row without its customer counts for nobody."),
        _ASK.filled("status", "Whether it counts as paying is read from it."),
        _ASK.one_of(
            "status",
            known("billing_subscriptions", "status"),
            "A status that is none of the contract's counts as paying: write trialing, canceled … for what it means.",
            severity="warn",
        ),
        _ASK.filled("started_at", "Recurring revenue begins here."),
        _ASK.no_less("ended_at", "started_at", "A subscription that ends before it starts was never live, and would count as churn."),
        _ASK.one_of("interval", allowed("billing_subscriptions", "interval"), "Revenue is normalised to a month by it."),
        _ASK.between("interval_count", 1, None, "Revenue is divided by it."),
        _ASK.between("quantity", 0, None, "Fewer than no seats are negative revenue."),
        _ASK.between("unit_amount", 0, None, "A price below zero is negative revenue; what is given back is a line of an invoice."),
        _ASK.between("unit_minor", 0, None, "A price below zero is negative revenue; what is given back is a line of an invoice."),
        _ASK.between("discount_percent", 0, 100, "More than the whole price off is negative revenue."),
        _ASK.since(
            "started_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
