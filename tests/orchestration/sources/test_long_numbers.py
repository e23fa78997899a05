"""Numbers of JSON arrive with every digit, whoever reads them, though a double would hold fewer."""

import gzip
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from orchestration.sources.reading import long_numbers
from orchestration.sources.reading.json_text import members, parsed, written

LINE = '{"payment_id":%s,"billing_customer_id":"c","kind":"payment","status":"succeeded","occurred_at":"2025-01-01","currency":"USD",%s}'
EXACT = ["12345678901234567.12", "-1234567890123456.7", "9007199254740993.0", "12345678901234567890.12345678", "0.1234567890123456e17"]
DOUBLES = ["19.99", "0.30000000000000004", "1E2", "12345678.12345678", "0", "-0.0"]


def _read(read: Any, name: str, numbers: list[str], wrap: str) -> list[dict[str, Any]]:
    lines = [
        LINE % (f'"p{place}"', f'"amount":{number},"more":{{"of":[{number}],"say":"\\" {number}"}}') for place, number in enumerate(numbers)
    ]
    content = (wrap % ("\n" if wrap == "%s" else ",\n").join(lines)).encode()
    return list(read(gzip.compress(content) if name.endswith("gz") else content, name)[1])


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("jsonl", "%s"),
        ("jsonl.gz", "%s"),
        ("json", "[%s]"),
        ("json", "%s"),
        ("json", '{"data": [%s]}'),
    ],
)
def test_amounts_in_files_have_the_digits_that_are_written(read: Any, name: str, wrap: str) -> None:
    rows = _read(read, f"billing_payments.{name}", [*EXACT, *DOUBLES], wrap)
    assert [row["amount"] for row in rows] == [round(Decimal(number), 8) for number in [*EXACT, *DOUBLES]]
    assert all(row["_bad_values"] is None for row in rows)
    told = json.loads(rows[0]["more"])
    assert (str(told["of"][0]), told["say"]) == (EXACT[0], f'" {EXACT[0]}')


@pytest.mark.parametrize("number", ["123456789012345678901.5", "1.5e400", "98765432109876543210987654321"])
def test_an_amount_beyond_the_column_waits_as_it_is_written(read: Any, number: str) -> None:
    (row,) = _read(read, "billing_payments.jsonl", [number], "%s")
    assert (row["amount"], json.loads(row["_bad_values"])) == (None, {"amount": number})


def test_ids_of_any_length_are_what_is_written(read: Any) -> None:
    ids = ["18446744073709551616", "123456789012345678901234567890", "9007199254740993"]
    _, rows = read("\n".join(LINE % (one, '"amount":1') for one in ids), "billing_payments.jsonl")
    assert [row["payment_id"] for row in rows] == ids


def test_a_file_without_such_numbers_is_read_where_it_lies(tmp_path: Any) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a":0.30000000000000004,"b":"12345678901234567.12","c":12345678901234567890}\n')
    assert long_numbers.may_have_long(path.read_bytes())
    assert long_numbers.without_long(path, tmp_path).read_bytes() == path.read_bytes()
    path.write_text('{"b":"12345678901234567.12","c":1753000000000}\n')
    assert long_numbers.without_long(path, tmp_path) is path


@pytest.mark.parametrize("content", ['{"a":%s}\n', '[{"b":"\\\\\\" %s","a":%s},{"a":-%s}]', '{"b":"' + "%s " * 9 + '"}\n{"a":%s}'])
def test_a_number_or_a_text_between_two_parts_of_a_file_is_seen(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    path, number = tmp_path / "x.jsonl", "12345678901234567.12"
    path.write_text(content.replace("%s", number))
    wanted = content.replace(":%s", f':"{number}"').replace(":-%s", f':"-{number}"').replace("%s", number)
    for size in range(1, 80):
        monkeypatch.setattr(long_numbers, "_BLOCK", size)
        assert long_numbers.without_long(path, tmp_path).read_text() == wanted


@pytest.mark.parametrize("number", [*EXACT, "1.5e400", "18446744073709551616", *DOUBLES])
def test_what_vendors_send_keeps_its_digits_on_the_wire_and_in_kept_pages(number: str) -> None:
    value = parsed(f'{{"amount": {number}}}'.encode())["amount"]
    assert Decimal(str(value)) == Decimal(number)
    assert parsed(written({"amount": value})) == {"amount": value}
    assert list(members(io.StringIO(f'{{"list": [{{"amount": {number}}}]}}'), "list")) == [{"amount": value}]
