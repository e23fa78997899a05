"""An erasure that is killed, before any step and at any file that it replaces, ends the same when it is run again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import landing, releases, settings
from orchestration.home import Home
from orchestration.privacy import erasure, journal, verification, whom
from tests.end_to_end.conftest import FIRST_CUSTOMER
from tests.long_tests import ARE_WANTED, long_test

pytestmark = pytest.mark.thorough


class KilledError(BaseException):
    """What a kill looks like from inside: nothing that catches errors sees it."""


class Erasing:
    """One erasure in a copy of a company, begun once and gone on with as often as it is killed."""

    def __init__(self, company: Any) -> None:
        self.settings, self.home = settings.load(company.config, {}), Home(company.home)
        found = whom.together(self.home, whom.people(self.home, [FIRST_CUSTOMER]))
        self.subject = found.whole
        erasure.begin(self.home, found)

    def go_on(self, at: Callable[[str], None] = lambda _: None) -> None:
        (begun,) = journal.unfinished(self.home.erasures)
        erasure.carry_out(self.settings, self.home, begun, at)

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


def test_killed_before_its_steps_no_night_begins_until_it_is_gone_on_with(
    published: Any, tmp_path: Path, uninterrupted: dict[str, Any]
) -> None:
    company = published.copy(tmp_path / "company")
    erasing = Erasing(company)
    # each kill takes some seconds: every other step of an erasure is killed every day
    for step in erasure.STEPS if ARE_WANTED else erasure.STEPS[::2]:

        def kill(name: str, wanted: str = step) -> None:
            if name == wanted:
                raise KilledError

        with pytest.raises(KilledError):
            erasing.go_on(kill)
    refused = company.run("--as-of", "2026-10-31")
    assert refused.returncode == 1
    assert "an erasure was interrupted; end it first: python -m orchestration erase" in refused.stderr
    ended = company.run(command="erase")
    assert ended.returncode == 0, ended.stderr
    assert "Going on with the erasure that began" in ended.stdout
    assert erasing.outcome() == uninterrupted


@long_test
def test_killed_at_the_files_it_replaces(
    published: Any, tmp_path: Path, uninterrupted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    erasing, kills, replace = Erasing(published.copy(tmp_path / "company")), 0, os.replace
    while kills < 60:
        calls = iter(range(100))

        def once(source: Any, target: Any, calls: Any = calls) -> None:
            # A journal that is written is no step forward, but a place to be killed at like any other.
            if next(calls) == 9:
                raise KilledError
            replace(source, target)

        monkeypatch.setattr(os, "replace", once)
        try:
            erasing.go_on()
            break
        except KilledError:
            kills += 1
    monkeypatch.setattr(os, "replace", replace)
    assert 5 < kills < 60
    assert erasing.outcome() == uninterrupted
