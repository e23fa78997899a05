"""Companies that each do one awkward thing: both views agree, and the numbers are those that a person finds with a pencil."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import harness
import pandas as pd
import pytest
from pencil import account, built, movements, subscription

EUR = {"currency": "EUR", "rate_date": date(2000, 1, 1), "rate_to_reporting": 2}


@pytest.mark.parametrize("business_model", ["contractual", "non_contractual"])
def test_no_customers(business_model: str) -> None:
    company = built(date(2024, 2, 29), business_model)
    assert {name: len(mart) for name, mart in company.marts.items() if len(mart)} == {}


def test_one_customer_who_never_buys() -> None:
    company = built(date(2024, 2, 29), crm_customers=[{"customer_id": "c", "created_at": datetime(2024, 1, 1)}])
    assert list(company.marts["dim_customers"]["lifecycle_stage"]) == ["prospect"]
    assert list(company.marts["metric_customer_clv"]["clv_historic"]) == [0]


def test_everybody_has_left() -> None:
    company = built(
        date(2024, 3, 31),
        billing_customers=[account(f"b{number}") for number in range(3)],
        billing_subscriptions=[
            subscription(f"s{number}", datetime(2024, 1, 5), datetime(2024, 2, 5), f"b{number}") for number in range(3)
        ],
    )  # fmt: skip
    whole = company.marts["metric_retention_monthly"].query("dimension == 'all'").set_index("month")
    assert list(whole["customers_at_end"]) == [3, 0, 0]
    assert list(whole["customer_retention_rate"].fillna(-1)) == [-1, 0, -1]  # nobody to keep: nothing to say, not 0
    assert list(whole["gross_revenue_retention"].fillna(-1)) == [-1, 0, -1]
    cells = company.marts["metric_cohort_retention"].query("basis == 'customers'").sort_values("months_since")
    assert list(cells["retention_rate"]) == [1, 0, 0]


def test_five_hundred_subscriptions_of_one_customer() -> None:
    company = built(
        date(2024, 1, 31),
        billing_customers=[account()],
        billing_subscriptions=[subscription(f"s{number}", datetime(2024, 1, 1)) for number in range(500)],
    )
    assert movements(company) == [("2024-01", "new", 5000)]


def test_a_leap_day_is_the_end_of_its_month() -> None:
    company = built(
        date(2025, 3, 31),
        billing_customers=[account()],
        billing_subscriptions=[
            subscription("s", datetime(2024, 2, 29, 23, 59, 59), datetime(2025, 3, 1), interval="year", unit_amount=120),
            subscription("t", datetime(2024, 1, 31), datetime(2024, 2, 29)),
        ],
    )  # fmt: skip
    told = movements(company)
    assert told[:3] == [("2024-01", "new", 10), ("2024-02", "unchanged", 10), ("2024-03", "unchanged", 10)]
    assert told[-2:] == [("2025-02", "unchanged", 10), ("2025-03", "churn", 0)]  # it ended with the last instant of February


def test_starts_and_ends_inside_one_month() -> None:
    company = built(
        date(2024, 3, 31),
        billing_customers=[account()],
        billing_subscriptions=[subscription("s", datetime(2024, 1, 2), datetime(2024, 1, 31, 23, 59))],
    )
    assert company.marts["fct_subscription_months"].empty


def test_gap_and_return() -> None:
    company = built(
        date(2024, 4, 15),
        billing_customers=[account()],
        billing_subscriptions=[
            subscription("s", datetime(2024, 1, 1), datetime(2024, 2, 1)),
            subscription("t", datetime(2024, 3, 31, 23, 59, 59), quantity=3, discount_percent=50, status="past_due"),
        ],
    )  # fmt: skip
    expected = [("2024-01", "new", 10), ("2024-02", "churn", 0), ("2024-03", "reactivation", 15), ("2024-04", "unchanged", 15)]
    assert movements(company) == expected
    last = company.marts["metric_mrr_movements"].iloc[-1]
    assert not last["is_complete"]
    cells = company.marts["metric_cohort_retention"].query("basis == 'revenue'").sort_values("months_since")
    assert list(cells["retention_rate"].fillna(-1)) == [1, 0, 1.5, -1]


def test_a_trial_that_converts_and_one_that_does_not() -> None:
    trial = {"trial_ends_at": datetime(2024, 2, 1)}
    company = built(
        date(2024, 2, 29),
        billing_customers=[account("a"), account("b"), account("c")],
        billing_subscriptions=[
            subscription("s", datetime(2024, 1, 18), owner="a", **trial),
            subscription("t", datetime(2024, 1, 18), datetime(2024, 2, 1), owner="b", **trial),
            subscription("u", datetime(2024, 1, 18), owner="c", status="trialing"),
        ],
    )  # fmt: skip
    assert movements(company) == [("2024-02", "new", 10)]


def test_a_merge_pools_the_whole_history() -> None:
    company = built(
        date(2024, 3, 31),
        crm_customers=[
            {"customer_id": "old", "created_at": datetime(2023, 1, 1), "merged_into_customer_id": "new", "country": "DE"},
            {"customer_id": "new", "created_at": datetime(2024, 3, 1), "country": "US"},
        ],
        billing_customers=[account("a", customer_id="old"), account("b", customer_id="new")],
        billing_subscriptions=[
            subscription("s", datetime(2024, 1, 1), datetime(2024, 1, 20) + timedelta(days=12), owner="a"),
            subscription("t", datetime(2024, 3, 1), owner="b"),
        ],
    )  # fmt: skip
    assert movements(company) == [("2024-01", "new", 10), ("2024-02", "churn", 0), ("2024-03", "reactivation", 10)]
    countries = company.marts["metric_retention_monthly"].query("dimension == 'country'")
    assert set(countries["dimension_value"]) == {"US"}


def test_a_deleted_record_stays_in_past_months() -> None:
    company = built(
        date(2024, 3, 31),
        crm_customers=[{"customer_id": "c", "created_at": datetime(2023, 1, 1), "deleted_at": datetime(2024, 2, 1), "country": "DE"}],
        billing_customers=[account(customer_id="c")],
        billing_subscriptions=[subscription("s", datetime(2024, 1, 1), datetime(2024, 2, 1))],
    )
    whole = company.marts["metric_retention_monthly"].query("dimension_value == 'DE'").set_index("month")
    assert list(whole["customers_at_end"]) == [1, 0, 0]


def test_an_answer_from_before_the_customer_existed() -> None:
    """It counts in its own month, as that customer's; they were seen first when their record was made, and owe nothing to it."""
    answer = {"response_id": "r", "customer_id": "c", "metric": "nps", "score": 9, "scale_min": 0, "scale_max": 10}
    tables = {
        "crm_customers": [{"customer_id": "c", "created_at": datetime(2024, 1, 1)}],
        "billing_customers": [account(customer_id="c")],
        "billing_subscriptions": [subscription("s", datetime(2024, 1, 1))],
        "survey_responses": [answer | {"responded_at": datetime(2021, 5, 1)}],
    }
    company = built(date(2024, 2, 29), **tables)
    assert movements(company) == [("2024-01", "new", 10), ("2024-02", "unchanged", 10)]
    assert list(company.marts["dim_customers"]["first_seen_at"]) == [pd.Timestamp(2024, 1, 1)]
    marts = harness.project("contractual").marts(["fct_survey_responses", "metric_nps_monthly"], tables, date(2024, 2, 29))
    assert list(marts["fct_survey_responses"]["customer_key"]) == list(company.marts["dim_customers"]["customer_key"])
    nps = marts["metric_nps_monthly"].query("view == 'period' and dimension == 'all' and responses > 0")
    assert list(zip(nps["month"], nps["promoters"], strict=True)) == [(pd.Timestamp(2021, 5, 1), 1)]


