"""What past cut-offs knew is kept from night to night, and computed anew for whoever something has been said of since."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from nights import Change, Nights

pytestmark = pytest.mark.thorough


SINCE, FIRST_NIGHT = datetime(2022, 1, 10), date(2024, 6, 17)
LONG_AGO = datetime(2023, 9, 4, 12)  # known to several past cut-offs
FEATURES = "int_customer_features"


def subscriber(who: str) -> dict[str, list[Change]]:
    """A customer who has paid 49 euros a month since January 2022, and of whom one thing of each kind is known."""
    account, subscription, person = {"billing_customer_id": who}, {"subscription_id": who, "currency": "EUR"}, {"customer_id": who}
    billing = {**subscription, **account}
    tables: dict[str, list[dict[str, Any]]] = {
        "crm_customers": [{**person, "created_at": SINCE, "country": "DE"}],
        "billing_customers": [{**account, **person, "created_at": SINCE}],
        "billing_subscriptions": [{**billing, "status": "active", "started_at": SINCE, "unit_amount": 49, "interval": "month"}],
        "billing_invoice_lines": [line(billing, number) for number in range(29)],
        "billing_payments": [
            {**account, "payment_id": f"{who}{number}", "invoice_id": f"{who}{number}", "kind": "payment", "status": "succeeded",
             "occurred_at": SINCE + timedelta(days=30 * number), "amount": 49, "currency": "EUR"}
            for number in range(29)
        ],
        "crm_interactions": [{**person, "interaction_id": who, "occurred_at": LONG_AGO, "channel": "web", "kind": "usage"}],
        "crm_tickets": [{**person, "ticket_id": who, "opened_at": LONG_AGO, "solved_at": LONG_AGO + timedelta(days=2)}],
        "survey_responses": [
            {**person, "response_id": who, "metric": "nps", "score": 9, "scale_min": 0, "scale_max": 10, "responded_at": LONG_AGO}
        ],
        "crm_loyalty_events": [{**person, "loyalty_event_id": who, "kind": "earned", "points": 50, "occurred_at": LONG_AGO}],
        "crm_referrals": [{"referral_id": who, "referrer_customer_id": who, "referred_at": LONG_AGO}],
    }  # fmt: skip
    return {table: [(row, False) for row in rows] for table, rows in tables.items()}


def line(billing: dict[str, Any], number: int, amount: int = 49) -> dict[str, Any]:
    """The invoice of the month that begins so many times thirty days after January 2022."""
    invoice, begins = f"{billing['billing_customer_id']}{number}", SINCE + timedelta(days=30 * number)
    period = {"issued_at": begins, "period_start": begins, "period_end": begins + timedelta(days=30), "kind": "recurring"}
    return {**billing, **period, "invoice_line_id": invoice, "invoice_id": invoice, "amount": amount, "product": "team"}


# What is said of each of them in the second night: a row that comes, one that is another, one that goes.
TICKET = {"opened_at": LONG_AGO, "solved_at": LONG_AGO + timedelta(days=2)}
FAILED = {"kind": "payment", "status": "failed", "occurred_at": LONG_AGO, "amount": 49, "currency": "EUR"}
ANSWER = {"metric": "nps", "score": 2, "scale_min": 0, "scale_max": 10, "responded_at": LONG_AGO}
DEARER = {"billing_customer_id": "paid_more", "subscription_id": "paid_more", "currency": "EUR"}
REFERRED = {"referrer_customer_id": "silent", "referred_customer_id": "was_referred", "referred_at": LONG_AGO, "converted_at": LONG_AGO}
SAID: dict[str, tuple[str, dict[str, Any], bool]] = {
    "paid_more": ("billing_invoice_lines", line(DEARER, 19, amount=99), False),
    "could_not_pay": ("billing_payments", FAILED | {"payment_id": "could_not_pay19", "billing_customer_id": "could_not_pay"}, False),
    "called": ("crm_interactions", {"interaction_id": "new", "occurred_at": LONG_AGO, "channel": "phone", "kind": "call"}, False),
    "asked_twice": ("crm_tickets", {"ticket_id": "new", "opened_at": LONG_AGO}, False),
    "never_asked": ("crm_tickets", TICKET | {"ticket_id": "never_asked"}, True),
    "thinks_less": ("survey_responses", ANSWER | {"response_id": "thinks_less"}, False),
    "never_earned": (
        "crm_loyalty_events",
        {"loyalty_event_id": "never_earned", "kind": "earned", "points": 50, "occurred_at": LONG_AGO},
        True,
    ),
    "was_referred": ("crm_referrals", REFERRED | {"referral_id": "silent"}, False),
    "moved": ("crm_customers", {"created_at": SINCE, "updated_at": LONG_AGO, "country": "FR"}, False),
    "is_another": ("crm_customers", {"created_at": SINCE, "updated_at": LONG_AGO, "merged_into_customer_id": "keeps_both"}, False),
}
CONCERNED = {*SAID, "silent", "keeps_both"}


def test_only_those_of_whom_something_is_said_are_computed_anew() -> None:
    continued, anew = Nights.of(business_model="contractual"), Nights.of(business_model="contractual")
    first: dict[str, list[Change]] = {"exchange_rates": [(rate(1.1), False)]}
    for who in (*CONCERNED, "bystander"):
        for table, changes in subscriber(who).items():
            first.setdefault(table, []).extend(changes)
    second: dict[str, list[Change]] = {}
    for who, (table, row, is_gone) in SAID.items():
        named = {"customer_id": who} if table not in ("billing_invoice_lines", "billing_payments", "crm_referrals") else {}
        second.setdefault(table, []).append(({**named, **row}, is_gone))

    before = {}
    for number, load in enumerate([first, second, {}, {"exchange_rates": [(rate(1.2), False)]}]):
        for nights in (continued, anew):
            nights.land(number, load)
            nights.night(FIRST_NIGHT + timedelta(days=number), [FEATURES], anew=nights is anew)
        assert continued.differences(anew, FEATURES) == [], number
        everyone, computed = past(anew, "int_feature_rows"), past(continued, "int_feature_spine")
        changed = {who for who, features in past(anew, FEATURES).items() if before.get(who, features) != features}
        before = past(anew, FEATURES)
        assert set(computed) == [set(everyone), CONCERNED, set(), set(everyone)][number]
        assert changed == [set(), CONCERNED, set(), set(everyone)][number]
    assert len(before["bystander"]) > 3
    assert [build is not None for build in continued.builds] == [False, True, True, True]


def rate(euros: float) -> dict[str, Any]:
    """What a euro is worth in the reporting currency, since ever."""
    return {"currency": "EUR", "rate_date": date(2000, 1, 1), "rate_to_reporting": euros}


def past(nights: Nights, model: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of past cut-offs, by the id of the customer in the CRM."""
    query = f"""
        SELECT source_customer_id, model.* EXCLUDE (customer_key)
        FROM intermediate.{model} AS model
        INNER JOIN intermediate.int_customer_identities AS identities USING (customer_key)
        WHERE record_type = 'crm' AND cutoff_index > 0
        ORDER BY ALL
    """
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for who, *features in nights.connection.execute(query).fetchall():
        rows.setdefault(who, []).append(tuple(features))
    return rows
