"""Landing gate: lines of invoices."""

from expectations.base import Owner, Suite
from expectations.contract import allowed, key, known

_ASK = Owner("the owner of the billing export")

SUITE = Suite(
    gate="landing",
    table_name="billing_invoice_lines",
    key=key("billing_invoice_lines"),
    expectations=(
        _ASK.filled("invoice_line_id", "Versions of a line are told apart by it."),
        _ASK.filled("invoice_id", "Orders are summed by invoice."),
        _ASK.filled("billing_customer_id", "A row without its customer counts for nobody."),
        _ASK.one_of("kind", allowed("billing_invoice_lines", "kind"), "Tax is left out and recurring revenue picked out by kind."),
        _ASK.one_of(
            "invoice_status",
            known("billing_invoice_lines", "invoice_status"),
            "A status that is none of the contract's counts as an invoice that stands: write draft or void for one that does not.",
            severity="warn",
        ),
        _ASK.filled("currency", "An amount without its currency cannot be converted."),
        _ASK.no_less("period_end", "period_start", "A period that ends before it starts covers no month."),
        _ASK.since(
            "issued_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
