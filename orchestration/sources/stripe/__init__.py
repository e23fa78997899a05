"""Stripe: customers, subscriptions, invoices and payments.

Comes in: an API key. Goes out: billing_customers, billing_subscriptions, billing_invoice_lines and billing_payments. `source.py` says what
is read and when, `account.py` asks, `rows.py` makes rows, for which `customers.py`, `invoices.py` and `payments.py` know objects of any of
Stripe's versions.
"""

from orchestration.sources.stripe.source import Stripe

__all__ = ["Stripe"]
