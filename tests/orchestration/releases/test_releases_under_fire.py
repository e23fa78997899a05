"""Readers and publishers in different processes, and publishers that are killed: no reader ever notices."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import releases

pytestmark = pytest.mark.thorough


ROOT = Path(__file__).parents[3]
FACTS = {"run_id": "r", "code_version": "1", "config_hash": "c", "models": {}, "sources": [], "checks": []}

# Every table of a release carries the same value; a reader that ever sees two of them in one connection has seen a mix.
READER = """
import duckdb, pathlib, sys, time
home, stop, hold = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3] == "hold"
def seen(connection):
    found = connection.execute("SELECT value FROM marts.a UNION SELECT value FROM marts.b").fetchall()
    assert len(found) == 1, found
    return found[0][0]
held = duckdb.connect(str(home / "serving" / "rapport.duckdb"), read_only=True) if hold else None
before, loops, values = held and seen(held), 0, set()
while not stop.exists() or loops < 5:
    if held:
        assert seen(held) == before
    else:
        with duckdb.connect(str(home / "serving" / "rapport.duckdb"), read_only=True) as connection:
            values.add(seen(connection))
    loops += 1
    time.sleep(0.01)  # leaves the two cores to the publisher
print(loops, len(values))
"""

PUBLISHER = """
import sys
from datetime import date
from orchestration import releases
while True:
    print("ready", flush=True)
    releases.publish(releases.build(sys.argv[1], sys.argv[2], as_of=date(2026, 1, 31), run_id="r", code_version="1", config_hash="c",
                                    models={}, sources=[], checks=[]))
    releases.prune(sys.argv[2], 2)
"""


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def make_warehouse(path, value):
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
        for table in "ab":
            connection.execute(f"CREATE OR REPLACE TABLE marts.{table} AS SELECT {value} AS value, i FROM range(5000) AS t(i)")
    return path


def publish(warehouse, home):
    return releases.publish(releases.build(warehouse, home, as_of=date(2026, 1, 31), **FACTS))


def start_readers(home, stop):
    kinds = ["hold", "loop", "loop"]
    arguments = [[sys.executable, "-c", READER, str(home), str(stop), kind] for kind in kinds]
    return [subprocess.Popen(each, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for each in arguments]


def finish_readers(readers, stop):
    stop.touch()
    outputs = [reader.communicate(timeout=60) for reader in readers]
    assert [(reader.returncode, error) for reader, (_, error) in zip(readers, outputs, strict=True)] == [(0, "")] * len(readers)
    return [tuple(map(int, output.split())) for output, _ in outputs]


def test_readers_run_through_publishes_and_rollbacks(tmp_path, home):
    warehouse, stop = tmp_path / "w.duckdb", tmp_path / "stop"
    publish(make_warehouse(warehouse, 0), home)
    readers = start_readers(home, stop)
    for value in range(1, 11):
        publish(make_warehouse(warehouse, value), home)
        releases.prune(home, 2)
        if value % 3 == 0:
            releases.rollback(home, releases.listing(home)[1].id)
        time.sleep(0.1)
    counted = finish_readers(readers, stop)
    assert all(loops > 10 for loops, _ in counted)
    assert max(values for _, values in counted) >= 3, "the looping readers saw the pointer move"


def test_a_publisher_killed_at_any_moment_never_breaks_a_reader(tmp_path, home):
    warehouse, stop = make_warehouse(tmp_path / "w.duckdb", 1), tmp_path / "stop"
    publish(warehouse, home)
    readers = start_readers(home, stop)
    chance = random.Random(7)
    for _ in range(8):
        victim = subprocess.Popen([sys.executable, "-c", PUBLISHER, str(warehouse), str(home)], cwd=ROOT, stdout=subprocess.PIPE)
        assert victim.stdout is not None
        victim.stdout.readline()
        time.sleep(chance.uniform(0, 0.4))
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        victim.stdout.close()
        for release in releases.listing(home):
            release.verify()
        assert releases.current(home).table("a").num_rows == 5000
    finish_readers(readers, stop)
    publish(warehouse, home)  # the next run needs no manual step
    assert not [name for name in os.listdir(home / "releases") if name.startswith(".")]