def test_a_customer_goes_through_the_stages() -> None:
    """Seen in January, pays from February, asks in May to end on 1 July, which is live at the end of June, comes back in August."""
    company = built(
        date(2024, 9, 30),
        crm_customers=[{"customer_id": "c", "created_at": datetime(2024, 1, 9)}],
        billing_customers=[account(customer_id="c")],
        billing_subscriptions=[
            subscription("s", datetime(2024, 2, 1), datetime(2024, 7, 1), cancel_requested_at=datetime(2024, 5, 31)),
            subscription("t", datetime(2024, 8, 5), status="past_due"),
        ],
    )
    moves = company.marts["metric_lifecycle_monthly"].query("customers > 0").sort_values("month")
    assert list(zip(moves["from_stage"], moves["to_stage"], strict=True)) == [
        ("not_yet_known", "prospect"), ("prospect", "onboarding"), ("onboarding", "onboarding"), ("onboarding", "onboarding"),
        ("onboarding", "at_risk"), ("at_risk", "at_risk"), ("at_risk", "lapsed"), ("lapsed", "won_back"), ("won_back", "at_risk"),
    ]  # fmt: skip


def test_a_purchase_counts_for_ninety_days() -> None:
    """Bought on 1 January at midnight: the end of March is 91 days away. A second one is given back, a third is worth nothing."""
    common = {"billing_customer_id": "b", "kind": "one_off", "currency": "EUR"}
    bought = [("a", datetime(2024, 1, 1), 12), ("b", datetime(2024, 3, 1), 12), ("c", datetime(2024, 4, 9), 0)]
    company = built(
        date(2024, 4, 30),
        "non_contractual",
        exchange_rates=[EUR],
        billing_customers=[account()],
        billing_invoice_lines=[
            common | {"invoice_line_id": key, "invoice_id": key, "issued_at": at, "amount": amount} for key, at, amount in bought
        ],
        billing_payments=[
            {"payment_id": "p", "billing_customer_id": "b", "invoice_id": "b", "kind": "refund", "status": "succeeded"}
            | {"occurred_at": datetime(2024, 4, 2), "amount": 12, "currency": "EUR"}
        ],
    )  # fmt: skip
    whole = company.marts["metric_retention_monthly"].query("dimension == 'all'").sort_values("month")
    assert list(whole["customers_at_end"]) == [1, 1, 0, 0]
    segment = company.marts["dim_customer_segments"].iloc[0]
    assert (segment["recency_days"], segment["frequency"], segment["monetary"]) == (120, 1, 24)
    assert (segment["r_score"], segment["f_score"], segment["m_score"]) == (3, 3, 3)
    # the source tells of no payment, so its invoices were paid: 24 + 24 − 24
    assert list(company.marts["metric_customer_clv"]["clv_historic"]) == [24]


