"""An erasure that is killed, before any step and at any file that it replaces, ends the same when it is run again."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import landing, releases, settings
from orchestration.home import Home
from orchestration.privacy import erasure, journal, verification, whom
from tests.asked import process_of
from tests.end_to_end.conftest import FIRST_CUSTOMER
from tests.long_tests import ARE_WANTED, long_test

pytestmark = pytest.mark.thorough


# A process of its own has imported what an erasure needs, which takes it seconds, and each erasure that is to be killed is a fork of that:
# before a step, or where it replaces the n-th file from that step on.
ERASURES = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from orchestration import settings
from orchestration.home import Home
from orchestration.privacy import erasure, journal
replace = os.replace

def die_at(wanted, files):
    def at(step):
        if step == wanted and not files:
            os.kill(os.getpid(), signal.SIGKILL)
        if step == wanted:
            calls = iter(range(1, 1000))
            os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL) if next(calls) == files else replace(*paths)
    return at

for asked in sys.stdin:
    config, step, files = eval(asked)
    erasing = os.fork()
    if not erasing:
        loaded = settings.load(Path(config), {{}})
        home = Home(loaded.home)
        (begun,) = journal.unfinished(home.erasures)
        erasure.carry_out(loaded, home, begun, die_at(step, files))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(erasing, 0)[1]), flush=True)
"""
# The second file of a step is that of the person: the first is the journal, in which it is noted.
WITHIN = ("landing", "warehouse", "releases", "activation", "leftovers")


@pytest.fixture(scope="module")
def erasures() -> Iterator[subprocess.Popen[str]]:
    script = ERASURES.format(root=str(Path(landing.__file__).parents[2]))
    with process_of(script) as process:
        yield process


class Erasing:
    """One erasure in a copy of a company, begun once and gone on with as often as it is killed."""

    def __init__(self, company: Any) -> None:
        self.config = company.config
        self.settings, self.home = settings.load(company.config, {}), Home(company.home)
        found = whom.together(self.home, whom.people(self.home, [FIRST_CUSTOMER]))
        self.subject = found.whole
        erasure.begin(self.home, found)

    def go_on(self) -> None:
        (begun,) = journal.unfinished(self.home.erasures)
        erasure.carry_out(self.settings, self.home, begun)

    def is_killed(self, erasures: subprocess.Popen[str], step: str, files: int = 0) -> bool:
        """Go on with it in a process that is killed before `step`, or at the file that it replaces then; False when it came to its end."""
        assert erasures.stdout is not None
        print((str(self.config), step, files), file=erasures.stdin, flush=True)
        code = int(erasures.stdout.readline())
        assert code in (0, -signal.SIGKILL)
        return code != 0

    def outcome(self) -> dict[str, Any]:
        """What is left, and what is told of it, in everything but times and checksums."""
        logs = [landing.summary(self.home.landing), landing.erased_rows(self.home.landing)]
        files = {table: sorted(path for *_, path in found) for table, found in landing.completed_files(self.home.landing).items()}
        counts = {
            path: duckdb.execute("SELECT count(*) FROM read_parquet(?)", [path]).fetchall() for found in files.values() for path in found
        }
        release = releases.current(self.home.root)
        release.verify()
        return {
            "logs": logs,
            "landed": {path.rsplit("/landing/", 1)[1]: rows for path, rows in counts.items()},
            "release": {name: (one["rows"], one["checksum"]) for name, one in release.manifest["tables"].items()},
            "found": verification.found(self.home, self.subject.needles, ("crm_file",)),
            "open": journal.unfinished(self.home.erasures),
        }


@pytest.fixture(scope="module")
def uninterrupted(published: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    erasing = Erasing(published.copy(tmp_path_factory.mktemp("whole") / "company"))
    erasing.go_on()
    return erasing.outcome()


def test_an_erasure_leaves_nothing(uninterrupted: dict[str, Any]) -> None:
    assert uninterrupted["found"] == uninterrupted["open"] == []
    assert uninterrupted["logs"][1]


def test_killed_at_its_steps_no_night_begins_until_it_is_gone_on_with(
    published: Any, tmp_path: Path, uninterrupted: dict[str, Any], erasures: subprocess.Popen[str]
) -> None:
    company = published.copy(tmp_path / "company")
    erasing = Erasing(company)
    # each kill takes some seconds, and more the later it comes: every third step of an erasure is killed every day
    for step in erasure.STEPS if ARE_WANTED else erasure.STEPS[::3]:
        assert erasing.is_killed(erasures, step), step
        assert step not in WITHIN or erasing.is_killed(erasures, step, files=2), step
    refused = company.run("--as-of", "2026-10-31")
    assert refused.returncode == 1
    assert "an erasure was interrupted; end it first: python -m orchestration erase" in refused.stderr
    ended = company.run(command="erase")
    assert ended.returncode == 0, ended.stderr
    assert "Going on with the erasure that began" in ended.stdout
    assert erasing.outcome() == uninterrupted


@long_test
def test_killed_at_the_files_it_replaces(
    published: Any, tmp_path: Path, uninterrupted: dict[str, Any], erasures: subprocess.Popen[str]
) -> None:
    erasing, kills = Erasing(published.copy(tmp_path / "company")), 0
    # A journal that is written is no step forward, but a place to be killed at like any other.
    while kills < 60 and erasing.is_killed(erasures, erasure.STEPS[0], files=10):
        kills += 1
    assert 5 < kills < 60
    assert erasing.outcome() == uninterrupted
