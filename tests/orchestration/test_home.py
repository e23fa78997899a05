"""The home folder: owner-only, bound to one company, held by one run at a time."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.home import Home, HomeError

HOLD = """
import sys
from pathlib import Path
from orchestration.home import Home
with Home(Path(sys.argv[1])).exclusive("the night of 2026-01-31"):
    print("held", flush=True)
    sys.stdin.read()
"""


def prepared(folder: Path) -> Home:
    home = Home(folder)
    home.prepare()
    return home


def test_everything_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home")
    home.claim("Acme")
    home.salt()
    for path in home.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_home_belongs_to_one_company(tmp_path: Path) -> None:
    home = prepared(tmp_path)
    home.claim("Acme")
    home.claim("Acme")
    with pytest.raises(HomeError, match="holds the data of Acme, not of Other"):
        home.claim("Other")


def test_the_salt_stays(tmp_path: Path) -> None:
    home = prepared(tmp_path)
    assert home.salt() == home.salt()
    assert len(home.salt()) == 32


def test_a_lost_salt_is_said(tmp_path: Path) -> None:
    home = prepared(tmp_path)
    (home.landing / ".salt").write_text("\n")
    with pytest.raises(HomeError, match=r"\.salt: this file is damaged; restore it from a backup"):
        home.salt()


def test_a_second_run_is_told_who_is_at_work_and_a_killed_one_leaves_nothing_locked(tmp_path: Path) -> None:
    home = prepared(tmp_path)
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(HomeError, match=r"the night of 2026-01-31 \(process \d+"), home.exclusive("another"):
            pass
    finally:
        other.kill()
        other.wait()
    with home.exclusive("another"):
        assert (home.state / "run.json").exists()
