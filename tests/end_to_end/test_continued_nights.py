"""Ten nights one after the other, with late, corrected and deleted rows, publish what one full build at the end publishes, row for row."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from examples.acme.nights import next_night
from orchestration import releases
from tests.long_tests import long_test

pytestmark = long_test

FIRST, NIGHTS = date(2026, 11, 3), 10


def test_ten_nights_are_one_full_build(published: Any, tmp_path: Path) -> None:
    company = published.copy(tmp_path / "company")
    days = [FIRST + timedelta(days=number) for number in range(NIGHTS)]
    for number, day in enumerate(days):
        next_night(company.exports, day, share=0.05)
        edit(company.exports, number)
        company.night(str(day))
    one = releases.current(company.home)
    told = "".join(log.read_text() for log in company.home.glob("logs/*.log"))
    assert told.count("dbt: continues the build of") == NIGHTS - 1

    shutil.rmtree(company.home / "warehouse")
    company.night(str(days[-1]))
    other = releases.current(company.home)
    rows = one.manifest["tables"]
    assert one.id != other.id
    assert sum(table["rows"] for table in rows.values()) > 10_000
    differing = {name for name in rows if rows[name]["checksum"] != other.manifest["tables"][name]["checksum"]}
    assert differing <= {"sync_log", "data_quality"}  # what was sent by then, and the checks of earlier nights


def edit(exports: Path, number: int) -> None:
    """A few lines corrected, a month late, or gone again, in a file that is written anew each night."""
    lines = f"(FROM read_parquet('{exports}/billing_invoice_lines/part-0*.parquet') ORDER BY invoice_line_id)"
    corrected = f"SELECT * REPLACE (amount_minor + 100 AS amount_minor) FROM {lines} LIMIT 5 OFFSET {40 * number}"
    late = f"""SELECT * REPLACE ('late' || invoice_line_id AS invoice_line_id, 'late' || invoice_id AS invoice_id)
        FROM {lines} LIMIT 5 OFFSET {60 * number + 20}"""
    target = exports / "billing_invoice_lines" / "corrections.parquet"
    duckdb.execute(f"COPY (({corrected}) UNION ALL BY NAME ({late})) TO '{target}' (FORMAT parquet)")
