"""Which files of a folder are read, in which order, which not again, and what is said of the others."""

import gzip
import os
from pathlib import Path

import pytest

from orchestration.sources import Bench, SourceError
from orchestration.sources.files import Files
from tests.orchestration.sources.exported import CUSTOMERS, HEADER, parquet


def test_a_folder_may_hold_files_of_all_kinds(tmp_path: Path, bench: Bench) -> None:
    (tmp_path / "crm_customers").mkdir()
    for name, content in {
        "a.csv": b"customer_id;created_at\n00123;2025-01-01\n",
        "b.parquet": parquet(("customer_id", [5]), ("created_at", ["2025-01-01"])),
        "c.jsonl": b'{"customer_id":7,"created_at":"2025-01-01"}\n',
        "d.CSV.gz": gzip.compress(b"created_at,customer_id\n2025-01-01,9\n"),
    }.items():
        (tmp_path / "crm_customers" / name).write_bytes(content)
    batches = list(Files(tmp_path).extract(CUSTOMERS, {}, bench))
    query = "SELECT customer_id FROM read_parquet(?) ORDER BY _row_number"
    rows = bench.connection.execute(query, [[str(batch.data) for batch in batches]]).fetchall()
    assert [row[0] for row in rows] == ["00123", "5", "7", "9"]


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
