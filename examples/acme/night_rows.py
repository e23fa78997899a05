"""The rows of one more day, table by table, for customers and subscriptions that were picked. Pure but for the night's random stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from examples.acme import world
from examples.acme.columns import DAY, TIME, Column, Ints, identifiers, money, pick, table, times

EACH = 5  # interactions of a customer who is touched
SORTS = (("app", "usage"), ("web", "visit"), ("web", "login"), ("email", "delivered"), ("chat", "replied"))
SEATS, PRICE = 2, int(world.LIST_PRICES[0, 0])  # what a newcomer buys: starter seats, in US dollars
Columns = dict[str, Column]


@dataclass(frozen=True)
class Night:
    """The day that is added: its random stream, its first and its last second, and what its ids carry."""

    rng: np.random.Generator
    begins: int
    ends: int
    stamp: str

    def ids(self, prefix: str, count: int) -> Column:
        """Ids that no other night gives."""
        return identifiers(f"{prefix}-{self.stamp}-", np.arange(count))

    def instants(self, count: int, after: int = 0) -> Ints:
        """Random instants of the day, `after` seconds after its start at the earliest."""
        return self.begins + self.rng.integers(after, DAY, count)

    def some(self, rows: pa.Table, share: float) -> pa.Table:
        """A random share of the rows, in their order."""
        return rows.filter(pa.array(self.rng.random(rows.num_rows) < share))

    def few(self, ids: Column, share: float) -> Column:
        """A random share of the values, in their order."""
        return ids.filter(pa.array(self.rng.random(len(ids)) < share))


def edited(night: Night, rows: pa.Table, *instants: str, **words: str) -> pa.Table:
    """The rows with some columns set: `instants` to one instant of the night per row, `words` to a word."""
    instant = times(night.instants(rows.num_rows))
    return _with(rows, dict.fromkeys(instants, instant) | _words(rows.num_rows, **words))


def _with(rows: pa.Table, columns: Columns) -> pa.Table:
    for name, values in columns.items():
        rows = rows.set_column(rows.column_names.index(name), name, values)
    return rows


def _words(count: int, **words: str) -> Columns:
    return {name: pa.repeat(pa.scalar(word, pa.string()), count) for name, word in words.items()}


def _empty(count: int, *names: str, kind: pa.DataType | None = None) -> Columns:
    return {name: pa.nulls(count, kind or pa.string()) for name in names}


def newcomers(night: Night, alike: pa.Table) -> pa.Table:
    """New CRM records that resemble known ones."""
    count = alike.num_rows
    rows = edited(night, alike, "created_at", "updated_at")
    mail = pc.binary_join_element_wise(night.ids("new", count), "newcomer.example", "@")
    rows = _with(rows, {"customer_id": night.ids("C", count), "email": mail})
    return _with(rows, _empty(count, "phone", "merged_into_customer_id") | _empty(count, "deleted_at", kind=TIME))


def interactions(night: Night, ids: Column) -> pa.Table:
    """What the touched did that day; three in a hundred of the rows are late ones, of the weeks before."""
    count = len(ids) * EACH
    sort = night.rng.integers(0, len(SORTS), count)
    late = (night.rng.random(count) < 0.03) * night.rng.integers(2, 20, count) * DAY
    columns = {
        "interaction_id": night.ids("i", count),
        "customer_id": ids.take(pa.array(np.repeat(np.arange(len(ids)), EACH))),
        "occurred_at": times(night.instants(count) - late),
        "channel": pick([row[0] for row in SORTS], sort),
        "kind": pick([row[1] for row in SORTS], sort),
        "direction": pick(("inbound", "outbound"), (sort == 3).astype(np.int64)),
        "quantity": pa.array(np.ceil(night.rng.gamma(2.0, 12.0, count)), mask=sort != 0),
        **_empty(count, "campaign_id", "text"),
    }
    return table("crm_interactions", columns, night.ends)


def consents(night: Night, ids: Column, status: str) -> pa.Table:
    """Consent to marketing mail, granted or withdrawn in the last minute of the day."""
    count, origin = len(ids), {"granted": "signup_form", "withdrawn": "preference_center"}[status]
    words = _words(count, channel="email", purpose="marketing", status=status, origin=origin)
    return table("crm_consents", {"customer_id": ids, "recorded_at": times(np.full(count, night.ends - 60)), **words}, night.ends)


def actions(night: Night, ids: Column) -> pa.Table:
    """Decisions of the night, drawn evenly between leaving alone and training."""
    count = len(ids)
    action = night.rng.integers(0, 2, count) * world.TRAINING
    columns = {
        "action_id": night.ids("a", count),
        "customer_id": ids,
        "action": pick(world.ACTIONS, action),
        "decided_at": times(night.instants(count)),
        "propensity": pa.array(np.full(count, 0.5)),
        "is_holdout": pa.array(np.zeros(count, dtype=bool)),
        "cost_amount": money(world.ACTION_COST[action]),
        **_words(count, policy_version=f"even-{night.stamp}", currency="USD"),
    }
    return table("crm_actions", columns, night.ends)


def tickets(night: Night, ids: Column) -> pa.Table:
    """Tickets opened that day."""
    count = len(ids)
    columns = {"ticket_id": night.ids("t", count), "customer_id": ids, "opened_at": times(night.instants(count))}
    columns |= _words(count, status="open", priority="normal", channel="email", topic="support")
    columns |= _empty(count, "text") | _empty(count, "first_replied_at", "solved_at", kind=TIME)
    return table("crm_tickets", columns, night.ends)


def invitations(night: Night, ids: Column) -> pa.Table:
    """Surveys sent at six in the morning."""
    count = len(ids)
    columns = {"invitation_id": night.ids("inv", count), "customer_id": ids, "sent_at": times(np.full(count, night.begins + DAY // 4))}
    columns |= _words(count, survey_id="relationship-nps", channel="email") | _empty(count, "email")
    return table("survey_invitations", columns, night.ends)


def responses(night: Night, ids: Column) -> pa.Table:
    """NPS answers to that morning's surveys."""
    count = len(ids)
    columns = {
        "response_id": night.ids("resp", count),
        "customer_id": ids,
        "score": pa.array(np.clip(np.round(night.rng.normal(7.8, 1.9, count)), 0, 10)),
        "scale_min": pa.array(np.zeros(count)),
        "scale_max": pa.array(np.full(count, 10.0)),
        "responded_at": times(night.instants(count, after=DAY // 3)),
        "sent_at": times(np.full(count, night.begins + DAY // 4)),
        **_words(count, survey_id="relationship-nps", metric="nps", channel="email", touchpoint="relationship"),
        **_empty(count, "email", "comment", "language"),
    }
    return table("survey_responses", columns, night.ends)


def first_purchases(night: Night, people: pa.Table) -> dict[str, pa.Table]:
    """Account, subscription, invoice line and payment of every newcomer: two starter seats, paid at once."""
    count, first = people.num_rows, people["created_at"]
    payer = {"billing_customer_id": night.ids("cus_", count), **_words(count, currency="USD")}
    sub, invoice = {"subscription_id": night.ids("sub_", count)}, {"invoice_id": night.ids("in_", count)}
    month = pc.add(first, pa.scalar(30 * DAY * 1_000_000, pa.duration("us")))
    seats, cents = pa.array(np.full(count, SEATS)), np.full(count, SEATS * PRICE)
    account = {"customer_id": people["customer_id"], "email": people["email"], "created_at": first}
    account |= _empty(count, "deleted_at", kind=TIME)
    bought = {"started_at": first, "quantity": seats, "unit_amount": money(np.full(count, PRICE))}
    bought |= _words(count, status="active", plan="starter", interval="month") | _empty(count, "cancellation_reason")
    bought |= {"interval_count": pa.array(np.ones(count, dtype=np.int64)), "discount_percent": pa.array(np.zeros(count))}
    bought |= _empty(count, "trial_ends_at", "cancel_requested_at", "ended_at", kind=TIME)
    line = {"invoice_line_id": night.ids("il_", count), "issued_at": first, "period_start": first, "period_end": month}
    line |= {"amount_minor": pa.array(cents), "quantity": seats}
    line |= _words(count, kind="recurring", product="starter", invoice_status="paid")
    payment = {"payment_id": night.ids("pay_", count), "occurred_at": first, "amount": money(cents)}
    payment |= _words(count, kind="payment", status="succeeded") | _empty(count, "failure_code")
    rows = {
        "billing_customers": payer | account,
        "billing_subscriptions": payer | sub | bought,
        "billing_invoice_lines": payer | sub | invoice | line,
        "billing_payments": payer | invoice | payment,
    }
    return {name: table(name, columns, night.ends) for name, columns in rows.items()}
