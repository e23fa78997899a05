"""Writes tables as the company's export files; the only module of the example, beside `nights`, that touches the disk.

Parquet folders for most tables, text parts from the old system as CSV or Parquet, three tables as one CSV or JSON Lines file.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from examples.acme.planting import as_text
from orchestration.contract import INPUT_TABLES

SINGLE_FILES = {"crm_campaigns": ".csv", "exchange_rates": ".csv", "crm_referrals": ".jsonl"}
LEGACY_AS_CSV = ("crm_tickets", "survey_responses", "billing_customers")
LATER, LEGACY, NIGHTS = 10_000, 20_000, 30_000  # part numbers: later parts sort after the ones they correct


def clear(out: Path) -> None:
    """Remove the exports of an earlier run, and nothing else that may lie in the folder."""
    out.mkdir(parents=True, exist_ok=True)
    for name in INPUT_TABLES:
        shutil.rmtree(out / name, ignore_errors=True)
        for suffix in (".csv", ".jsonl", ".parquet"):
            (out / f"{name}{suffix}").unlink(missing_ok=True)


def write_part(out: Path, name: str, rows: pa.Table, number: int, note: str = "") -> None:
    """One part file of a table; an empty one is written only where it carries the columns of part 0."""
    if rows.num_rows == 0 and number > 0:
        return
    if name in SINGLE_FILES:
        _append(out / f"{name}{SINGLE_FILES[name]}", rows)
        return
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"part-{number:05d}{note}"
    if note == "-legacy" and name in LEGACY_AS_CSV:
        pa.csv.write_csv(rows, stem.with_suffix(".csv"))
        return
    write_parquet(stem.with_suffix(".parquet"), rows)


def write_parquet(path: Path, rows: pa.Table) -> None:
    """Compressed lightly; ids are not worth a dictionary, repeated words are. No Arrow schema: plain types for every reader."""
    words = [field.name for field in rows.schema if pa.types.is_string(field.type) and not field.name.endswith("_id")]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, compression="zstd", compression_level=1, use_dictionary=words, store_schema=False, row_group_size=1_000_000)


def _append(path: Path, rows: pa.Table) -> None:
    """Add rows to a file that holds a whole table."""
    text = as_text(rows)
    if path.suffix == ".csv":
        with path.open("ab") as file:
            pa.csv.write_csv(text, file, pa.csv.WriteOptions(include_header=file.tell() == 0))
        return
    lines = (json.dumps({key: value for key, value in row.items() if value is not None}) for row in text.to_pylist())
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
