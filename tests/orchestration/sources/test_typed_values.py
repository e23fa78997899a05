"""Raw text to contract types: what is read, and what is kept as a bad value instead of being guessed."""

import io
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
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
        ("2025-12-31T10:00:00.123Z", datetime(2025, 12, 31, 10, 0, 0, 123_000)),
        ("2025-12-31T10:00Z", datetime(2025, 12, 31, 10)),
        ("2025-12-31T10:00+02:00", datetime(2025, 12, 31, 8)),
        ("2025-12-31T10:00:00+0230", datetime(2025, 12, 31, 7, 30)),
        ("2025-12-31T10:00:00-05", datetime(2025, 12, 31, 15)),
        (" 2025-12-31 ", datetime(2025, 12, 31)),
        ("2025-12-31T10:00:00.123456789+02:00", datetime(2025, 12, 31, 8, 0, 0, 123456)),
        ("2025-12-31t10:00:00z", datetime(2025, 12, 31, 10)),
        ('"2025-12-31T10:00:00,5Z"', datetime(2025, 12, 31, 10, 0, 0, 500_000)),
        ("2025-12-31 10:00:00 UTC", datetime(2025, 12, 31, 10)),
        ("2025-12-31 10:00:00.25 UTC", datetime(2025, 12, 31, 10, 0, 0, 250_000)),
        ("2025-12-31 10:00:00 +0200", datetime(2025, 12, 31, 8)),
        ("20251231T100000Z", datetime(2025, 12, 31, 10)),
        ("20251231T1000", datetime(2025, 12, 31, 10)),
        ("20251231T100000.5", datetime(2025, 12, 31, 10, 0, 0, 500000)),
        ("20251231T1000+0200", datetime(2025, 12, 31, 8)),
        ("20251231T100000-05", datetime(2025, 12, 31, 15)),
    ],
)
def test_times_are_iso_8601_and_become_utc(read: Any, text: str, expected: datetime) -> None:
    row = _payment(read, time=text)
    assert (row["occurred_at"], row["_bad_values"]) == (expected, None)


@pytest.mark.parametrize(
    "text",
    [
        "31/12/2025",
        "12/31/2025",
        "10/11/2025",
        "2025/12/31",
        "20251231",
        "2025-02-30",
        "2025-1-5",
        "infinity",
        "1735689600",
        "soon",
        "2025-12-31 10:00:00 CET",
        "2025-12-31T10:00:61",
        "20251231T1000Z5",
        "20251331T100000Z",
    ],
)
def test_a_time_in_another_format_is_not_guessed(read: Any, text: str) -> None:
    row = _payment(read, time=text)
    assert row["occurred_at"] is None
    assert json.loads(row["_bad_values"]) == {"occurred_at": text}


def test_a_time_without_zone_is_read_in_the_configured_one(read: Any) -> None:
    assert _payment(read, time="2025-07-01 10:00:00", zone="Europe/Berlin")["occurred_at"] == datetime(2025, 7, 1, 8)
    assert _payment(read, time="2025-07-01T10:00:00Z", zone="Europe/Berlin")["occurred_at"] == datetime(2025, 7, 1, 10)


def test_a_zone_that_is_written_is_never_left_out(read: Any) -> None:
    """With a second of one digit it is as long as a time without a zone."""
    row = _payment(read, time="2025-07-01T10:00:5Z", zone="America/Los_Angeles")
    assert (row["occurred_at"], json.loads(row["_bad_values"])) == (None, {"occurred_at": "2025-07-01T10:00:5Z"})


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Africa/Cairo"])
def test_a_day_is_that_day_in_every_zone(read: Any, zone: str) -> None:
    """Months are cut in UTC: read as the first instant in Berlin, 1 February would be billed in January."""
    days = ["2024-02-01", "2024-02-01 00:00", "2024-02-01T00:00:00", "2024-02-01 00:00:00.000", '"2024-02-01 00:00:00,000"']
    days.append("2024-01-31T24:00")
    lines = [f"p{number},c1,payment,succeeded,EUR,{day},1,100" for number, day in enumerate(days)]
    _, rows = read(PAYMENT.splitlines()[0] + "\n" + "\n".join(lines) + "\n", "billing_payments.csv", zone=zone)
    assert {row["occurred_at"] for row in rows} == {datetime(2024, 2, 1)}


def test_a_midnight_with_a_zone_is_an_instant(read: Any) -> None:
    assert _payment(read, time="2024-02-01T00:00:00+01:00", zone="Europe/Berlin")["occurred_at"] == datetime(2024, 1, 31, 23)


def test_hours_that_a_zone_leaves_out_or_has_twice_are_read(read: Any) -> None:
    assert _payment(read, time="2024-03-31 02:30:00", zone="Europe/Berlin")["occurred_at"] == datetime(2024, 3, 31, 1, 30)
    assert _payment(read, time="2024-10-27 02:30:00", zone="Europe/Berlin")["occurred_at"] == datetime(2024, 10, 27, 1, 30)


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


