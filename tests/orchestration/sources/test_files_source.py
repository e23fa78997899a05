"""Every way in which an exported file may look, and every way in which it may be broken."""

import gzip
import io
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.contract import INPUT_TABLES
from orchestration.sources import Bench, SourceError
from orchestration.sources.files import Files

CUSTOMERS = INPUT_TABLES["crm_customers"]
HEADER = "customer_id,created_at,full_name\n"


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


def _parquet(*columns: tuple[str, Any]) -> bytes:
    whole = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(values) for _, values in columns], names=[name for name, _ in columns]), whole)
    return whole.getvalue()


IDS = [str(number) for number in range(1000)]
WHOLE = _parquet(("customer_id", IDS), ("created_at", ["2025-01-01"] * 1000))
KNOWN = (("customer_id", ["1"]), ("created_at", ["2025-01-01"]))
WIDE = pa.array([Decimal("1.10")], pa.decimal256(39, 2))


LONG = "".join(f"{number},2025-01-01,{number * 7919 % 10007}\n" for number in range(5000))
FAULTS: dict[str, tuple[str, bytes, str]] = {
    "empty file": ("crm_customers.csv", b"", "empty (0 bytes)"),
    "empty once unpacked": ("crm_customers.csv.gz", gzip.compress(b""), "empty once unpacked"),
    "quote never closed": ("crm_customers.csv", (HEADER + '1,2025-01-01,Ann\n2,2025-01-01,"Bo\n' + LONG).encode(), "line 3: a quote"),
    "quote closed too early": ("crm_customers.csv", (HEADER + '1,2025-01-01,"An"n"\n').encode(), "line 2: a quote"),
    "too few values": ("crm_customers.csv", (HEADER + "1,2025-01-01,Ann\n2,2025-01-01\n").encode(), "line 3: the number of values"),
    "too many values": ("crm_customers.csv", (HEADER + "1,2025-01-01,Ann,Marie\n").encode(), "line 2: the number of values"),
    "wrong encoding": ("crm_customers.csv", (HEADER + "1,2025-01-01,Zoë\n").encode("latin-1"), "not valid in the configured encoding"),
    "utf-16 without a mark": ("crm_customers.csv", (HEADER + "1,2025-01-01,Zoë\n").encode("utf-16-le"), "encoding: utf-16"),
    "title above the header": (
        "crm_customers.csv",
        ("Customers;;\n" + HEADER).encode(),
        "none of its columns is one of table crm_customers",
    ),
    "duplicate column": ("crm_customers.csv", b"customer_id,created_at,email,Email \n1,2025-01-01,a,b\n", "is there twice"),
    "required column missing": ("crm_customers.csv", b"customer_id,email\n1,a\n", "crm_customers needs the column created_at"),
    "neither of two columns": (
        "billing_payments.csv",
        b"payment_id,billing_customer_id,kind,status,occurred_at,currency\n",
        "needs the column amount or amount_minor",
    ),
    "truncated parquet": ("crm_customers.parquet", WHOLE[: len(WHOLE) // 2], "not a complete Parquet file"),
    "damaged parquet": (
        "crm_customers.parquet",
        WHOLE[:50] + bytes(len(WHOLE) // 2) + WHOLE[50 + len(WHOLE) // 2 :],
        "not a complete Parquet",
    ),
    "damaged data": ("crm_customers.parquet", WHOLE[:4200] + b"\xff" * 8 + WHOLE[4208:], "not a complete Parquet file"),
    "parquet called csv": ("crm_customers.csv", WHOLE, "the file is not text but Parquet"),
    "workbook called csv": ("crm_customers.csv", b"PK\x03\x04\x14", "the file is not text but a workbook"),
    "columns that differ by case": ("crm_customers.parquet", _parquet(*KNOWN, ("Email", ["a"]), ("email", ["b"])), "email is there twice"),
    "decimal too wide": (
        "crm_customers.parquet",
        _parquet(*KNOWN, ("balance", WIDE)),
        "column balance is a decimal of more than 38 digits",
    ),
    "text that is no text": ("crm_customers.parquet", _parquet(*KNOWN, ("email", [b"\xff\xfe"])), "bytes that are not UTF-8"),
    "no parquet at all": ("crm_customers.parquet", b"hello", "not a complete Parquet file"),
    "truncated gzip": ("crm_customers.csv.gz", gzip.compress((HEADER + LONG).encode())[:-2000], "damaged or cut off"),
    "truncated json": (
        "crm_customers.jsonl",
        b'{"customer_id":"1","created_at":"2025-01-01"}\n{"customer_id":"2',
        "one JSON object a line",
    ),
    "json broken in the middle": (
        "crm_customers.jsonl",
        b'{"customer_id":"1","created_at":"2025-01-01"}\n{"customer_id":\n{"customer_id":"3","created_at":"2025-01-01"}\n',
        "line 2: it is not one JSON object a line",
    ),
    "json in another encoding": (
        "crm_customers.jsonl",
        '{"customer_id":"1","created_at":"2025-01-01","full_name":"Zoë"}\n'.encode("latin-1"),
        "line 1: it is not valid in the configured encoding",
    ),
    "json with a key twice": (
        "crm_customers.jsonl",
        b'{"customer_id":"1","customer_id":"2","created_at":""}\n',
        "line 1: an object has the same key twice",
    ),
    "json of something else": ("crm_customers.jsonl", b'{"customer_id":"1","created_at":"2025-01-01"}\n[1]\n', "one JSON object a line"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_file_is_one_line_that_names_file_and_fault(read: Any, fault: str) -> None:
    name, content, expected = FAULTS[fault]
    batch, rows = read(content, name)
    assert (batch.status, rows) == ("unreadable", [])
    assert batch.error is not None
    assert batch.error.startswith(name + ": ")
    assert expected in batch.error
    assert "\n" not in batch.error


def test_parquet_may_have_columns_named_like_what_we_add(read: Any) -> None:
    content = _parquet(*KNOWN, ("file_row_number", [7]), ("filename", ["x"]), ("_row_number", [9]), ("__index_level_0__", [0]))
    batch, (row,) = read(content, "crm_customers.parquet")
    assert batch.unknown_columns == ("file_row_number", "filename", "source_row_number", "source__index_level_0__")
    assert (row["_row_number"], row["file_row_number"], row["source_row_number"]) == (1, "7", "9")


def test_a_folder_may_hold_files_of_all_kinds(tmp_path: Path, bench: Bench) -> None:
    (tmp_path / "crm_customers").mkdir()
    for name, content in {
        "a.csv": b"customer_id;created_at\n00123;2025-01-01\n",
        "b.parquet": _parquet(("customer_id", [5]), ("created_at", ["2025-01-01"])),
        "c.jsonl": b'{"customer_id":7,"created_at":"2025-01-01"}\n',
        "d.CSV.gz": gzip.compress(b"created_at,customer_id\n2025-01-01,9\n"),
    }.items():
        (tmp_path / "crm_customers" / name).write_bytes(content)
    batches = list(Files(tmp_path).extract(CUSTOMERS, {}, bench))
    query = "SELECT customer_id FROM read_parquet(?) ORDER BY _row_number"
    rows = bench.connection.execute(query, [[str(batch.data) for batch in batches]]).fetchall()
    assert [row[0] for row in rows] == ["00123", "5", "7", "9"]


def test_an_error_never_quotes_the_row(read: Any) -> None:
    batch, _ = read(HEADER + "1,2025-01-01,Confidential Person,x\n")
    assert "Confidential" not in (batch.error or "")


def test_a_file_that_may_not_be_read_is_named(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path.open

    def refused(self: Path, *args: Any, **kwargs: Any) -> Any:
        if args[:1] == ("rb",):
            raise PermissionError(13, "Permission denied")
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refused)
    batch, _ = read(HEADER)
    assert batch.error == "crm_customers.csv: the file cannot be read (Permission denied); let the user of this process read it"


def test_a_file_that_grows_while_it_is_read_waits_for_the_next_run(tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "crm_customers.csv"
    file.write_text(HEADER + "1,2025-01-01,Ann\n")
    original = Files._read

    def growing(self: Files, *args: Any) -> Any:
        batch = original(self, *args)
        with file.open("a") as more:
            more.write("2,2025-01-01,Bo\n")
        return batch

    monkeypatch.setattr(Files, "_read", growing)
    (batch,) = Files(tmp_path).extract(CUSTOMERS, {}, bench)
    assert (batch.status, "changed while it was read" in (batch.error or "")) == ("unreadable", True)


@pytest.mark.parametrize("left", [HEADER + '1,2025-01-01,"An', ""], ids=["half a row", "nothing yet"])
def test_a_file_that_is_written_anew_while_it_is_read_is_not_called_broken(
    left: str, tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "crm_customers.csv"
    file.write_text(HEADER + "1,2025-01-01,Ann\n")
    original = Files._read

    def rewritten(self: Files, *args: Any) -> Any:
        file.write_text(left)
        return original(self, *args)

    monkeypatch.setattr(Files, "_read", rewritten)
    (batch,) = Files(tmp_path).extract(CUSTOMERS, {}, bench)
    assert (batch.status, batch.error) == (
        "unreadable", "crm_customers.csv: the file changed while it was read; it is read again on the next run",
    )  # fmt: skip


def test_a_table_may_be_a_nested_folder_beside_a_file(tmp_path: Path, bench: Bench) -> None:
    for name in (
        "crm_customers.csv",
        "crm_customers/2025/a.csv",
        "crm_customers/b.csv",
        "crm_customers/_SUCCESS",
        "crm_customers/.part.csv",
        "crm_customers/~$b.csv",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(HEADER + f"{name},2025-01-01,Ann\n")
    batches = list(Files(tmp_path).extract(CUSTOMERS, {}, bench))
    assert [batch.part for batch in batches] == ["crm_customers.csv", "crm_customers/2025/a.csv", "crm_customers/b.csv"]
    listed = [str(batch.data) for batch in batches]
    assert bench.connection.execute("SELECT list(_row_number ORDER BY _row_number) FROM read_parquet(?)", [listed]).fetchall() == [
        ([1, 2, 3],)
    ]


def test_files_come_in_the_order_of_their_names_numbers_by_value(tmp_path: Path, bench: Bench) -> None:
    names = ["2026-9-30.csv", "2026-10-2.csv", "2026-10-12.csv", "final.csv"]
    for name in sorted(names):
        (tmp_path / "crm_customers").mkdir(exist_ok=True)
        (tmp_path / "crm_customers" / name).write_text(HEADER + f"{name},2025-01-01,Ann\n")
    batches = list(Files(tmp_path).extract(CUSTOMERS, {}, bench))
    assert [batch.part for batch in batches] == [f"crm_customers/{name}" for name in names]
    query = "SELECT customer_id FROM read_parquet(?) ORDER BY _row_number"
    rows = bench.connection.execute(query, [[str(batch.data) for batch in batches]]).fetchall()
    assert [row[0] for row in rows] == names


def test_an_unchanged_file_is_not_opened_and_a_touched_one_not_read(tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "crm_customers.csv"
    file.write_text(HEADER + "1,2025-01-01,Ann\n")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    (first,) = Files(tmp_path).extract(CUSTOMERS, {}, bench)
    monkeypatch.setattr(Files, "_read", lambda *_: pytest.fail("read again"))
    (again,) = Files(tmp_path).extract(CUSTOMERS, {first.part: first.position}, bench)
    os.utime(file, (1_700_000_100, 1_700_000_100))
    (touched,) = Files(tmp_path).extract(CUSTOMERS, {first.part: first.position}, bench)
    assert (again.status, touched.status) == ("unchanged", "unchanged")
    assert touched.position["mtime_ns"] != first.position["mtime_ns"]


def test_another_zone_reads_an_unchanged_file_again(tmp_path: Path, bench: Bench) -> None:
    file = tmp_path / "crm_customers.csv"
    file.write_text(HEADER + "1,2025-01-01,Ann\n")
    (first,) = Files(tmp_path).extract(CUSTOMERS, {}, bench)
    bench.connection.execute("SET TimeZone = 'Asia/Tokyo'")
    (again,) = Files(tmp_path).extract(CUSTOMERS, {first.part: first.position}, bench)
    assert again.status == "changed"


def test_a_folder_that_is_missing_or_empty_is_refused_as_a_whole(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no such folder"):
        Files(tmp_path / "nowhere").check()
    with pytest.raises(SourceError, match="no input table"):
        Files(tmp_path).check()


def test_when_all_files_are_misnamed_the_error_says_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / "Customers.csv").touch()
    (tmp_path / "crm-tickets.csv").touch()
    with pytest.raises(SourceError, match=r"Customers.csv: not read.*; crm-tickets.csv: not read.*did you mean crm_tickets\?"):
        Files(tmp_path).check()


def test_what_is_not_read_is_said_with_the_table_that_was_meant(tmp_path: Path) -> None:
    for name in ("crm_customer.csv", "crm_tickets.xls", "crm_customers.csv", ".hidden", "README.md"):
        (tmp_path / name).touch()
    assert Files(tmp_path).notes() == [
        "crm_customer.csv: not read, no input table has this name; did you mean crm_customers?",
        "crm_tickets.xls: not read, no kind of file that is read: export it as CSV",
    ]


def test_a_folder_named_like_a_file_and_strange_files_in_a_table_are_said_too(tmp_path: Path) -> None:
    for name in ("crm_customers.csv/part-0.csv", "crm_tickets/march.xls", "crm_tickets/_SUCCESS", "crm_tickets/april.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert Files(tmp_path).notes() == [
        "crm_customers.csv: not read, the folder of a table has no suffix: crm_customers",
        "crm_tickets/march.xls: not read, no kind of file that is read: export it as CSV",
    ]


def test_a_pipe_is_not_waited_on(tmp_path: Path, bench: Bench) -> None:
    os.mkfifo(tmp_path / "crm_customers.csv")
    (batch,) = Files(tmp_path).extract(INPUT_TABLES["crm_customers"], {}, bench)
    assert batch.error == "crm_customers.csv: is a pipe or a device and no file; export it as a file"
