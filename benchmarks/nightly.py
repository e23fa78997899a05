"""What a night costs, and how much of it is the work itself.

    python -m benchmarks.nightly --customers 100000 [--folder FOLDER]

Generates the example company at that size, runs a full night and the next one with 1 % of the rows changed, and prints for
each stage its time and share, the peak memory of all processes together, and the ratio to the bare work: the same compiled
SQL in DuckDB without dbt, tests, gates or Dagster, and the same estimators without anything around them (benchmarks/bare.py).
Ratios travel between machines; seconds do not. Processor seconds do not depend on what else the machine was doing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks.processes import Watch

ROOT = Path(__file__).resolve().parent.parent
END = date(2026, 10, 30)  # the next night falls into the same month, as all nights but one do; the first of a month builds all anew


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
    show_bare(first, json.loads(call("benchmarks.bare", folder / "home")))
    change(exports, END + timedelta(days=1), share)
    second = night(folder, config, END + timedelta(days=1))
    show(f"next night, {share:.0%} changed", second)
    print(f"  next night / full night {second['seconds'] / first['seconds']:.2f}")


def show_bare(night: dict, bare: dict[str, float]) -> None:
    """What the stages cost beside their bare work, and the whole night beside all of it."""
    stages = {step: seconds for step, (seconds, _) in night["steps"].items()}
    alone = sum(bare[part] for part in ("sql", "churn", "clv", "next_best_action"))
    pairs = {
        "SQL": (bare["sql"], stages["before_models"] + stages["after_models"]),
        "churn": (bare["churn"], stages["churn_scores"]),
        "clv": (bare["clv"], stages["clv_scores"]),
        "next best action": (bare["next_best_action"], stages["decisions"]),
        "files": (bare["files"], stages["extract"] + stages["release"]),
        "whole night": (alone, night["seconds"]),
        "and files": (alone + bare["files"], night["seconds"]),
    }
    for name, (least, stage) in pairs.items():
        print(f"  bare {name:<17} {least:8.1f} s of {stage:8.1f} s  ratio {stage / least:.2f}")


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
    """Run a night in a process of its own: wall and processor seconds, peak GiB of its processes, both seconds by step."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "orchestration", "run", "--config", str(config), "--as-of", str(as_of)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
    watch, said, marks = Watch(process.pid), [], [0.0]
    for line in process.stdout:
        said.append(line)
        marks += [watch.processor_seconds] if line.lstrip().startswith("✓") else []
    code, seconds, peak = process.wait(), time.perf_counter() - began, watch.stop()
    if code:
        sys.exit(f"the night of {as_of} ended with {code}:\n{''.join(said)[-4000:]}")
    steps = json.loads((folder / "home" / "state" / "last_run.json").read_text())["steps"]
    used = [after - before for before, after in itertools.pairwise(marks)]
    return {
        "seconds": seconds,
        "processor_seconds": watch.processor_seconds,
        "peak_gib": peak,
        "steps": dict(zip(steps, zip(steps.values(), used, strict=True), strict=True)),
    }


def show(title: str, measured: dict) -> None:
    """One line a stage; the first stage's processor time includes the start."""
    whole = measured["seconds"]
    print(f"{title}: {whole:.1f} s, {measured['processor_seconds']:.1f} s of processors, peak {measured['peak_gib']:.1f} GiB")
    for step, (seconds, used) in measured["steps"].items():
        print(f"  {step:<24} {seconds:8.1f} s  {seconds / whole:6.1%}  {used:8.1f} s of processors")
    outside = whole - sum(seconds for seconds, _ in measured["steps"].values())
    print(f"  {'around them':<24} {outside:8.1f} s  {outside / whole:6.1%}")


def rows_of(exports: Path) -> int:
    """Rows in the Parquet files of a folder; the few small text tables are left out."""
    return sum(duckdb.execute(f"SELECT count(*) FROM read_parquet('{file}')").fetchone()[0] for file in exports.rglob("*.parquet"))


def timed(work) -> float:
    """Wall seconds that `work()` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def call(module: str, *arguments: object) -> str:
    """Run a module of this project in a process of its own; returns the last line it printed."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, check=True, env=environment(), stdout=subprocess.PIPE, text=True)
    return (done.stdout.strip().splitlines() or [""])[-1]


def environment() -> dict[str, str]:
    """The environment without a home or configuration of the caller's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("RAPPORT_", "DAGSTER_"))}


if __name__ == "__main__":
    main()
