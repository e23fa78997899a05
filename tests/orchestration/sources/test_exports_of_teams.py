"""Exports as teams have them: numbers of their country, lists in JSON, zips, tabs, and a first line that is only for Excel."""

import gzip
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.sources import Bench
from orchestration.sources.files import Files
from orchestration.sources.reading.numbers import Numbers
from tests.fakes.workbook import row, workbook

PAYMENTS = "payment_id;billing_customer_id;kind;status;occurred_at;currency;amount;amount_minor\n"
COMMA, NARROW = Numbers(","), "\u202f"


def _payments(read: Any, numbers: Numbers, *amounts: str) -> list[dict[str, Any]]:
    lines = (f"{place};c;payment;succeeded;2025-01-01;EUR;{amount};\n" for place, amount in enumerate(amounts))
    return list(read(PAYMENTS + "".join(lines), "billing_payments.csv", numbers=numbers)[1])


@pytest.mark.parametrize(
    ("numbers", "text", "expected"),
    [
        (COMMA, "1.234,56", "1234.56"),
        (COMMA, "-1.234.567,8", "-1234567.8"),
        (COMMA, "1.234", "1234"),
        (COMMA, " 12,5 ", "12.5"),
        (COMMA, "0,007", "0.007"),
        (COMMA, ",5", "0.5"),
        (COMMA, "1,5E+3", "1500"),
        (COMMA, "1 234,56", "1234.56"),
        (COMMA, "1\u00a0234", "1234"),
        (COMMA, f"12{NARROW}345{NARROW}678,90", "12345678.9"),
        (COMMA, "1'234,50", "1234.5"),
        (COMMA, "1234,5", "1234.5"),
        (Numbers(".", ","), "1,234.56", "1234.56"),
        (Numbers(".", ","), "1,234,567", "1234567"),
        (Numbers(".", "'"), "1\u2019234.56", "1234.56"),
        (Numbers(",", ""), "1234,5", "1234.5"),
        (Numbers(), "1234.56", "1234.56"),
    ],
)
def test_numbers_are_read_as_the_configuration_says_they_are_written(read: Any, numbers: Numbers, text: str, expected: str) -> None:
    (row,) = _payments(read, numbers, text)
    assert (row["amount"], row["_bad_values"]) == (Decimal(expected), None)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        (COMMA, "12.5"),
        (COMMA, "0.123"),
        (COMMA, "1.23.456"),
        (COMMA, "1,234,567"),
        (COMMA, "1.234 567"),
        (Numbers(",", ""), "1.234"),
        (Numbers(",", " "), "1.234"),
        (Numbers(), "1,234.56"),
        (Numbers(), "12,5"),
        (Numbers(".", ","), "12,5"),
        (Numbers(".", ","), "1,2345.6"),
    ],
)
def test_a_number_in_another_spelling_waits_instead_of_being_guessed_at(read: Any, numbers: Numbers, text: str) -> None:
    (row,) = _payments(read, numbers, text)
    assert (row["amount"], json.loads(row["_bad_values"])) == (None, {"amount": text})


def test_whole_numbers_have_thousands_too(read: Any) -> None:
    _, (row,) = read(PAYMENTS + "1;c;payment;succeeded;2025-01-01;EUR;;1.234.567,00\n", "billing_payments.csv", numbers=COMMA)
    assert row["amount_minor"] == 1_234_567


def test_ids_and_texts_keep_their_marks_whatever_numbers_have(read: Any) -> None:
    _, (row,) = read("customer_id;created_at;region\n1.234;2025-01-01;1.234,5\n", numbers=COMMA)
    assert (row["customer_id"], row["region"]) == ("1.234", "1.234,5")