@pytest.mark.parametrize("business_model", ["contractual", "non_contractual"])
def test_money_of_a_weak_currency(business_model: str) -> None:
    """In rials an invoice of 50 million euros has thirteen digits, and what a large customer has paid fourteen."""
    bought = {"billing_customer_id": "b", "invoice_id": "i", "kind": "one_off", "issued_at": datetime(2024, 1, 5), "invoice_status": "paid"}
    company = built(
        date(2024, 2, 29),
        business_model,
        exchange_rates=[EUR | {"rate_to_reporting": 42_000}],
        billing_customers=[account()],
        billing_subscriptions=[subscription("s", datetime(2024, 1, 1), quantity=1_000_000, unit_amount=90, currency="EUR")],
        billing_invoice_lines=[
            bought | {"invoice_line_id": "euros", "amount": 50_000_000, "currency": "EUR"},
            *(bought | {"invoice_line_id": f"l{n}", "invoice_id": f"i{n}", "amount": 9e7, "currency": "EUR"} for n in range(3)),
        ],
    )  # fmt: skip
    whole = 320_000_000 * 42_000
    assert list(company.marts["metric_customer_clv"]["clv_historic"]) == [whole]
    assert list(company.marts["dim_customer_segments"]["monetary"]) == [whole]
    assert movements(company)[0] == ("2024-01", "new", 90_000_000 * 42_000)


@pytest.mark.parametrize(("invoice", "complaints"), [(None, 1), ("i", 0)])
def test_payments_that_name_no_invoice_count_beside_the_invoices_and_a_check_says_so(invoice: str | None, complaints: int) -> None:
    line = {"invoice_line_id": "l", "invoice_id": "i", "billing_customer_id": "b", "kind": "one_off", "issued_at": datetime(2024, 1, 5)}
    payment = {"payment_id": "p", "billing_customer_id": "b", "invoice_id": invoice, "kind": "payment", "status": "succeeded"}
    tables = {
        "billing_customers": [account()],
        "billing_invoice_lines": [line | {"amount": 12, "currency": "USD"}],
        "billing_payments": [payment | {"occurred_at": datetime(2024, 1, 6), "amount": 12, "currency": "USD"}],
    }
    found = harness.project("contractual").complaints("assert_payments_name_their_invoices", tables, "2024-01-31")
    assert [row["payments"] for row in found] == [1] * complaints


@pytest.mark.parametrize("discount", [0, 100])
def test_whoever_goes_on_free_of_charge_has_left(discount: int) -> None:
    """Their predicted value was a year of what they used to pay, and the churn model learnt that they stayed."""
    bills = [
        {"invoice_line_id": f"{month}", "invoice_id": f"i{month}", "billing_customer_id": "b", "subscription_id": "s", "kind": "recurring"}
        | {"issued_at": datetime(2024, month, 1), "period_start": datetime(2024, month, 1), "period_end": datetime(2024, month + 1, 1)}
        | {"amount": 10 if month < 4 or discount else 0, "currency": "USD", "invoice_status": "paid"}
        for month in range(1, 10)
    ]
    given = [row | {"invoice_line_id": f"d{row['invoice_id']}", "kind": "discount", "amount": -10} for row in bills[3:]] if discount else []
    company = built(
        date(2024, 9, 20),
        billing_customers=[account()],
        billing_subscriptions=[subscription("s", datetime(2024, 1, 1), unit_amount=10 if discount else 0)],
        billing_invoice_lines=[*bills, *given],
    )
    assert list(company.marts["dim_customers"]["lifecycle_stage"]) == ["lapsed"]
    told = company.marts["clv_subscriptions"]
    assert told[["is_active", "ended", "tenure_months", "ended_months_ago"]].values.tolist() == [[False, True, 2, 5]]
