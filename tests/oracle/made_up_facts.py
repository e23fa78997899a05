"""What people of a made-up company said and did: a strategy of rows by input table. Customers are numbers until `company` names them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.oracle.made_up import LATER, TIMES, Row, maybe, rows

SCALES = [("nps", 0, 10), ("csat", 1, 5), ("csat", 0, 10), ("csat", 1, 10), ("csat", 0, 1), ("ces", 1, 7), ("ces", 1, 5), ("csat", 1, 3)]
SURVEYS = maybe(st.sampled_from(["after_call", "yearly"]))
PERSON = st.sampled_from([*(f"c{n:03}" for n in range(5)), "nobody", "person0@example.org", " Person1@Example.org", "new@example.org",
                          "stranger0@example.org"])  # fmt: skip
COMMENTS = st.sampled_from([None, "", "  ", "support was slow", "great price", "teuer und langsam", "xyz"])
RESPONSES = rows(
    {
        "person": PERSON,
        "survey_id": SURVEYS,
        "scale": st.sampled_from(SCALES[:1] * 8 + SCALES),
        "share": st.integers(0, 10),
        "responded_at": TIMES,
        "asked_before": maybe(LATER),
        "channel": maybe(st.sampled_from(["email", "web"])),
        "touchpoint": maybe(st.sampled_from(["support", "onboarding"])),
        "comment": COMMENTS,
    },
    "response_id",
    14,
)
INVITATIONS = rows({"person": PERSON, "survey_id": SURVEYS, "sent_at": TIMES, "channel": maybe(st.just("email"))}, "invitation_id", 8)
CUSTOMER = st.integers(0, 4)


def _later(*columns: str) -> Any:
    """A row in which `columns`, drawn as delays, become times after the first of the row's times."""

    def settle(made: list[Row]) -> list[Row]:
        return [row | {name: None if row[name] is None else row[start] + row[name] for name in after} for row in made]

    start, *after = columns
    return settle


TICKETS = rows(
    {
        "customer_id": CUSTOMER, "opened_at": TIMES, "first_replied_at": maybe(LATER), "solved_at": maybe(LATER),
        "status": st.sampled_from(["open", "solved", "reopened"]), "priority": maybe(st.sampled_from(["high", "low"])),
        "channel": maybe(st.sampled_from(["email", "phone"])), "topic": maybe(st.sampled_from(["billing", "bug"])), "text": COMMENTS,
    },
    "ticket_id", 8,
).map(_later("opened_at", "first_replied_at", "solved_at"))  # fmt: skip
INTERACTIONS = rows(
    {
        "customer_id": CUSTOMER, "occurred_at": TIMES, "channel": st.sampled_from(["email", "email", "phone", "chat", "web", "community"]),
        "kind": st.sampled_from(["sent", "delivered", "opened", "clicked", "bounced",
"unsubscribed", "complained", "call", "visit", "usage"]),
        "direction": maybe(st.sampled_from(["inbound", "outbound"])), "campaign_id": maybe(st.sampled_from(["k1", "k2", "k3"])),
    },
    "interaction_id", 25,
)  # fmt: skip
REFERRALS = rows(
    {"referrer_customer_id": CUSTOMER, "referred_customer_id": maybe(CUSTOMER), "referred_at": TIMES, "converted_at": maybe(LATER)},
    "referral_id", 8,
).map(_later("referred_at", "converted_at"))  # fmt: skip
LOYALTY = rows(
    {
        "customer_id": CUSTOMER, "kind": st.sampled_from(["joined", "earned", "redeemed", "expired", "left"]), "occurred_at": TIMES,
        "points": maybe(st.sampled_from([10, 25.5, -5, 0])),
    },
    "loyalty_event_id", 14,
)  # fmt: skip
CAMPAIGNS = rows(
    {
        "name": st.just("spring"), "channel": st.just("email"), "action": maybe(st.sampled_from(["offer", "call"])),
        "cost_amount": maybe(st.sampled_from([0, 80])), "currency": st.just("USD"),
        "started_at": st.sampled_from([datetime(2025, 1, 1), datetime(2025, 2, 1)]), "ended_at": maybe(st.just(datetime(2025, 5, 1))),
    },
    "campaign_id", 3,
).map(lambda made: [row | {"campaign_id": f"k{number + 1}"} for number, row in enumerate(made)])  # fmt: skip
ORDERS = rows(
    {
        "account": st.integers(0, 4), "kind": st.just("one_off"), "issued_at": TIMES, "amount_minor": st.sampled_from([1000, 4000]),
        "currency": st.just("USD"), "invoice_status": st.just("paid"),
    },
    "invoice_line_id", 12,
).map(lambda made: [row | {"invoice_line_id": f"o{number}", "invoice_id": f"o{number}"} for number, row in enumerate(made)])  # fmt: skip
ACTIONS = rows(
    {
        "customer_id": CUSTOMER, "action": st.sampled_from(["offer", "offer", "nothing", "call"]), "decided_at": TIMES,
        "propensity": maybe(st.sampled_from([0.25, 0.5, 1])), "is_holdout": st.sampled_from([True, False, None]),
        "cost_amount": maybe(st.just(3)), "currency": st.just("USD"),
    },
    "action_id", 20,
)  # fmt: skip