def test_numbers_of_a_workbook_and_of_json_are_never_taken_for_texts_of_the_country(read: Any, tmp_path: Path) -> None:
    """A cell of 1.234 is a fraction in a German workbook, too; a text beside it is what it looks like there."""
    cells = (1.234, 1234.5, "1.234,5", 7)
    sheet = "".join(row(place, "EUR", f"2025-01-0{place}", one) for place, one in enumerate(cells, 2))
    book = workbook(exchange_rates=row(1, "currency", "rate_date", "rate_to_reporting") + sheet)
    _, rows = read(book, "exchange_rates.xlsx", numbers=COMMA)
    assert [one["rate_to_reporting"] for one in rows] == [Decimal("1.234"), Decimal("1234.5"), Decimal("1234.5"), Decimal(7)]
    told = [{"currency": "EUR", "rate_date": "2025-01-01", "rate_to_reporting": 1.234}]
    (Path(tmp_path) / "exports" / "exchange_rates.xlsx").unlink()
    _, rows = read(json.dumps(told), "exchange_rates.json", numbers=COMMA)
    assert [one["rate_to_reporting"] for one in rows] == [Decimal("1.234")]


@pytest.mark.parametrize(
    ("decimal", "amounts", "expected"),
    [
        (
            ".",
            ("1.234", "12,50", "1.234,56"),
            "amount: 2 numbers with a comma cannot be read, and 1.234 beside them is a fraction; say `dec",
        ),
        (".", ("1.234", "1,234.50"), "amount: 1 number with a comma cannot be read"),
        (",", ("1.234", "12.50"), "amount: 1 number with a decimal point cannot be read, because `decimal` is a comma"),
    ],
)
def test_a_column_that_mixes_spellings_is_said(tmp_path: Path, bench: Bench, decimal: str, amounts: tuple[str, ...], expected: str) -> None:
    lines = (f"{place};c;payment;succeeded;2025-01-01;EUR;{amount};\n" for place, amount in enumerate(amounts))
    (folder := tmp_path / "in").mkdir()
    (folder / "billing_payments.csv").write_text(PAYMENTS + "".join(lines))
    source = Files.from_settings(FilesSource(type="files", path=str(folder), decimal=decimal))
    list(source.extract(INPUT_TABLES["billing_payments"], {}, bench))
    (note,) = source.notes()
    assert note.startswith(f"billing_payments.csv: {expected}")


def test_a_column_that_is_wrong_in_other_ways_is_not_called_mixed(tmp_path: Path, bench: Bench) -> None:
    (folder := tmp_path / "in").mkdir()
    (folder / "billing_payments.csv").write_text(PAYMENTS + "1;c;payment;succeeded;2025-01-01;EUR;unknown;-\n")
    source = Files(folder)
    list(source.extract(INPUT_TABLES["billing_payments"], {}, bench))
    assert source.notes() == []


def test_two_marks_that_are_one_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot both be"):
        FilesSource(type="files", path=".", decimal=",", thousands=",")


HEADER = "customer_id,created_at,full_name\n"
ROWS = [{"customer_id": "1", "created_at": "2025-01-01", "full_name": "Ann"}, {"customer_id": "2", "created_at": "2025-01-02"}]
TABS = (HEADER + '1,2025-01-01,"Ann"\n').replace(",", "\t") + "2\t2025-01-02\tBo, the\tlast\n".replace("the\t", "the ")


@pytest.mark.parametrize("name", ["crm_customers.tsv", "crm_customers.tsv.gz"])
def test_tabs_separate_whatever_else_the_header_holds(read: Any, name: str) -> None:
    content = TABS.replace("full_name", "full_name,a,b,c,d").encode()
    batch, rows = read(gzip.compress(content) if name.endswith("gz") else content, name)
    assert [(row["customer_id"], row["full_name,a,b,c,d"]) for row in rows] == [("1", "Ann"), ("2", "Bo, the last")]
    assert batch.unknown_columns == ("full_name,a,b,c,d",)


@pytest.mark.parametrize("mark", [";", "\t", ","])
def test_the_first_line_that_tells_excel_the_delimiter_is_none_of_the_table(read: Any, mark: str) -> None:
    _, rows = read("\ufeff" + f"sep={mark}\r\n" + (HEADER + '1,2025-01-01,"Ann\nMarie"\n').replace(",", mark).replace("\n", "\r\n"))
    assert [(row["customer_id"], row["full_name"]) for row in rows] == [("1", "Ann\r\nMarie")]


