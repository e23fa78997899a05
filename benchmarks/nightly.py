"""What a night costs, and how much of it is the work itself.

    python benchmarks/nightly.py --customers 100000 [--folder FOLDER]

Generates the example company at that size, runs a full night and the next one with 1 % of the rows changed, and prints for
each stage its time and share, the peak memory of all processes together, and the ratio to the bare work: the same compiled
SQL in DuckDB without dbt, tests, gates or Dagster. Ratios travel between machines; seconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent
END = date(2026, 10, 31)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--share", type=float, default=0.01, help="share of rows that change before the next night")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as temporary:
        measure(options.folder or Path(temporary), options.customers, options.share)


def measure(folder: Path, customers: int, share: float) -> None:
    """Both nights and the bare work of the first, printed as they come."""
    exports = folder / "exports"
    generated = timed(lambda: generate(exports, folder / "truth", customers))
    print(f"{customers:,} customers, {rows_of(exports):,} rows, generated in {generated:.0f} s")
    config = write_config(folder)
    first = night(folder, config, END)
    show("full night", first)
    bare = bare_seconds(folder / "home")
    in_dbt = sum(seconds for step, seconds in first["steps"].items() if step in ("before_models", "after_models"))
    print(f"  bare SQL {bare:.1f} s; dbt stages {in_dbt:.1f} s; ratio {in_dbt / bare:.2f}; whole night / bare SQL {first['seconds'] / bare:.2f}")
    change(exports, END + timedelta(days=1), share)
    second = night(folder, config, END + timedelta(days=1))
    show(f"next night, {share:.0%} changed", second)
    print(f"  next night / full night {second['seconds'] / first['seconds']:.2f}")


def generate(exports: Path, truth: Path, customers: int) -> None:
    """The example company at the size asked for."""
    call("examples.acme.generate", "--customers", customers, "--end", END, "--out", exports, "--truth", truth)


def change(exports: Path, day: date, share: float) -> None:
    """One more day of the example company."""
    call("examples.acme.generate", "--next-night", day, "--share", share, "--out", exports)


def write_config(folder: Path) -> Path:
    """A configuration for the generated company."""
    config = folder / "config.yaml"
    config.write_text(
        "company: {name: Bench, business_model: contractual, reporting_currency: USD}\n"
        "sources: [{type: files, path: exports}]\nhome: home\nsettings: {memory_gib: 8}\n"
    )
    return config


def night(folder: Path, config: Path, as_of: date) -> dict:
    """Run a night in a process of its own; returns wall seconds, peak GiB of its process tree, seconds by step."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "orchestration", "run", "--config", str(config), "--as-of", str(as_of)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
    peak = Peak(process.pid)
    output = process.communicate()[0]
    seconds = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"the night of {as_of} ended with {process.returncode}:\n{output[-4000:]}")
    steps = json.loads((folder / "home" / "state" / "last_run.json").read_text())["steps"]
    return {"seconds": seconds, "peak_gib": peak.stop(), "steps": steps}


def show(title: str, measured: dict) -> None:
    """One line a stage."""
    print(f"{title}: {measured['seconds']:.1f} s, peak {measured['peak_gib']:.1f} GiB")
    for step, seconds in measured["steps"].items():
        print(f"  {step:<16} {seconds:8.1f} s  {seconds / measured['seconds']:6.1%}")
    outside = measured["seconds"] - sum(measured["steps"].values())
    print(f"  {'around them':<16} {outside:8.1f} s  {outside / measured['seconds']:6.1%}")


def bare_seconds(home: Path) -> float:
    """Seconds that the compiled SQL of every model takes in DuckDB alone, in the order dbt ran it, in a copy of the warehouse."""
    copy = home / "bare.duckdb"
    copy.write_bytes((home / "warehouse" / "rapport_build.duckdb").read_bytes())
    with duckdb.connect(str(copy), config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute("SET memory_limit = '8GiB'; SET threads = 2; SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        total = sum(timed(lambda query=query: connection.execute(query)) for query in bare_queries(home))
    copy.unlink()
    return total


def bare_queries(home: Path) -> list[str]:
    """`CREATE TABLE … AS` of each model of both dbt starts, in run order."""
    queries = []
    for phase in ("before_models", "after_models"):
        results = json.loads((home / "logs" / f"dbt_{phase}" / "run_results.json").read_text())["results"]
        for result in results:
            if result["unique_id"].startswith("model.") and result.get("relation_name") and result.get("compiled_code"):
                queries.append(f"CREATE OR REPLACE TEMP TABLE bare_{len(queries)} AS {result['compiled_code']}")
    return queries


class Peak:
    """Samples the memory that a process and its children hold together, ten times a second, from /proc."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._on = pid, 0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """End sampling; the peak in GiB."""
        self._on = False
        self._thread.join()
        return self._peak / 2**30

    def _watch(self) -> None:
        while self._on:
            self._peak = max(self._peak, sum(resident(pid) for pid in family(self._pid)))
            time.sleep(0.1)


def family(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        found.append(current)
        for task in Path(f"/proc/{current}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in task.read_text().split()]
            except OSError:  # the process ended while it was being looked at
                continue
    return found


def resident(pid: int) -> int:
    """Private and shared anonymous bytes of a process; 0 once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in fields.splitlines() if line.startswith("RssAnon"))


def rows_of(exports: Path) -> int:
    """Rows in the Parquet files of a folder; the few small text tables are left out."""
    return sum(duckdb.execute(f"SELECT count(*) FROM read_parquet('{file}')").fetchone()[0] for file in exports.rglob("*.parquet"))


def timed(work) -> float:
    """Wall seconds that `work()` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def call(module: str, *arguments: object) -> None:
    """Run a module of this project in a process of its own."""
    subprocess.run([sys.executable, "-m", module, *map(str, arguments)], cwd=ROOT, check=True, env=environment())


def environment() -> dict[str, str]:
    """The environment without a home or configuration of the caller's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("RAPPORT_", "DAGSTER_"))}


if __name__ == "__main__":
    main()
