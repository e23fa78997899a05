"""What a continued night renews, case by case: as little as it may, and as much as it must."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from nights import Nights

pytestmark = pytest.mark.thorough


FIRST, NEXT = date(2024, 6, 12), date(2024, 6, 13)
Row = dict[str, Any]
WANTED = [
    "int_touched_payers",
    "int_subscription_months",
    "int_orders",
    "int_customer_channel_months",
    "int_campaign_contacts",
    "int_billed_prices",
    "fct_subscription_months",
]


def person(number: int, **said: Any) -> dict[str, Row]:
    """A CRM record, its account, its monthly subscription, and the line that bills it from 5 June on."""
    crm, billing = {"customer_id": f"c{number}"}, {"billing_customer_id": f"b{number}"}
    line = {"currency": "EUR", "kind": "recurring", "issued_at": datetime(2024, 6, 5), "invoice_status": "paid"}
    span = {"period_start": datetime(2024, 6, 5), "period_end": said.get("until", datetime(2024, 7, 5))}
    return {
        "crm_customers": crm | {"created_at": datetime(2024, 1, 1), "email": said.get("email", f"{number}@example.org")},
        "billing_customers": billing | crm | {"created_at": datetime(2024, 1, 1)},
        "billing_subscriptions": billing | {
            "subscription_id": f"s{number}", "status": "active", "started_at": datetime(2024, 6, 5), "plan": "team", "quantity": 1,
            "unit_minor": 900, "currency": "EUR", "interval": "month", "interval_count": 1, "trial_ends_at": said.get("trial"),
        },
        "billing_invoice_lines": billing | line | span | {
            "invoice_line_id": f"l{number}", "invoice_id": said.get("invoice", f"i{number}"), "subscription_id": f"s{number}",
            "amount_minor": 1000,
        },
        "crm_interactions": crm | {
            "interaction_id": f"a{number}", "occurred_at": datetime(2024, 6, 6), "channel": "email", "kind": "sent",
            "campaign_id": "k",
        },
    }  # fmt: skip


def company(*people: dict[str, Row], rate: float = 1.25, also: list[Row] | None = None) -> Nights:
    """A company of which the night FIRST has been built; `also` are further rates."""
    nights = Nights.of(business_model="contractual")
    rates = [{"currency": "EUR", "rate_date": day, "rate_to_reporting": rate} for day in (date(2024, 1, 1), date(2024, 6, 5))]
    rates += also or []
    tables = {name: [(row[name], False) for row in people] for name in people[0]}
    nights.land(0, tables | {"exchange_rates": [(row, False) for row in rates]})
    nights.night(FIRST, WANTED)
    return nights


def touched(nights: Nights, model: str = "int_touched_customers") -> set[str]:
    """Ids of the CRM records of the customers in `model`, after one more night."""
    nights.night(NEXT, WANTED)
    assert nights.builds[-1] is not None
    query = f"""SELECT source_customer_id FROM intermediate.int_customer_identities
        JOIN intermediate.{model} USING (customer_key) WHERE record_type = 'crm'"""
    return {key for (key,) in nights.connection.execute(query).fetchall()}


def test_nothing_new_renews_nobody() -> None:
    assert touched(company(person(1), person(2)), "int_touched_payers") == set()


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("billing_invoice_lines", {"amount_minor": 1100}),
        ("billing_subscriptions", {"plan": "business"}),
        ("crm_interactions", {"kind": "opened"}),
    ],
)
def test_a_corrected_row_renews_its_customer_alone(table: str, change: Row) -> None:
    one, two = person(1), person(2)
    nights = company(one, two)
    nights.land(1, {table: [(one[table] | change, False)]})
    assert touched(nights) == {"c1"}


def test_a_row_taken_back_renews_its_customer() -> None:
    one, two = person(1), person(2)
    nights = company(one, two)
    nights.land(1, {"billing_invoice_lines": [(one["billing_invoice_lines"], True)]})
    assert touched(nights) == {"c1"}
    assert nights.connection.execute("SELECT count(*) FROM intermediate.int_orders").fetchone() == (1,)


def test_a_row_that_moves_renews_both_its_owners() -> None:
    one, two, three = person(1), person(2), person(3)
    nights = company(one, two, three)
    nights.land(1, {"billing_invoice_lines": [(one["billing_invoice_lines"] | {"billing_customer_id": "b2"}, False)]})
    assert touched(nights) == {"c1", "c2"}


def test_a_record_that_is_merged_renews_both_customers() -> None:
    one, two, three = person(1), person(2), person(3)
    nights = company(one, two, three)
    merged = two["crm_customers"] | {"merged_into_customer_id": "c1", "updated_at": datetime(2024, 6, 13)}
    nights.land(1, {"crm_customers": [(merged, False)]})
    assert touched(nights) == {"c1", "c2"}
    assert nights.connection.execute("SELECT count(DISTINCT customer_key) FROM intermediate.int_orders").fetchone() == (2,)


def test_a_period_that_ends_renews_the_months_of_its_subscription_though_no_row_has_changed() -> None:
    nights = company(person(1, until=datetime(2024, 6, 13, 12)), person(2))
    assert touched(nights, "int_touched_payers") == {"c1"}
    assert nights.connection.execute("SELECT count(*) FROM intermediate.int_touched_customers").fetchone() == (0,)
    assert nights.connection.execute("SELECT covers_end FROM intermediate.int_billed_prices ORDER BY subscription_id").fetchall() == [
        (False,),
        (True,),
    ]


def test_a_trial_that_ends_makes_a_payer() -> None:
    nights = company(person(1, trial=datetime(2024, 6, 13, 9)), person(2))
    assert touched(nights, "int_touched_payers") == {"c1"}
    assert nights.connection.execute("SELECT count(*) FROM intermediate.int_subscription_months WHERE mrr > 0").fetchone() == (2,)


def test_the_month_that_runs_is_converted_at_the_newest_rate_for_everyone() -> None:
    nights = company(person(1), person(2))
    nights.land(1, {"exchange_rates": [({"currency": "EUR", "rate_date": NEXT, "rate_to_reporting": 2.0}, False)]})
    assert touched(nights) == set()
    assert nights.connection.execute("SELECT DISTINCT mrr FROM marts.fct_subscription_months").fetchall() == [(20,)]


def test_a_corrected_rate_renews_those_who_were_billed_at_it() -> None:
    two = person(2)
    two["billing_invoice_lines"] |= {"issued_at": datetime(2024, 6, 4)}
    nights = company(person(1), two)
    rates = [
        {"currency": "EUR", "rate_date": day, "rate_to_reporting": rate}
        for day, rate in ((date(2024, 6, 5), 3.0), (date(2024, 6, 6), 1.25))
    ]
    nights.land(1, {"exchange_rates": [(row, False) for row in rates]})
    assert touched(nights) == {"c1"}
    assert nights.connection.execute("SELECT net_amount_reporting FROM intermediate.int_orders ORDER BY ALL").fetchall() == [(12.5,), (30,)]


def test_a_corrected_rate_renews_those_who_were_given_back_at_it() -> None:
    one, two = person(1), person(2)
    one["billing_invoice_lines"] |= {"currency": "HRK"}
    two["billing_invoice_lines"] |= {"issued_at": datetime(2024, 6, 4)}
    refund = {"kind": "refund", "status": "succeeded", "currency": "EUR", "amount_minor": 100, "occurred_at": datetime(2024, 6, 7)}
    for row in (one, two):
        line = row["billing_invoice_lines"]
        of = {name: line[name] for name in ("invoice_id", "billing_customer_id")}
        row["billing_payments"] = refund | of | {"payment_id": f"p{line['invoice_id']}"}
    nights = company(one, two, also=[{"currency": "HRK", "rate_date": date(2024, 1, 1), "rate_to_reporting": 0.125}])
    assert ordered_of(nights, "i1") == [0]
    rates = [
        {"currency": "EUR", "rate_date": day, "rate_to_reporting": rate}
        for day, rate in ((date(2024, 6, 5), 0.625), (date(2024, 6, 6), 1.25))
    ]
    nights.land(1, {"exchange_rates": [(row, False) for row in rates]})
    assert touched(nights) == {"c1"}
    assert ordered_of(nights, "i1") == [500]


def ordered_of(nights: Nights, order: str) -> list[int]:
    """What is left of an order, in minor units."""
    found = nights.connection.execute("SELECT net_amount_minor FROM intermediate.int_orders WHERE order_id = ?", [order]).fetchall()
    return [amount for (amount,) in found]


def test_a_corrected_rate_of_a_month_that_is_over_renews_everyone() -> None:
    nights = company(person(1), person(2))
    nights.land(1, {"exchange_rates": [({"currency": "EUR", "rate_date": date(2024, 1, 1), "rate_to_reporting": 1.3}, False)]})
    assert touched(nights) == {"c1", "c2"}


def test_a_channel_that_begins_to_report_deliveries_renews_everyone() -> None:
    one, two = person(1), person(2)
    nights = company(one, two)
    nights.land(1, {"crm_interactions": [(one["crm_interactions"] | {"interaction_id": "new", "kind": "delivered"}, False)]})
    assert touched(nights) == {"c1", "c2"}
    assert nights.connection.execute("SELECT sum(delivered) FROM intermediate.int_customer_channel_months").fetchone() == (1,)
    reached = nights.connection.execute("SELECT count(*) FROM intermediate.int_campaign_contacts")
    assert reached.fetchone() == (1,)  # what was only sent reached two until then, and now nobody


def test_contacts_of_a_campaign_are_kept_where_nobody_was_touched() -> None:
    one, two = person(1), person(2)
    nights = company(one, two)
    nights.connection.execute("UPDATE intermediate.int_campaign_contacts SET first_at = TIMESTAMP '2000-01-01'")
    again = one["crm_interactions"] | {"interaction_id": "again", "occurred_at": datetime(2024, 6, 13, 9)}
    nights.land(1, {"crm_interactions": [(again, False)]})
    assert touched(nights) == {"c1"}
    kept = nights.connection.execute("SELECT count(*), count_if(year(first_at) = 2000) FROM intermediate.int_campaign_contacts")
    assert kept.fetchone() == (3, 1)


def test_accounts_that_share_an_invoice_are_always_renewed() -> None:
    nights = company(person(1, invoice="shared"), person(2, invoice="shared"), person(3))
    assert touched(nights) == {"c1", "c2"}
