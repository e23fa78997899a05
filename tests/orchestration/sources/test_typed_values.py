"""Raw text to contract types: what is read, and what is kept as a bad value instead of being guessed."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

PAYMENT = "payment_id,billing_customer_id,kind,status,currency,occurred_at,amount,amount_minor\np1,c1,payment,succeeded,EUR,{},{},{}\n"


def _payment(read: Any, time: str = "2025-01-01", amount: str = "1", minor: str = "100", zone: str = "UTC") -> dict[str, Any]:
    _, (row,) = read(PAYMENT.format(time, amount, minor), "billing_payments.csv", zone=zone)
    return row


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-31", datetime(2025, 12, 31)),
        ("2025-12-31T10:00", datetime(2025, 12, 31, 10)),
        ("2025-12-31 10:00:05.25", datetime(2025, 12, 31, 10, 0, 5, 250_000)),
        ("2025-12-31T10:00:00Z", datetime(2025, 12, 31, 10)),
        ("2025-12-31T10:00Z", datetime(2025, 12, 31, 10)),
        ("2025-12-31T10:00+02:00", datetime(2025, 12, 31, 8)),
        ("2025-12-31T10:00:00+0230", datetime(2025, 12, 31, 7, 30)),
        ("2025-12-31T10:00:00-05", datetime(2025, 12, 31, 15)),
        (" 2025-12-31 ", datetime(2025, 12, 31)),
    ],
)
def test_times_are_iso_8601_and_become_utc(read: Any, text: str, expected: datetime) -> None:
    row = _payment(read, time=text)
    assert (row["occurred_at"], row["_bad_values"]) == (expected, None)


@pytest.mark.parametrize(
    "text", ["31/12/2025", "12/31/2025", "10/11/2025", "2025/12/31", "20251231", "2025-02-30", "2025-1-5", "infinity", "1735689600", "soon"]
)
def test_a_time_in_another_format_is_not_guessed(read: Any, text: str) -> None:
    row = _payment(read, time=text)
    assert row["occurred_at"] is None
    assert json.loads(row["_bad_values"]) == {"occurred_at": text}


def test_a_time_without_zone_is_read_in_the_configured_one(read: Any) -> None:
    assert _payment(read, time="2025-07-01 10:00:00", zone="Europe/Berlin")["occurred_at"] == datetime(2025, 7, 1, 8)
    assert _payment(read, time="2025-01-01", zone="Europe/Berlin")["occurred_at"] == datetime(2024, 12, 31, 23)
    assert _payment(read, time="2025-07-01T10:00:00Z", zone="Europe/Berlin")["occurred_at"] == datetime(2025, 7, 1, 10)


@pytest.mark.parametrize(("text", "expected"), [("12", 12), ("+5", 5), ("-3", -3), ("3.0", 3), (" 7 ", 7), ("", None)])
def test_whole_numbers(read: Any, text: str, expected: int | None) -> None:
    row = _payment(read, minor=text)
    assert (row["amount_minor"], row["_bad_values"]) == (expected, None)


@pytest.mark.parametrize("text", ["3.7", "1e3", "1_000", "0x1F", "9223372036854775808", "twelve"])
def test_what_is_no_whole_number_is_not_rounded(read: Any, text: str) -> None:
    row = _payment(read, minor=text)
    assert row["amount_minor"] is None
    assert json.loads(row["_bad_values"]) == {"amount_minor": text}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12.50", "12.5"), (".5", "0.5"), ("5.", "5"), ("-1e2", "-100"), ("12345678901234567890.12345678", "12345678901234567890.12345678")],
)
def test_decimals_keep_every_digit(read: Any, text: str, expected: str) -> None:
    row = _payment(read, amount=text)
    assert (row["amount"], row["_bad_values"]) == (Decimal(expected), None)


@pytest.mark.parametrize("text", ['"1,50"', '"1,234.50"', "nan", "inf", "1_0", "€5", "123456789012345678901234567890"])
def test_what_is_no_decimal_is_kept_as_it_was(read: Any, text: str) -> None:
    row = _payment(read, amount=text)
    assert row["amount"] is None
    assert json.loads(row["_bad_values"]) == {"amount": text.strip('"')}


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("FALSE", False), ("1", True), ("no", False), ("", None), ("maybe", None)])
def test_booleans(read: Any, text: str, expected: bool | None) -> None:
    _, (row,) = read(f"action_id,customer_id,action,decided_at,is_holdout\na,c,nothing,2025-01-01,{text}\n", "crm_actions.csv")
    assert row["is_holdout"] is expected
    assert (row["_bad_values"] is not None) == (text == "maybe")


def test_dates_keep_the_calendar_day_that_is_written(read: Any) -> None:
    _, rows = read(
        "currency,rate_date,rate_to_reporting\nEUR,2025-01-02,1.1\nEUR,2025-01-03 00:00:00,1.1\nEUR,3.1.2025,1.1\n",
        "exchange_rates.csv",
        zone="Asia/Tokyo",
    )
    assert [row["rate_date"] for row in rows] == [date(2025, 1, 2), date(2025, 1, 3), None]


def test_all_bad_values_of_a_row_are_kept_and_the_other_rows_are_untouched(read: Any) -> None:
    _, rows = read(PAYMENT.format("31/12/2025", "x", "1.5") + "p2,c1,payment,succeeded,EUR,2025-01-01,1,100\n", "billing_payments.csv")
    assert json.loads(rows[0]["_bad_values"]) == {"occurred_at": "31/12/2025", "amount": "x", "amount_minor": "1.5"}
    assert rows[1]["_bad_values"] is None


def test_parquet_columns_are_cast_directly_and_never_guessed(read: Any, tmp_path: Any) -> None:
    query = """SELECT 'p' || i AS payment_id, 7 AS billing_customer_id, 'payment' AS kind, 'succeeded' AS status, 'EUR' AS currency,
        [TIMESTAMPTZ '2025-01-01 10:00:00+02', NULL][i] AS occurred_at, [1.25::DOUBLE, 'nan'::DOUBLE][i] AS amount,
        [3.0::DOUBLE, 3.5][i] AS amount_minor FROM range(1, 3) AS t(i)"""
    duckdb.execute(f"COPY ({query}) TO '{tmp_path / 'in.parquet'}'")
    _, rows = read((tmp_path / "in.parquet").read_bytes(), "billing_payments.parquet")
    assert [row["billing_customer_id"] for row in rows] == ["7", "7"]
    assert [row["occurred_at"] for row in rows] == [datetime(2025, 1, 1, 8), None]
    assert [row["amount"] for row in rows] == [Decimal("1.25"), None]
    assert [row["amount_minor"] for row in rows] == [3, None]
    assert [row["_bad_values"] for row in rows] == [None, '{"amount_minor":"3.5"}']


def test_parquet_times_without_zone_are_read_in_the_configured_one(read: Any, tmp_path: Any) -> None:
    duckdb.execute(f"COPY (SELECT '1' AS customer_id, TIMESTAMP '2025-07-01 10:00:00' AS created_at) TO '{tmp_path / 'in.parquet'}'")
    _, (row,) = read((tmp_path / "in.parquet").read_bytes(), "crm_customers.parquet", zone="Europe/Berlin")
    assert row["created_at"] == datetime(2025, 7, 1, 8)
