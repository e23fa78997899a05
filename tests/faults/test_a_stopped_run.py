"""A run that is stopped or killed says so where it can, loses nothing, and is simply run again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date

import duckdb
import pytest

from orchestration import releases
from orchestration.commands.console import show_outcome
from orchestration.home import Home
from orchestration.jobs import Outcome
from orchestration.landing import summary
from tests import commands
from tests.faults.conftest import CUSTOMERS, Said, Small
from tests.long_tests import long_test

pytestmark = pytest.mark.thorough

# A night that is killed when all of its steps are over, and before it has told anybody how it ended.
LAST_MOMENT = """
import os, signal, sys
from orchestration import last_run
from orchestration.__main__ import main
last_run.remember = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
main(sys.argv[1:])
"""


@pytest.fixture
def refused(small: Small) -> Small:
    """A company whose night ends at the landing gate, so that nothing is built for these tests."""
    return small.export({"crm_customers.csv": CUSTOMERS.replace("2026-01-0", "1/2026/")})


@pytest.mark.parametrize(
    ("sent", "step"),
    [(signal.SIGTERM, "landing_gate"), (signal.SIGKILL, "extract"), pytest.param(signal.SIGKILL, "landing_gate", marks=long_test)],
)
def test_a_stopped_run_is_simply_run_again(sent: signal.Signals, step: str, refused: Small, say: Callable[..., Said]) -> None:
    run = started(refused)
    wait_for(refused, run, step)
    run.send_signal(sent)
    said, _ = run.communicate(timeout=240)
    assert "Traceback" not in said
    if sent != signal.SIGKILL:
        assert run.returncode == 1
        assert "stopped by a signal; run again, nothing has to be cleaned up first" in said
        assert "Nothing was published before either." in said
    else:  # it could tell nobody
        assert say("status").line("killed").endswith("never ended; run it again: python -m orchestration run --as-of 2026-10-31")
    again = say()
    assert "killed" not in say("status").text
    assert again.code == 3
    assert again.line("landing gate: crm_customers: 9 of 28 rows")
    assert [(table["table"], table["rows"], table["loads"]) for table in summary(refused.home / "landing")] == [("crm_customers", 28, 1)]


def test_a_run_that_is_killed_in_its_last_moment_is_told_like_any_other(refused: Small, say: Callable[..., Said]) -> None:
    """Its steps are over then, and its end in Dagster must not be taken for that of the night."""
    arguments = ("run", "--config", str(refused.folder / "config.yaml"), "--as-of", "2026-10-31")
    killed = subprocess.run(
        [sys.executable, "-c", LAST_MOMENT, *arguments], cwd=commands.folder(), env=commands.environment(), capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert say("status").line("never ended").endswith("; run it again: python -m orchestration run --as-of 2026-10-31")
    assert say().code == 3
    assert "never ended" not in say("status").text


@pytest.mark.parametrize(("run_id", "words"), [("r", "published, but not everything was sent"), ("other", "nothing was published")])
def test_a_run_that_stopped_after_it_had_published_says_so(
    run_id: str, words: str, small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(small.home)
    home.prepare()
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("CREATE SCHEMA marts; CREATE TABLE marts.dim_customers AS SELECT 'k' AS customer_key")
    facts = {"as_of": date(2026, 10, 30), "run_id": "r", "code_version": "1", "config_hash": "a", "models": [], "sources": []}
    released = releases.publish(releases.build(home.warehouse, home.root, **facts, checks={"passed": 1}))
    show_outcome(home, Outcome(run_id, "failed", ("stopped by a signal",), "release"), home.logs / "x.log")
    said = capsys.readouterr().out
    assert f"Failed: {words}." in said
    assert f"Release {released.id} (as of 2026-10-30) is served" in said


def started(company: Small) -> subprocess.Popen[str]:
    command = commands.command("run", "--config", str(company.folder / "config.yaml"), "--as-of", "2026-10-31")
    return subprocess.Popen(
        command, cwd=commands.folder(), env=commands.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for(company: Small, run: subprocess.Popen[str], step: str) -> None:
    until = time.monotonic() + 240
    while not any(f" {step} - STEP_START" in log.read_text() for log in company.home.glob("logs/*.log")):
        assert run.poll() is None, "the run ended too early"
        assert time.monotonic() < until, "the run took too long"
        time.sleep(0.02)
