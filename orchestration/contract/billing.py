"""What a billing system tells: accounts, subscriptions, invoice lines, payments, and the exchange rates of their currencies."""

from __future__ import annotations

from orchestration.contract.columns import BILLING_CUSTOMER, column, decimal, moment, open_list, rate, text, whole
from orchestration.contract.model import Table

INTERVALS = ("day", "week", "month", "quarter", "year")
STATUSES_OF_A_SUBSCRIPTION = (
    *("trialing", "active", "past_due", "paused", "unpaid", "incomplete", "incomplete_expired"),
    *("canceled", "cancelled", "ended", "expired"),
)
STATUSES_OF_AN_INVOICE = ("draft", "open", "paid", "void", "uncollectible")

TABLES = (
    Table(
        name="billing_customers",
        grain="One row per account of the billing system",
        key=("billing_customer_id",),
        event_time="created_at",
        columns=(
            text("billing_customer_id*", "The billing system's id"),
            text("customer_id", "The CRM's id, where the billing system knows it"),
            text("email", "E-mail address", personal=True),
            moment("created_at", "When the account was created"),
            text("currency", "ISO-4217 currency of the account"),
            moment("deleted_at", "When the account was deleted"),
        ),
    ),
    Table(
        name="billing_subscriptions",
        grain="One row per subscription",
        key=("subscription_id",),
        event_time="started_at",
        parents=(BILLING_CUSTOMER,),
        periods=(("started_at", "ended_at"),),
        amounts=("unit_amount", "unit_minor"),
        columns=(
            text("subscription_id*", "Id of the subscription"),
            text("billing_customer_id*", "The billing system's id of the customer"),
            open_list(
                "status*",
                "trialing, active, past_due, paused, canceled, unpaid, incomplete, incomplete_expired …",
                *STATUSES_OF_A_SUBSCRIPTION,
            ),
            moment("started_at*", "When it started, the trial included"),
            moment("trial_ends_at", "When the trial ends; the first paid instant"),
            moment("cancel_requested_at", "When the customer asked to end it"),
            moment("ended_at", "When it ended; exclusive"),
            text("cancellation_reason", "Why it ended"),
            text("plan", "Name of the plan"),
            decimal("quantity", "Units or seats, not below zero"),
            decimal("unit_amount", "Price of one unit for one interval, in major units, not below zero"),
            decimal("unit_minor", "Price of one unit for one interval, in minor units, not below zero"),
            text("currency", "ISO-4217 currency"),
            text("interval", "Billing interval", *INTERVALS),
            whole("interval_count", "Number of intervals in a billing period"),
            decimal("discount_percent", "Recurring discount, in percent"),
        ),
    ),
    Table(
        name="billing_invoice_lines",
        grain="One row per line of an invoice",
        key=("invoice_line_id",),
        event_time="issued_at",
        parents=(BILLING_CUSTOMER,),
        periods=(("period_start", "period_end"),),
        any_of=(("amount", "amount_minor"),),
        amounts=("amount", "amount_minor"),
        columns=(
            text("invoice_line_id*", "Id of the line"),
            text("invoice_id*", "Id of the invoice"),
            text("billing_customer_id*", "The billing system's id of the customer"),
            text("subscription_id", "The subscription it bills"),
            text("kind*", "What the line is", "recurring", "one_off", "proration", "discount", "tax"),
            moment("issued_at*", "When the invoice was issued"),
            moment("period_start", "Start of the billed period"),
            moment("period_end", "End of the billed period; exclusive"),
            decimal("amount", "Amount in major units; discounts are negative"),
            whole("amount_minor", "Amount in minor units"),
            text("currency*", "ISO-4217 currency"),
            decimal("quantity", "Units or seats"),
            text("product", "What was sold"),
            open_list("invoice_status", "draft, open, paid, void, uncollectible", *STATUSES_OF_AN_INVOICE),
        ),
    ),
    Table(
        name="billing_payments",
        grain="One row per payment, refund or chargeback attempt",
        key=("payment_id",),
        event_time="occurred_at",
        parents=(BILLING_CUSTOMER,),
        any_of=(("amount", "amount_minor"),),
        amounts=("amount", "amount_minor"),
        columns=(
            text("payment_id*", "Id of the payment"),
            text("billing_customer_id*", "The billing system's id of the customer"),
            text("invoice_id", "The invoice it pays"),
            text("kind*", "What moved", "payment", "refund", "chargeback"),
            text("status*", "How it went", "succeeded", "failed", "pending"),
            moment("occurred_at*", "When it happened"),
            decimal("amount", "Amount in major units, positive"),
            whole("amount_minor", "Amount in minor units, positive"),
            text("currency*", "ISO-4217 currency"),
            text("failure_code", "Why it failed"),
        ),
    ),
)

EXCHANGE_RATES = Table(
    name="exchange_rates",
    grain="One row per currency and date",
    key=("currency", "rate_date"),
    event_time="rate_date",
    columns=(
        text("currency*", "ISO-4217 currency"),
        column("rate_date*", "date", "First day the rate holds for"),
        rate("rate_to_reporting*", "Units of the reporting currency for one unit of this currency"),
    ),
)
