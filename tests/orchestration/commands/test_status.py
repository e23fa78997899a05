"""`status` says why the served release is not newer: a night was refused by a gate, failed or was killed, whoever started it; and that
retention failed. A line for each reason.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from orchestration import last_run, releases, settings
from orchestration.commands import summary
from orchestration.home import Home

NIGHT = """
import sys
from pathlib import Path
from orchestration import last_run
from orchestration.home import Home
home = Home(Path(sys.argv[1]))
with home.exclusive("the night of 2026-11-12"), last_run.under_way(home, "2026-11-12"):
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def company(tmp_path: Path) -> settings.Settings:
    (tmp_path / "exports").mkdir()
    text = (
        "company: {name: Acme, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"
    )
    (tmp_path / "config.yaml").write_text(text)
    loaded = settings.load(tmp_path / "config.yaml", {})
    Home(loaded.home).prepare()
    return loaded


def said(company: settings.Settings) -> list[str]:
    told = ("  refused", "  failed", "  killed", "  retention", " " * 15)
    return [line for line in summary.status(company).lines if line.startswith(told)]


def test_a_night_that_failed_is_told_until_one_is_published_after_it(company: settings.Settings) -> None:
    home = Home(company.home)
    last_run.remember(home, "2026-11-12", "r1", "failed", ("files: tickets need opened_at", "crm: 401"))
    first, *reasons = said(company)
    assert first.startswith("  failed       the night of 2026-11-12, ")
    assert first.endswith(" UTC")
    assert reasons == [" " * 15 + "files: tickets need opened_at", " " * 15 + "crm: 401"]
    ended = datetime.now(UTC)
    assert last_run.failed_since(home, ended - timedelta(hours=1)) is not None
    assert last_run.failed_since(home, ended + timedelta(seconds=2)) is None
    last_run.remember(home, "2026-11-12", "r2", "published", ())
    assert said(company) == []


def test_a_failure_that_is_heard_of_after_a_later_night_is_not_the_last_end(company: settings.Settings) -> None:
    home, now = Home(company.home), datetime.now(UTC)
    last_run.remember(home, "2026-11-12", "r2", "published", (), at=now - timedelta(hours=4))
    last_run.remember(home, "2026-11-12", "r1", "failed", ("crm: 401",), at=now - timedelta(hours=5))
    assert said(company) == []
    last_run.remember(home, "2026-11-13", "r3", "failed", ("crm: 401",), at=now - timedelta(hours=3))
    assert len(said(company)) == 2


def test_what_became_of_each_audience_is_a_line(company: settings.Settings) -> None:
    one = {"destination": "crm", "audience": "at_risk", "release_id": "r1", "live": True, "decisions": {"upsert": 5}, "refused": ""}
    told = [
        {**one, "outcomes": {"acknowledged": 3, "rejected": 1, "unknown": 1}},
        {**one, "audience": "win_back", "refused": "the audience is empty [empty_audience]", "outcomes": {}},
        {**one, "destination": "mails", "live": False},
    ]
    (Home(company.home).state / "last_sync.json").write_text(json.dumps(told))
    assert [line.split(maxsplit=1)[1] for line in summary.status(company).lines if line.startswith("  sync ")] == [
        "crm/at_risk sent: 5 upsert; of them 1 rejected, 1 unknown (of release r1)",
        "crm/win_back refused: the audience is empty [empty_audience]",
        "mails/at_risk dry run, would send: 5 upsert (of release r1)",
    ]


def test_every_reason_of_a_refusal_is_a_line_and_more_than_five_are_counted(company: settings.Settings) -> None:
    reasons = [f"table_{number}: bad" for number in range(7)]
    releases.record_refusal(company.home, as_of=date(2026, 11, 12), stage="landing gate", reasons=reasons)
    first, *lines = said(company)
    assert first.startswith("  refused      the night of 2026-11-12 at the landing gate, ")
    assert [line.strip() for line in lines] == [*reasons[:5], "and 2 more"]


def test_a_file_of_an_older_version_says_nothing_of_when(company: settings.Settings) -> None:
    home = Home(company.home)
    (home.state / "last_run.json").write_text('{"as_of": "2026-11-12", "status": "failed", "reasons": ["x"], "steps": {}}')
    assert last_run.failed_since(home, None) is None


def begun(company: settings.Settings) -> subprocess.Popen[str]:
    """A night that goes on, in a process of its own."""
    night = subprocess.Popen([sys.executable, "-c", NIGHT, str(company.home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert night.stdout is not None
    assert night.stdout.readline() == "begun\n"
    return night


def test_a_night_that_was_killed_is_told_with_what_to_do_until_another_has_ended(company: settings.Settings) -> None:
    """A machine that lost its power tells nobody; the home then looks as it did the evening before."""
    night, home = begun(company), Home(company.home)
    assert said(company) == []  # it goes on
    night.kill()
    night.communicate()
    (line,) = said(company)
    assert line.startswith("  killed       the night of 2026-11-12, begun ")
    assert line.endswith(" UTC, never ended; run it again: python -m orchestration run --as-of 2026-11-12")
    with home.exclusive("serving further"):
        pass
    assert said(company) == [line]  # what is no night makes none good
    with home.exclusive("the night of 2026-11-13"), last_run.under_way(home, "2026-11-13"):
        pass
    assert said(company) == []


def test_a_night_within_a_night_leaves_the_mark_to_the_one_around_it(company: settings.Settings) -> None:
    """The command line marks its night from its start to its last word, Dagster the run in between."""
    home = Home(company.home)
    with home.exclusive("the night of 2026-11-12"), last_run.under_way(home, "2026-11-12"):
        with last_run.under_way(home, "2026-11-12"):
            pass
        assert (home.state / "under_way.json").exists()
    assert not (home.state / "under_way.json").exists()
    with home.exclusive("the night of 2026-11-13"), last_run.under_way(home, "2026-11-13"):
        assert '"2026-11-13"' in (home.state / "under_way.json").read_text()


def test_a_killed_night_that_was_heard_of_since_is_told_once(company: settings.Settings) -> None:
    night = begun(company)
    night.kill()
    night.communicate()
    last_run.remember(Home(company.home), "2026-11-12", "r1", "failed", ("killed",), at=datetime.now(UTC) + timedelta(seconds=1))
    assert [line.split()[0] for line in said(company)] == ["failed", "killed"]
    assert said(company)[1] == " " * 15 + "killed"


def test_a_killed_night_is_told_also_where_another_could_not_begin_beside_it(company: settings.Settings) -> None:
    """Cron started a second night while the first was at work; then the machine lost its power."""
    night = begun(company)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    last_run.remember(Home(company.home), "2026-11-12", None, "failed", ("the night of 2026-11-12 is at work here",), at=soon)
    night.kill()
    night.communicate()
    assert [line.split()[0] for line in said(company)] == ["failed", "the", "killed"]


def test_a_retention_that_failed_is_told_with_what_to_do_until_one_did_its_work(company: settings.Settings) -> None:
    home = Home(company.home)
    last_run.remember_retention(home, ("people whose time is over are still in files of this home",))
    first, *reasons = said(company)
    assert first.startswith("  retention    failed, ")
    assert first.endswith(" UTC; do it again: python -m orchestration erase --expired")
    assert reasons == [" " * 15 + "people whose time is over are still in files of this home"]
    last_run.remember_retention(home, ())
    assert said(company) == []
