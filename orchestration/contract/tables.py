"""The canonical input tables. A column may be added; it is never renamed or given another meaning."""

from __future__ import annotations

from orchestration.contract.model import Column, ColumnType, Parent, Table

CONSENT_CHANNELS = ("email", "sms", "phone", "push", "post", "ads")
CONTACT_CHANNELS = ("email", "phone", "sms", "push", "post", "chat", "meeting", "social", "in_person", "web", "app", "community")
INTERVALS = ("day", "week", "month", "quarter", "year")
KINDS_OF_INTERACTION = (
    *("sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "complained", "replied"),
    *("call", "meeting", "visit", "mention", "post", "login", "usage"),
)
STATUSES_OF_A_SUBSCRIPTION = (
    *("trialing", "active", "past_due", "paused", "unpaid", "incomplete", "incomplete_expired"),
    *("canceled", "cancelled", "ended", "expired"),
)
STATUSES_OF_AN_INVOICE = ("draft", "open", "paid", "void", "uncollectible")


def _column(name: str, kind: ColumnType, description: str, *, allowed: tuple[str, ...] = (), personal: bool = False) -> Column:
    """A column; a trailing `*` on the name marks it required, as in the documentation."""
    return Column(name.rstrip("*"), kind, description, name.endswith("*"), allowed, personal)


def _open_list(name: str, description: str, *known: str) -> Column:
    """A column of text of which some values mean something to us."""
    return Column(name.rstrip("*"), "text", description, name.endswith("*"), known=known)


def _text(name: str, description: str, *allowed: str, personal: bool = False) -> Column:
    return _column(name, "text", description, allowed=allowed, personal=personal)


def _time(name: str, description: str) -> Column:
    return _column(name, "timestamp", description)


def _whole(name: str, description: str) -> Column:
    return _column(name, "integer", description)


def _decimal(name: str, description: str) -> Column:
    return _column(name, "decimal", description)


_CUSTOMER = Parent("customer_id", "crm_customers", "customer_id")
_BILLING_CUSTOMER = Parent("billing_customer_id", "billing_customers", "billing_customer_id")

CRM_CUSTOMERS = Table(
    name="crm_customers",
    grain="One row per CRM record of a person or company",
    key=("customer_id",),
    event_time="created_at",
    updated_at="updated_at",
    periods=(("created_at", "deleted_at"),),
    columns=(
        _text("customer_id*", "The CRM's id of the record"),
        _time("created_at*", "When the record was created"),
        _time("updated_at", "When the record last changed; orders its versions"),
        _time("deleted_at", "When the record was deleted"),
        _text("email", "E-mail address", personal=True),
        _text("phone", "Phone number", personal=True),
        _text("full_name", "Name of the person", personal=True),
        _text("company_name", "Name of the company", personal=True),
        _text("country", "Country, ISO-3166 alpha-2 where known"),
        _text("region", "Sales region"),
        _whole("birth_year", "Year of birth"),
        _text("gender", "Gender as stated"),
        _text("income_band", "Income band"),
        _text("industry", "Industry of the company"),
        _text("company_size", "Size band of the company"),
        _text("acquisition_channel", "How the customer was won"),
        _text("owner", "Who looks after the customer"),
        _text("merged_into_customer_id", "The record that this one was merged into"),
    ),
)

CRM_CONSENTS = Table(
    name="crm_consents",
    grain="One row per statement of consent: customer, channel, purpose and time",
    key=("customer_id", "channel", "purpose", "recorded_at"),
    event_time="recorded_at",
    parents=(_CUSTOMER,),
    columns=(
        _text("customer_id*", "The CRM's id of the record"),
        _text("channel*", "Channel the statement is about", *CONSENT_CHANNELS),
        _text("purpose*", "Purpose the statement is about", "marketing", "profiling", "service"),
        _text("status*", "What was stated", "granted", "withdrawn"),
        _time("recorded_at*", "When it was stated"),
        _text("origin", "Where it was stated"),
    ),
)

CRM_INTERACTIONS = Table(
    name="crm_interactions",
    grain="One row per interaction with a customer",
    key=("interaction_id",),
    event_time="occurred_at",
    parents=(_CUSTOMER,),
    columns=(
        _text("interaction_id*", "Id of the interaction"),
        _text("customer_id*", "The CRM's id of the record"),
        _time("occurred_at*", "When it happened"),
        _text("channel*", "Where it happened", *CONTACT_CHANNELS),
        _open_list(
            "kind*",
            "What happened: sent, delivered, opened, clicked, bounced, unsubscribed, complained, replied, call, visit, usage …",
            *KINDS_OF_INTERACTION,
        ),
        _open_list("direction", "inbound or outbound", "inbound", "outbound"),
        _text("campaign_id", "The campaign it belongs to"),
        _decimal("quantity", "How much, where the kind counts something"),
        _text("text", "What was said", personal=True),
    ),
)

CRM_CAMPAIGNS = Table(
    name="crm_campaigns",
    grain="One row per campaign",
    key=("campaign_id",),
    event_time="started_at",
    periods=(("started_at", "ended_at"),),
    amounts=("cost_amount",),
    columns=(
        _text("campaign_id*", "Id of the campaign"),
        _text("name", "Name of the campaign"),
        _text("channel", "Channel it runs on"),
        _text("action", "The next best action it carries out"),
        _decimal("cost_amount", "What it cost, in major units"),
        _text("currency", "ISO-4217 currency of the cost"),
        _time("started_at", "When it started"),
        _time("ended_at", "When it ended"),
    ),
)

CRM_ACTIONS = Table(
    name="crm_actions",
    grain="One row per decision to treat a customer, or to leave them alone",
    key=("action_id",),
    event_time="decided_at",
    parents=(_CUSTOMER,),
    amounts=("cost_amount",),
    columns=(
        _text("action_id*", "Id of the decision"),
        _text("customer_id*", "The CRM's id of the record"),
        _open_list("action*", "The action taken; `nothing` is one", "nothing"),
        _time("decided_at*", "When it was decided"),
        _decimal("propensity", "Probability with which the policy took this action, in (0, 1]"),
        _text("policy_version", "The policy that decided"),
        _column("is_holdout", "boolean", "Whether the customer was held out"),
        _decimal("cost_amount", "What the action cost, in major units"),
        _text("currency", "ISO-4217 currency of the cost"),
    ),
)

CRM_REFERRALS = Table(
    name="crm_referrals",
    grain="One row per referral",
    key=("referral_id",),
    event_time="referred_at",
    parents=(Parent("referrer_customer_id", "crm_customers", "customer_id"),),
    periods=(("referred_at", "converted_at"),),
    columns=(
        _text("referral_id*", "Id of the referral"),
        _text("referrer_customer_id*", "Who referred"),
        _text("referred_customer_id", "Who was referred, once known"),
        _time("referred_at*", "When it was made"),
        _time("converted_at", "When the referred person became a customer"),
    ),
)

CRM_LOYALTY_EVENTS = Table(
    name="crm_loyalty_events",
    grain="One row per event of the loyalty programme",
    key=("loyalty_event_id",),
    event_time="occurred_at",
    parents=(_CUSTOMER,),
    columns=(
        _text("loyalty_event_id*", "Id of the event"),
        _text("customer_id*", "The CRM's id of the record"),
        _text("kind*", "What happened", "joined", "earned", "redeemed", "expired", "left"),
        _decimal("points", "Points earned, redeemed or expired"),
        _time("occurred_at*", "When it happened"),
    ),
)

CRM_TICKETS = Table(
    name="crm_tickets",
    grain="One row per support ticket",
    key=("ticket_id",),
    event_time="opened_at",
    parents=(_CUSTOMER,),
    periods=(("opened_at", "first_replied_at"), ("opened_at", "solved_at")),
    columns=(
        _text("ticket_id*", "Id of the ticket"),
        _text("customer_id*", "The CRM's id of the record"),
        _time("opened_at*", "When it was opened"),
        _time("first_replied_at", "When the customer was first answered"),
        _time("solved_at", "When it was solved"),
        _text("status", "Status at the source"),
        _text("priority", "Priority at the source"),
        _text("channel", "Channel it came in on"),
        _text("topic", "Topic at the source"),
        _text("text", "What was written", personal=True),
    ),
)

BILLING_CUSTOMERS = Table(
    name="billing_customers",
    grain="One row per account of the billing system",
    key=("billing_customer_id",),
    event_time="created_at",
    columns=(
        _text("billing_customer_id*", "The billing system's id"),
        _text("customer_id", "The CRM's id, where the billing system knows it"),
        _text("email", "E-mail address", personal=True),
        _time("created_at", "When the account was created"),
        _text("currency", "ISO-4217 currency of the account"),
        _time("deleted_at", "When the account was deleted"),
    ),
)

BILLING_SUBSCRIPTIONS = Table(
    name="billing_subscriptions",
    grain="One row per subscription",
    key=("subscription_id",),
    event_time="started_at",
    parents=(_BILLING_CUSTOMER,),
    periods=(("started_at", "ended_at"),),
    amounts=("unit_amount", "unit_minor"),
    columns=(
        _text("subscription_id*", "Id of the subscription"),
        _text("billing_customer_id*", "The billing system's id of the customer"),
        _open_list(
            "status*",
            "trialing, active, past_due, paused, canceled, unpaid, incomplete, incomplete_expired …",
            *STATUSES_OF_A_SUBSCRIPTION,
        ),
        _time("started_at*", "When it started, the trial included"),
        _time("trial_ends_at", "When the trial ends; the first paid instant"),
        _time("cancel_requested_at", "When the customer asked to end it"),
        _time("ended_at", "When it ended; exclusive"),
        _text("cancellation_reason", "Why it ended"),
        _text("plan", "Name of the plan"),
        _decimal("quantity", "Units or seats"),
        _decimal("unit_amount", "Price of one unit for one interval, in major units"),
        _decimal("unit_minor", "Price of one unit for one interval, in minor units"),
        _text("currency", "ISO-4217 currency"),
        _text("interval", "Billing interval", *INTERVALS),
        _whole("interval_count", "Number of intervals in a billing period"),
        _decimal("discount_percent", "Recurring discount, in percent"),
    ),
)

BILLING_INVOICE_LINES = Table(
    name="billing_invoice_lines",
    grain="One row per line of an invoice",
    key=("invoice_line_id",),
    event_time="issued_at",
    parents=(_BILLING_CUSTOMER,),
    periods=(("period_start", "period_end"),),
    any_of=(("amount", "amount_minor"),),
    amounts=("amount", "amount_minor"),
    columns=(
        _text("invoice_line_id*", "Id of the line"),
        _text("invoice_id*", "Id of the invoice"),
        _text("billing_customer_id*", "The billing system's id of the customer"),
        _text("subscription_id", "The subscription it bills"),
        _text("kind*", "What the line is", "recurring", "one_off", "proration", "discount", "tax"),
        _time("issued_at*", "When the invoice was issued"),
        _time("period_start", "Start of the billed period"),
        _time("period_end", "End of the billed period; exclusive"),
        _decimal("amount", "Amount in major units; discounts are negative"),
        _whole("amount_minor", "Amount in minor units"),
        _text("currency*", "ISO-4217 currency"),
        _decimal("quantity", "Units or seats"),
        _text("product", "What was sold"),
        _open_list("invoice_status", "draft, open, paid, void, uncollectible", *STATUSES_OF_AN_INVOICE),
    ),
)

BILLING_PAYMENTS = Table(
    name="billing_payments",
    grain="One row per payment, refund or chargeback attempt",
    key=("payment_id",),
    event_time="occurred_at",
    parents=(_BILLING_CUSTOMER,),
    any_of=(("amount", "amount_minor"),),
    amounts=("amount", "amount_minor"),
    columns=(
        _text("payment_id*", "Id of the payment"),
        _text("billing_customer_id*", "The billing system's id of the customer"),
        _text("invoice_id", "The invoice it pays"),
        _text("kind*", "What moved", "payment", "refund", "chargeback"),
        _text("status*", "How it went", "succeeded", "failed", "pending"),
        _time("occurred_at*", "When it happened"),
        _decimal("amount", "Amount in major units, positive"),
        _whole("amount_minor", "Amount in minor units, positive"),
        _text("currency*", "ISO-4217 currency"),
        _text("failure_code", "Why it failed"),
    ),
)

SURVEY_INVITATIONS = Table(
    name="survey_invitations",
    grain="One row per invitation to a survey",
    key=("invitation_id",),
    event_time="sent_at",
    any_of=(("customer_id", "email"),),
    columns=(
        _text("invitation_id*", "Id of the invitation"),
        _text("customer_id", "The CRM's id of the invited"),
        _text("email", "E-mail address of the invited", personal=True),
        _text("survey_id", "The survey"),
        _time("sent_at*", "When it was sent"),
        _text("channel", "Channel it was sent on"),
    ),
)

SURVEY_RESPONSES = Table(
    name="survey_responses",
    grain="One row per answered question that is scored",
    key=("response_id",),
    event_time="responded_at",
    any_of=(("customer_id", "email"),),
    periods=(("sent_at", "responded_at"),),
    columns=(
        _text("response_id*", "Id of the response"),
        _text("customer_id", "The CRM's id of the respondent"),
        _text("email", "E-mail address of the respondent", personal=True),
        _text("survey_id", "The survey"),
        _text("metric*", "What the question measures", "nps", "csat", "ces"),
        _decimal("score*", "The answer, on the scale of this response"),
        _decimal("scale_min*", "Lowest answer possible"),
        _decimal("scale_max*", "Highest answer possible"),
        _time("responded_at*", "When it was answered"),
        _time("sent_at", "When it was asked"),
        _text("channel", "Channel it was asked on"),
        _text("touchpoint", "Occasion it was asked on"),
        _text("comment", "What was written", personal=True),
        _text("language", "ISO-639-1 language of the comment"),
    ),
)

EXCHANGE_RATES = Table(
    name="exchange_rates",
    grain="One row per currency and date",
    key=("currency", "rate_date"),
    event_time="rate_date",
    columns=(
        _text("currency*", "ISO-4217 currency"),
        _column("rate_date*", "date", "First day the rate holds for"),
        _decimal("rate_to_reporting*", "Units of the reporting currency for one unit of this currency"),
    ),
)

INPUT_TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        CRM_CUSTOMERS,
        CRM_CONSENTS,
        CRM_INTERACTIONS,
        CRM_CAMPAIGNS,
        CRM_ACTIONS,
        CRM_REFERRALS,
        CRM_LOYALTY_EVENTS,
        CRM_TICKETS,
        BILLING_CUSTOMERS,
        BILLING_SUBSCRIPTIONS,
        BILLING_INVOICE_LINES,
        BILLING_PAYMENTS,
        SURVEY_INVITATIONS,
        SURVEY_RESPONSES,
        EXCHANGE_RATES,
    )
}

# The days up to the newest fact of a table that tell how often there is news.
DAYS_OF_A_RHYTHM = 28
# What a living company has news of nearly every day.
EVERY_DAY = ("crm_interactions", "billing_invoice_lines", "billing_payments")
