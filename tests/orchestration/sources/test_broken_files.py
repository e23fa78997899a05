"""Every way in which an exported file may be broken: one line that names the file and the fault, and no row."""

import gzip
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from orchestration.contract import INPUT_TABLES
from orchestration.sources import Bench
from orchestration.sources.files import Files
from tests.orchestration.sources.exported import CUSTOMERS, HEADER, KNOWN, parquet

IDS = [str(number) for number in range(1000)]
WHOLE = parquet(("customer_id", IDS), ("created_at", ["2025-01-01"] * 1000))
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
    "columns that differ by case": ("crm_customers.parquet", parquet(*KNOWN, ("Email", ["a"]), ("email", ["b"])), "email is there twice"),
    "decimal too wide": (
        "crm_customers.parquet",
        parquet(*KNOWN, ("balance", WIDE)),
        "column balance is a decimal of more than 38 digits",
    ),
    "text that is no text": ("crm_customers.parquet", parquet(*KNOWN, ("email", [b"\xff\xfe"])), "bytes that are not UTF-8"),
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


def test_a_pipe_is_not_waited_on(tmp_path: Path, bench: Bench) -> None:
    os.mkfifo(tmp_path / "crm_customers.csv")
    (batch,) = Files(tmp_path).extract(INPUT_TABLES["crm_customers"], {}, bench)
    assert batch.error == "crm_customers.csv: is a pipe or a device and no file; export it as a file"
