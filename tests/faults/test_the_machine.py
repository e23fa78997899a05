"""What the machine may do to a run: somebody else is at work, the disk is full, nothing may be written, the warehouse is in use."""

from __future__ import annotations

import itertools
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration import dbt
from orchestration.home import Home
from tests import commands
from tests.faults.conftest import CONFIG, Said, Small
from tests.long_tests import long_test

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from orchestration.home import Home
with Home(Path(sys.argv[1])).exclusive("the night of 2026-10-30"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_run(small: Small) -> Iterator[int]:
    """Another process at work in the same home; its id."""
    Home(small.home).prepare()
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(small.home)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    yield other.pid
    other.kill()
    other.wait()


def test_a_second_run_is_told_who_the_first_is(other_run: int, say: Callable[..., Said]) -> None:
    said = say()
    assert said.code == 1
    assert f"the night of 2026-10-30 (process {other_run}, since " in said.line("is at work here; wait for it to end and run again")
    assert say("releases", "rollback", "20260101T000000000000_as_of_20260101").line("is at work here")
    # Nobody can search what is being written, and DuckDB's own words for it tell nobody what to do.
    assert say("erase", "--verify", "ann@example.org").line("the night of 2026-10-30")


def test_a_run_from_the_ui_is_refused_while_another_is_at_work(
    other_run: int, small: Small, restored_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration import jobs
    from orchestration.definitions import defs

    monkeypatch.setenv("RAPPORT_CONFIG", str(small.folder / "config.yaml"))
    with jobs.instance(Home(small.home)) as storage:
        result = defs.resolve_job_def("nightly").execute_in_process(instance=storage, partition_key="2026-10-31", raise_on_error=False)
    assert not result.success
    assert f"process {other_run}" in str([event.event_specific_data for event in result.all_events if event.is_failure])


def test_status_answers_while_a_run_writes_to_the_warehouse(other_run: int, small: Small, say: Callable[..., Said]) -> None:
    script = f"import duckdb; held = duckdb.connect({str(Home(small.home).warehouse)!r}); print('open', flush=True); input()"
    writer = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        assert say("status").line(f"not known now: the night of 2026-10-30 (process {other_run}")
        assert (asked := say("quarantine")).code == 1
        assert asked.line("is writing to the warehouse; ask again when it has ended")
    finally:
        writer.kill()
        writer.wait()


def test_a_home_has_one_ui_whatever_its_port(small: Small, say: Callable[..., Said]) -> None:
    """The lock is taken before this process becomes Dagster, and must outlive that: so the second comes when Dagster speaks."""
    command = commands.command("ui", "--config", str(small.folder / "config.yaml"), "--port", str(free_port()))
    first = subprocess.Popen(
        command, cwd=commands.folder(), env=commands.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert first.stdout is not None
        before = list(itertools.takewhile(lambda line: "Launching Dagster services" not in line, first.stdout))
        assert len(before) == 1, "nothing but where Dagster will be"
        said = say("ui", "--port", str(free_port()))
        assert said.code == 1
        assert said.line(f"rapport: {small.home}: the UI of this home is running already; open that one, or stop it first")
    finally:
        first.terminate()
        first.communicate(timeout=120)


@pytest.mark.parametrize("most_bytes", [200, 60_000, 1_500_000], ids=["home", "run storage", "warehouse"])
def test_a_full_disk_is_one_clear_line(most_bytes: int, small: Small) -> None:
    """A limit on the size of files stands for a disk without space: writing fails in the same places."""
    dbt.manifest_path()  # parsed before, as on every night but the first
    done = run_as(small, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes)))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "is the disk full? Free some space and run again" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture
def unwritable(small: Small) -> Iterator[Path]:
    """A folder in which nothing can be made: by its rights, or for root, whom they do not bind, mounted read-only."""
    folder = small.folder / "locked"
    folder.mkdir(mode=0o555)
    if os.geteuid() != 0:
        yield folder
        return
    for options in (["--bind", str(folder), str(folder)], ["-o", "remount,ro,bind", str(folder)]):
        if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
            pytest.skip("root may write everywhere here, and may not mount read-only either")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_home_that_cannot_be_written(unwritable: Path, small: Small, say: Callable[..., Said]) -> None:
    small.configure(CONFIG.replace("home: home", "home: locked/home"))
    said = say()
    assert said.code == 1
    assert said.line(f"rapport: {unwritable}/home: ").endswith("; set RAPPORT_HOME to a folder that can be written")


def test_a_home_below_a_file(small: Small, say: Callable[..., Said]) -> None:
    small.configure(CONFIG.replace("home: home", "home: config.yaml/home"))
    said = say()
    assert said.code == 1
    assert said.line("set RAPPORT_HOME to a folder that can be written")


def test_a_damaged_warehouse_is_a_clear_line(small: Small, say: Callable[..., Said]) -> None:
    Home(small.home).prepare()
    Home(small.home).warehouse.write_bytes(b"this is no database" * 1000)
    said = say()
    assert said.code == 1
    assert str(Home(small.home).warehouse) in said.line("Remove that file and run again: all of it is built anew from landing")


def run_as(small: Small, **options: Any) -> subprocess.CompletedProcess[str]:
    command = commands.command("run", "--config", str(small.folder / "config.yaml"), "--as-of", "2026-10-31")
    return subprocess.run(
        command, cwd=commands.folder(), env=commands.environment(), capture_output=True, text=True, check=False, timeout=300, **options
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


pytestmark = long_test
