"""Companies that each do one awkward thing: both views agree, and the numbers are those that a person finds with a pencil."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import harness
import pandas as pd
import pytest
from company import Company

Row = dict[str, Any]
EUR = {"currency": "EUR", "rate_date": date(2000, 1, 1), "rate_to_reporting": 2}


def account(key: str = "b", **row: Any) -> Row:
    return {"billing_customer_id": key} | row


def subscription(key: str, start: datetime, end: datetime | None = None, owner: str = "b", **row: Any) -> Row:
    """Ten dollars a month, unless said otherwise."""
    known = {"subscription_id": key, "billing_customer_id": owner, "status": "canceled" if end else "active"}
    known |= {"started_at": start, "ended_at": end, "unit_amount": 10, "currency": "USD", "interval": "month"}
    return known | row


def line(invoice: str, start: datetime, end: datetime, amount: float, **row: Any) -> Row:
    common = {"invoice_line_id": f"{invoice}-{row.get('kind', 'recurring')}", "invoice_id": invoice, "billing_customer_id": "b"}
    common |= {"subscription_id": "s", "kind": "recurring", "issued_at": start, "period_start": start, "period_end": end}
    return common | {"amount": amount, "currency": "USD", "invoice_status": "paid"} | row


def built(as_of: date, business_model: str = "contractual", **tables: list[Row]) -> Company:
    company = Company.built(tables, as_of, business_model=business_model)
    company.check()
    return company


def movements(company: Company) -> list[tuple[str, str, float]]:
    """(month, movement, MRR at its end) of the only customer, in the marts."""
    rows = company.marts["fct_subscription_months"].sort_values("month")
    assert rows["customer_key"].nunique() == 1
    return [(f"{row.month:%Y-%m}", row.movement, float(row.mrr)) for row in rows.itertuples()]


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


def test_prices_are_what_was_billed_month_by_month() -> None:
    """Ten, then a change in the middle of February with its prorations, then twelve less two; the record says fifty today."""
    february, march, april = datetime(2024, 2, 1), datetime(2024, 3, 1), datetime(2024, 4, 1)
    company = built(
        date(2024, 3, 31),
        billing_customers=[account()],
        billing_subscriptions=[subscription("s", datetime(2024, 1, 1), unit_amount=50)],
        billing_invoice_lines=[
            line("i1", datetime(2024, 1, 1), february, 10),
            line("i2", february, march, 10),
            line("i3", datetime(2024, 2, 15), march, 7, kind="proration"),
            line("i4", march, april, 12),
            line("i4", march, april, -2, kind="discount"),
            line("i4", march, april, 99, kind="one_off"),
            line("i4", march, april, 21.8, kind="tax"),
        ],
    )
    assert movements(company) == [("2024-01", "new", 10), ("2024-02", "unchanged", 10), ("2024-03", "unchanged", 10)]


def test_weeks_quarters_and_days() -> None:
    company = built(
        date(2024, 1, 31),
        billing_customers=[account()],
        billing_subscriptions=[
            subscription(interval, datetime(2024, 1, 1), interval=interval, interval_count=2, unit_amount=24) for interval in
            ("day", "week", "month", "quarter", "year")
        ],
    )  # fmt: skip
    expected = 24 / 2 * (365 / 12 + 52 / 12 + 1 + 1 / 3 + 1 / 12)
    assert movements(company) == [("2024-01", "new", pytest.approx(expected, abs=5e-6))]


def test_a_redenominated_currency() -> None:
    """A thousand old units are one new one: neither the price nor what was paid before has changed."""
    rates = [("2000-01-01", 0.002), ("2024-02-01", 2)]
    company = built(
        date(2024, 2, 29),
        exchange_rates=[{"currency": "BYN", "rate_date": day, "rate_to_reporting": rate} for day, rate in rates],
        billing_customers=[account()],
        billing_subscriptions=[subscription("s", datetime(2024, 1, 1), unit_amount=5, currency="BYN")],
        billing_invoice_lines=[
            line("i1", datetime(2024, 1, 1), datetime(2024, 2, 1), 5000, currency="BYN"),
            line("i2", datetime(2024, 2, 1), datetime(2024, 3, 1), 5, currency="BYN"),
        ],
        billing_payments=[
            {"payment_id": f"p{number}", "billing_customer_id": "b", "invoice_id": f"i{number}", "kind": "payment", "status": "succeeded"}
            | {"occurred_at": datetime(2024, number, 1), "amount": amount, "currency": "BYN"}
            for number, amount in ((1, 5000), (2, 5))
        ],
    )  # fmt: skip
    assert movements(company) == [("2024-01", "new", 10), ("2024-02", "unchanged", 10)]
    assert list(company.marts["metric_customer_clv"]["clv_historic"]) == [20]


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
    answer = {"response_id": "r", "customer_id": "c", "metric": "nps", "score": 9, "scale_min": 0, "scale_max": 10}
    company = built(
        date(2024, 2, 29),
        crm_customers=[{"customer_id": "c", "created_at": datetime(2024, 1, 1)}],
        billing_customers=[account(customer_id="c")],
        billing_subscriptions=[subscription("s", datetime(2024, 1, 1))],
        survey_responses=[answer | {"responded_at": datetime(2021, 5, 1)}],
    )
    assert movements(company) == [("2024-01", "new", 10), ("2024-02", "unchanged", 10)]
    assert list(company.marts["dim_customers"]["first_seen_at"]) == [pd.Timestamp(2024, 1, 1)]


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
    assert list(company.marts["metric_customer_clv"]["clv_historic"]) == [-24]


def prices(*lines: Row, as_of: date = date(2024, 12, 31), **record: Any) -> dict[str, float]:
    """Month → MRR of the only subscription, which was billed like that."""
    company = built(
        as_of,
        billing_customers=[account()],
        billing_subscriptions=[subscription("s", datetime(2024, 1, 1), unit_amount=1) | {"interval": "year"} | record],
        billing_invoice_lines=[row | {"invoice_line_id": str(number)} for number, row in enumerate(lines)],
    )
    return {month: mrr for month, _, mrr in movements(company)}


YEAR, NEXT = datetime(2024, 1, 1), datetime(2025, 1, 1)
A_YEAR = line("year", YEAR, NEXT, 1200)


def test_seats_of_an_invoice_of_their_own_add_to_the_running_term() -> None:
    """Fifty more a month from April; then by the day from 10 November, 366 ÷ 52 times as much for the year; the renewal takes all in."""
    april, november = datetime(2024, 4, 1), datetime(2024, 11, 10)
    told = prices(
        A_YEAR, line("seats", april, NEXT, 450), line("more", november, NEXT, 52),
        line("more", november, NEXT, -26, kind="discount"), line("renewal", NEXT, datetime(2026, 1, 1), 2400), as_of=date(2025, 1, 31),
    )  # fmt: skip
    assert [told[f"2024-{month}"] for month in ("03", "04", "10", "11", "12")] == [100, 150, 150, 165.25, 165.25]
    assert told["2025-01"] == 200


def test_a_new_plan_takes_the_place_of_what_is_given_back() -> None:
    """From 1 July 200 a month: the rest of the old is credited on an invoice of its own, or as a proration; a credit alone is no price."""
    july = datetime(2024, 7, 1)
    for kind in ("recurring", "proration"):
        told = prices(A_YEAR, line("new", july, NEXT, 1200), line("note", july, NEXT, -600, kind=kind))
        assert (told["2024-06"], told["2024-07"], told["2024-12"]) == (100, 200, 200)
        told = prices(A_YEAR, line("note", july, NEXT, -600, kind=kind))
        assert (told["2024-06"], told["2024-07"]) == (100, 100)


def test_what_was_used_adds_to_what_was_billed_ahead() -> None:
    """By the month in a year, and of a month when it is over, on the invoice of the next one; what is not over yet is not known yet."""
    february, march, april = datetime(2024, 2, 1), datetime(2024, 3, 1), datetime(2024, 4, 1)
    told = prices(A_YEAR, line("used", february, march, 30), as_of=date(2024, 3, 31))
    assert told == {"2024-01": 100, "2024-02": 130, "2024-03": 100}
    months = [line("1", YEAR, february, 10), line("2", february, march, 10), line("3", march, april, 10)]
    used = [line("2", YEAR, february, 3, issued_at=february), line("3", february, march, 4, issued_at=march)]
    assert prices(*months, *used, interval="month", as_of=date(2024, 3, 31)) == {"2024-01": 13, "2024-02": 14, "2024-03": 10}


def test_what_is_billed_anew_takes_the_place_of_what_was() -> None:
    """The same month once more; a year that begins in the middle of one; months of a subscription that is no longer billed by the year."""
    july = datetime(2024, 7, 1)
    assert prices(A_YEAR, line("again", YEAR, NEXT, 600, issued_at=datetime(2024, 1, 5)))["2024-12"] == 50
    assert prices(A_YEAR, line("anew", july, datetime(2025, 7, 1), 600))["2024-12"] == 50
    months = [line(str(month), datetime(2024, month, 1), datetime(2024, month + 1, 1), 120) for month in range(7, 12)]
    told = prices(A_YEAR, *months, line("12", datetime(2024, 12, 1), NEXT, 120), interval="month")
    assert (told["2024-06"], told["2024-07"], told["2024-12"]) == (100, 120, 120)


def test_running_subscriptions_without_any_price_are_complained_of() -> None:
    """A source that exports none makes nobody active, and nobody would know why; a price of 0 is one."""
    check, start = "assert_running_subscriptions_have_a_price", datetime(2024, 1, 1)
    unpriced = [subscription(f"n{number}", start, unit_amount=None) for number in range(2)]
    priced = [subscription(f"p{number}", start, unit_amount=number) for number in range(9)]
    tables: dict[str, list[Row]] = {"billing_customers": [account()], "billing_subscriptions": [*priced, *unpriced]}
    assert not harness.project().complaints(check, tables, "2024-03-10")  # two of eleven
    tables["billing_subscriptions"] = [*priced[:5], *unpriced]
    told = harness.project().complaints(check, tables, "2024-03-10")
    assert told == [{"source_name": "files", "running_subscriptions": 7, "without_a_price": 2}]