@pytest.mark.parametrize("text", ['"1,50"', '"1,234.50"', "nan", "inf", "n/a", "-", "1_0", "€5", "123456789012345678901234567890"])
def test_what_is_no_decimal_is_kept_as_it_was(read: Any, text: str) -> None:
    row = _payment(read, amount=text)
    assert row["amount"] is None
    assert json.loads(row["_bad_values"]) == {"amount": text.strip('"')}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("FALSE", False), ("1", True), ("no", False), ("1.0", True), ("0.0", False), ("", None), ("maybe", None)],
)
def test_booleans(read: Any, text: str, expected: bool | None) -> None:
    _, (row,) = read(f"action_id,customer_id,action,decided_at,is_holdout\na,c,nothing,2025-01-01,{text}\n", "crm_actions.csv")
    assert row["is_holdout"] is expected
    assert (row["_bad_values"] is not None) == (text == "maybe")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123", "123"),
        ("00123", "00123"),
        ("123.0", "123"),
        ("0.0", "0"),
        ("00123.0", "00123.0"),
        ("1.10", "1.10"),
        ("v2.0", "v2.0"),
        (" c1 ", "c1"),
        ("Zoë-😀", "Zoë-😀"),
        ("x" * 5000, "x" * 5000),
    ],
)
def test_an_id_is_text_but_123_0_is_123(read: Any, text: str, expected: str, kind: str) -> None:
    """A data frame makes 123.0 of the id 123 as soon as another row has none; nobody else writes ids so."""
    content = {"csv": f"customer_id,created_at\n{text},2025-01-01\n", "jsonl": f'{{"customer_id":"{text}","created_at":"2025-01-01"}}\n'}
    _, (row,) = read(content[kind], f"crm_customers.{kind}")
    assert row["customer_id"] == expected


def test_a_version_that_is_no_id_stays(read: Any) -> None:
    _, (row,) = read("customer_id,created_at,company_size\n1,2025-01-01,10.0\n")
    assert row["company_size"] == "10.0"


@pytest.mark.parametrize(("text", "expected"), [("", None), ("   ", None), ('" \t"', None), (" Ann ", "Ann"), ("-", "-")])
def test_text_has_no_outer_spaces_and_nothing_is_missing(read: Any, text: str, expected: str | None) -> None:
    _, (row,) = read(f"customer_id,created_at,full_name\n1,2025-01-01,{text}\n")
    assert row["full_name"] == expected


@pytest.mark.parametrize(
    "kind",
    [pa.int8(), pa.uint32(), pa.int64(), pa.float32(), pa.float64(), pa.decimal128(10, 0), pa.decimal128(12, 2), pa.decimal128(38, 10)],
    ids=str,
)
def test_numbers_of_any_type_are_the_same_id_and_the_same_number(read: Any, kind: pa.DataType) -> None:
    number = pa.array([1, 100, None], kind)
    table = pa.table({"customer_id": number, "created_at": ["2025-01-01"] * 3, "birth_year": number})
    _, rows = read(_written(table), "crm_customers.parquet")
    assert [(row["customer_id"], row["birth_year"]) for row in rows] == [("1", 1), ("100", 100), (None, None)]


def test_ids_that_no_double_can_hold_keep_what_is_there(read: Any) -> None:
    table = pa.table({"customer_id": pa.array([12345678901234567890, 2**53 + 1], pa.uint64()), "created_at": ["2025-01-01"] * 2})
    _, rows = read(_written(table), "crm_customers.parquet")
    assert [row["customer_id"] for row in rows] == ["12345678901234567890", "9007199254740993"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_any_unit_and_zone(read: Any, unit: str) -> None:
    moment = datetime(2025, 7, 1, 10)
    for zone, expected in ((None, datetime(2025, 7, 1, 8)), ("Asia/Tokyo", datetime(2025, 7, 1, 10))):  # arrow holds UTC beside a zone
        table = pa.table({"customer_id": ["1"], "created_at": pa.array([moment], pa.timestamp(unit, tz=zone))})
        _, (row,) = read(_written(table), "crm_customers.parquet", zone="Europe/Berlin")
        assert row["created_at"] == expected


def test_text_of_any_type(read: Any) -> None:
    texts = {"country": pa.array(["DE"]).dictionary_encode(), "region": pa.array(["N"], pa.large_string()), "email": pa.array([b"a@b"])}
    _, (row,) = read(_written(pa.table({"customer_id": ["1"], "created_at": ["2025-01-01"], **texts})), "crm_customers.parquet")
    assert (row["country"], row["region"], row["email"]) == ("DE", "N", "a@b")


def _written(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_rates_of_small_units_keep_their_digits(read: Any, kind: str) -> None:
    """With eight decimals 0.0000238095 was 0.00002381: of an invoice of a billion rials two thousand of ten million were made up."""
    told = {"currency": "IRR", "rate_date": "2025-01-02", "rate_to_reporting": "0.0000238095"}
    content = {"csv": ",".join(told) + "\n" + ",".join(told.values()) + "\n"}
    content["parquet"] = _written(pa.Table.from_pylist([told | {"rate_to_reporting": 0.0000238095}])) if kind == "parquet" else b""
    _, (row,) = read(content[kind], f"exchange_rates.{kind}")
    assert row["rate_to_reporting"] == Decimal("0.0000238095")


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


def test_a_day_that_is_further_away_than_any_time_waits_with_its_row(read: Any, tmp_path: Any) -> None:
    query = "SELECT n::VARCHAR AS customer_id, DATE '2025-01-01' + (n * 2000000000)::INTEGER AS created_at FROM range(2) AS t(n)"
    duckdb.execute(f"COPY ({query}) TO '{tmp_path / 'in.parquet'}'")
    _, rows = read((tmp_path / "in.parquet").read_bytes(), "crm_customers.parquet")
    assert [row["created_at"] for row in rows] == [datetime(2025, 1, 1), None]
    assert list(json.loads(rows[1]["_bad_values"])) == ["created_at"]


def test_parquet_days_are_days_in_every_zone(read: Any) -> None:
    moments = [datetime(2024, 2, 1)]
    types = {"created_at": pa.date32(), "updated_at": pa.timestamp("ns"), "deleted_at": pa.timestamp("us")}
    table = pa.table({"customer_id": ["1"], **{column: pa.array(moments).cast(kind) for column, kind in types.items()}})
    _, (row,) = read(_written(table), "crm_customers.parquet", zone="Europe/Berlin")
    assert [row[column] for column in types] == [datetime(2024, 2, 1)] * 3
