"""Landing against bare DuckDB: `python benchmarks/landing.py [rows]` (default 2 million, best of three).

Prints processor seconds (of all threads, so that other work on the machine does not count) and the ratio to
`COPY (FROM read_parquet) TO parquet`, which neither types, hashes, numbers nor commits anything.
A second block grows the file by one percent, so that only the difference lands. Never part of the tests.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from time import process_time

import dlt  # noqa: F401  paid once a process, not once a load
import duckdb

from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.landing import extract

TABLE = INPUT_TABLES["crm_interactions"]
ROWS = """SELECT 'i' || i AS interaction_id, 'c' || (hash(i) % 100000) AS customer_id,
    TIMESTAMP '2020-01-01' + to_seconds((hash(i + 1) % 150000000)::BIGINT) AS occurred_at,
    ['email', 'web', 'app'][1 + (hash(i + 2) % 3)::INT] AS channel, ['opened', 'visit', 'login'][1 + (hash(i + 3) % 3)::INT] AS kind,
    'k' || (hash(i + 5) % 50) AS campaign_id, ((hash(i + 4) % 100) / 4)::DECIMAL(28, 8) AS quantity FROM range({rows}) AS t(i)"""


def main(rows: int) -> None:
    """Make the files, time both sides, print."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-landing-"))
    try:
        for suffix in ("parquet", "csv"):
            exports = folder / suffix
            exports.mkdir()
            file = exports / f"{TABLE.name}.{suffix}"
            _make(file, rows)
            bare = min(_bare(file, folder) for _ in range(3))
            ours = min(_landed(exports, folder) for _ in range(3))
            _say(f"{suffix}: bare DuckDB", rows, bare)
            _say(f"{suffix}: landed", rows, ours, bare)
            _landed(exports, folder)
            _make(file, rows + rows // 100)
            _say(f"{suffix}: one percent more", rows + rows // 100, _landed(exports, folder, keep=True), bare)
    finally:
        shutil.rmtree(folder)


def _make(file: Path, rows: int) -> None:
    duckdb.execute(f"COPY ({ROWS.format(rows=rows)}) TO '{file}'")


def _bare(file: Path, folder: Path) -> float:
    with duckdb.connect(config={"threads": 2}) as connection:
        started = process_time()
        connection.execute(f"COPY (FROM '{file}') TO '{folder / 'bare.parquet'}' (FORMAT parquet)")
        return process_time() - started


def _landed(exports: Path, folder: Path, *, keep: bool = False) -> float:
    if not keep:
        shutil.rmtree(folder / "home", ignore_errors=True)
    home = folder / "home"
    started = process_time()
    extract(FilesSource(type="files", path=str(exports)), [TABLE], home / "landing", home / "state" / "dlt")
    return process_time() - started


def _say(label: str, rows: int, seconds: float, bare: float | None = None) -> None:
    ratio = f"  {bare / seconds:6.0%} of bare" if bare else ""
    print(f"{label:28s} {rows:>12,} rows {seconds:7.2f} s {rows / seconds:>12,.0f} rows/s{ratio}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