@pytest.mark.parametrize(("first", "others"), [("\r\n", "\n"), ("\n", "\r\n")])
def test_the_first_line_that_tells_excel_the_delimiter_may_end_otherwise(read: Any, first: str, others: str) -> None:
    """Whoever puts it there with a program of their own: DuckDB found no rows below it, and nothing wrong."""
    _, rows = read(f"sep=;{first}" + (HEADER + "1,2025-01-01,Ann\n").replace(",", ";").replace("\n", others))
    assert [(row["customer_id"], row["full_name"]) for row in rows] == [("1", "Ann")]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        json.dumps({"total": 2, "next": None, "errors": [], "customers": ROWS}),
        json.dumps({"customers": ROWS, "tags": ["a"]}, indent=2),
        "\n".join(map(json.dumps, ROWS)),
        "\ufeff" + json.dumps(ROWS),
    ],
)
def test_json_is_an_array_an_object_with_one_list_or_an_object_a_line(read: Any, content: str) -> None:
    _, rows = read(content, "crm_customers.json")
    assert [(row["customer_id"], row["full_name"]) for row in rows] == [("1", "Ann"), ("2", None)]


def test_one_object_in_a_file_of_json_is_one_row_with_the_digits_it_has(read: Any) -> None:
    _, rows = read('{"currency": "EUR", "rate_date": "2025-01-01",\n "rate_to_reporting": 12345678901.12345678}', "exchange_rates.json")
    assert [row["rate_to_reporting"] for row in rows] == [Decimal("12345678901.12345678")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"customer_id": 1, "created_at": "2025', "it is not one JSON object a line, nor an array of them"),
        ('{"customers": [{"customer_id": 1}', "it is not whole JSON"),
        ('{"a": [{"customer_id": 1}], "b": [{"customer_id": 1}]}', "the object holds 2 lists of objects"),
        ("[]", "holds no JSON object"),
        ("7", "holds no JSON object"),
    ],
)
def test_json_that_is_no_table_is_one_line(read: Any, content: str, expected: str) -> None:
    batch, _ = read(content, "crm_customers.json")
    assert str(batch.error).startswith("crm_customers.json: ")
    assert expected in str(batch.error)


def _zip(**members: bytes | str) -> bytes:
    with zipfile.ZipFile(stream := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__dot__", "."), content)
    return stream.getvalue()


def test_a_zip_is_the_one_file_in_it(read: Any) -> None:
    beside = {"__MACOSX/._export__dot__csv": b"\0", "README__dot__txt": "about"}
    for name, content in {"out/export__dot__csv": HEADER + "1,2025-01-01,Ann\n", "export__dot__json": json.dumps(ROWS[:1])}.items():
        _, rows = read(_zip(**beside, **{name: content}), "crm_customers.zip")
        assert [(row["customer_id"], row["full_name"], row["_file"]) for row in rows] == [("1", "Ann", "crm_customers.zip")]


def test_a_workbook_in_a_zip_is_read_by_the_sheet_of_the_table(read: Any) -> None:
    book = workbook(notes=row(1, "x"), crm_customers=row(1, "customer_id", "created_at") + row(2, "1", "2025-01-01"))
    _, rows = read(_zip(export__dot__xlsx=book), "crm_customers.zip")
    assert [one["customer_id"] for one in rows] == ["1"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (_zip(a__dot__csv=HEADER, b__dot__csv=HEADER), "the zip holds 2 files that can be read; pack one file in each zip"),
        (_zip(a__dot__pdf=b"x"), "the zip holds no file that can be read"),
        (_zip(a__dot__csv=HEADER)[:-30], "the zip is damaged or cut off"),
        (_zip(a__dot__csv="customer_id,created_at\n1\n"), "line 2: the number of values is not the number of columns"),
        (_zip(a__dot__csv=""), "the file is empty"),
    ],
)
def test_a_zip_that_is_no_table_is_one_line(read: Any, content: bytes, expected: str) -> None:
    batch, _ = read(content, "crm_customers.zip")
    assert str(batch.error).startswith("crm_customers.zip")
    assert expected in str(batch.error)
