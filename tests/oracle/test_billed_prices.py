"""Prices as they were billed: terms, seats, changes in the middle of one, usage, invoices that take the place of others."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import harness
import pytest
from pencil import Row, account, built, movements, subscription


def line(invoice: str, start: datetime, end: datetime, amount: float, **row: Any) -> Row:
    common = {"invoice_line_id": f"{invoice}-{row.get('kind', 'recurring')}", "invoice_id": invoice, "billing_customer_id": "b"}
    common |= {"subscription_id": "s", "kind": "recurring", "issued_at": start, "period_start": start, "period_end": end}
    return common | {"amount": amount, "currency": "USD", "invoice_status": "paid"} | row


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
