"""Every way in which an exported file may look: delimiters, quotes, encodings, packing, JSON lines and Parquet."""

import gzip
from typing import Any

import pytest

from tests.orchestration.sources.exported import HEADER, KNOWN, parquet


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_taken_from_the_header(read: Any, delimiter: str) -> None:
    _, rows = read('customer_id,created_at,"full_name"\n1,2025-01-01,Ann\n'.replace(",", delimiter))
    assert [(row["customer_id"], row["full_name"]) for row in rows] == [("1", "Ann")]


def test_quoted_newlines_delimiters_and_quotes(read: Any) -> None:
    _, rows = read(HEADER.replace("\n", "\r\n") + '1,2025-01-01,"Ann\nMarie, ""the first"""\r\n2,2025-01-02,Bo\r\n')
    assert [row["full_name"] for row in rows] == ['Ann\nMarie, "the first"', "Bo"]


def test_names_match_without_bom_outer_spaces_and_case(read: Any) -> None:
    _, rows = read("\ufeffCustomer_ID , created_at,Full_Name\n1,2025-01-01,Ann\n")
    assert (rows[0]["customer_id"], rows[0]["full_name"]) == ("1", "Ann")


def test_unknown_columns_are_kept_as_text_and_absent_ones_reported(read: Any) -> None:
    batch, rows = read("customer_id,created_at,Shoe Size,_file\n1,2025-01-01,042,x\n")
    assert batch.unknown_columns == ("Shoe Size", "source_file")
    assert (rows[0]["Shoe Size"], rows[0]["source_file"], rows[0]["_file"]) == ("042", "x", "crm_customers.csv")
    assert "email" in batch.absent_columns
    assert "customer_id" not in batch.absent_columns


def test_a_column_without_a_name_is_an_unknown_one(read: Any) -> None:
    """A data frame writes the numbers of its rows so."""
    batch, rows = read(",customer_id,created_at,\n0,1,2025-01-01,\n")
    assert batch.unknown_columns == ("column 1", "column 4")
    assert (rows[0]["customer_id"], rows[0]["column 1"], rows[0]["column 4"]) == ("1", "0", None)


def test_a_header_without_rows_is_no_error(read: Any) -> None:
    batch, rows = read(HEADER)
    assert (batch.status, batch.rows, rows) == ("changed", 0, [])


@pytest.mark.parametrize("name", ["crm_customers.csv", "crm_customers.csv.gz"])
def test_packed_text_reads_like_plain_text(read: Any, name: str) -> None:
    content = (HEADER + "1,2025-01-01,Ann\n").encode()
    _, rows = read(gzip.compress(content) if name.endswith("gz") else content, name)
    assert rows[0]["full_name"] == "Ann"


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "jsonl.gz"])
def test_json_lines(read: Any, suffix: str) -> None:
    content = b'{"customer_id":1,"created_at":"2025-01-01","birth_year":1980,"tags":{"a":[1]}}\n'
    content += b'{"created_at":"2025-01-02","customer_id":"2","email":null}\n'
    batch, rows = read(gzip.compress(content) if suffix.endswith("gz") else content, f"crm_customers.{suffix}")
    assert [(row["customer_id"], row["birth_year"], row["tags"]) for row in rows] == [("1", 1980, '{"a":[1]}'), ("2", None, None)]
    assert batch.unknown_columns == ("tags",)


def test_json_lines_with_byte_order_mark_blank_lines_and_windows_line_ends(read: Any) -> None:
    _, rows = read(
        '\ufeff{"customer_id":1,"created_at":"2025-01-01"}\r\n\r\n{"customer_id":2,"created_at":"2025-01-02"}\r\n', "crm_customers.jsonl"
    )
    assert [row["customer_id"] for row in rows] == ["1", "2"]


def test_another_encoding_is_recoded(read: Any) -> None:
    assert read((HEADER + "1,2025-01-01,Zoë\n").encode("cp1252"), encoding="cp1252")[1][0]["full_name"] == "Zoë"
    assert read((HEADER + "1,2025-01-01,Zoë\n").encode("utf-16"), encoding="utf-16")[1][0]["full_name"] == "Zoë"


@pytest.mark.parametrize("actual", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("configured", ["utf-8", "cp1252"])
def test_what_a_file_says_of_its_encoding_counts_before_what_is_configured(read: Any, actual: str, configured: str) -> None:
    """Files of several systems lie in one folder, and an id belongs to one source."""
    _, rows = read((HEADER + "1,2025-01-01,Zoë\n").encode(actual), encoding=configured)
    assert rows[0]["full_name"] == "Zoë"


def test_line_ends_of_old_macintosh_files(read: Any) -> None:
    _, rows = read((HEADER + "1,2025-01-01,Ann\n2,2025-01-02,Bo\n").replace("\n", "\r"))
    assert [row["full_name"] for row in rows] == ["Ann", "Bo"]


def test_lines_of_nothing_but_delimiters_are_no_rows(read: Any) -> None:
    """A spreadsheet writes them below the last row; a blank line is none either."""
    batch, rows = read(HEADER + '1,2025-01-01,Ann\n,,\n,,""\n,,Bo\n,,\n')
    assert ([row["full_name"] for row in rows], batch.rows) == (["Ann", "Bo"], 2)


def test_parquet_may_have_columns_named_like_what_we_add(read: Any) -> None:
    content = parquet(*KNOWN, ("file_row_number", [7]), ("filename", ["x"]), ("_row_number", [9]), ("__index_level_0__", [0]))
    batch, (row,) = read(content, "crm_customers.parquet")
    assert batch.unknown_columns == ("file_row_number", "filename", "source_row_number", "source__index_level_0__")
    assert (row["_row_number"], row["file_row_number"], row["source_row_number"]) == (1, "7", "9")
