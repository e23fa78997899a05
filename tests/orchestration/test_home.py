"""The home folder: owner-only, bound to one company, held by one run at a time."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import settings
from orchestration.home import Home, HomeError
from orchestration.settings import ConfigurationError

HOLD = """
import sys
from pathlib import Path
from orchestration.home import Home
with Home(Path(sys.argv[1])).exclusive("the night of 2026-01-31"):
    print("held", flush=True)
    sys.stdin.read()
"""


def prepared(folder: Path, key: str | None = None) -> Home:
    home = Home(folder, key)
    home.prepare()
    return home


def test_everything_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    home = prepared(tmp_path / "home")
    home.claim("Acme")
    home.salt()
    for path in home.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_what_whoever_holds_the_home_writes_elsewhere_is_for_its_owner_only(tmp_path: Path) -> None:
    """`serve` hands a release on, `sync` an audience, in a process that has prepared no home."""
    before = os.umask(0o022)
    try:
        (tmp_path / "home" / "state").mkdir(parents=True)
        with Home(tmp_path / "home").exclusive("serving further"):
            (tmp_path / "handed_on").mkdir()
            (tmp_path / "handed_on" / "sync.parquet").write_text("ann@example.org")
    finally:
        os.umask(before)
    written = (tmp_path / "handed_on", tmp_path / "handed_on" / "sync.parquet")
    assert [stat.S_IMODE(path.stat().st_mode) for path in written] == [0o700, 0o600]


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


KEY = "a key of the environment"


def test_the_salt_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is named before its content is written may be empty after the power failed; an empty salt stops every night."""
    done: list[str] = []
    flush, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("flushed"), flush(handle))[1])
    monkeypatch.setattr(os, "replace", lambda old, new: (done.append("named"), rename(old, new))[1])
    home = Home(tmp_path)
    home.prepare()
    home.salt()
    assert done == ["flushed", "named"]


def test_a_key_of_the_environment_is_written_nowhere(tmp_path: Path) -> None:
    home = prepared(tmp_path, KEY)
    assert (home.salt(), home.salt()) == (KEY, KEY)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()] == []
    assert KEY not in repr(home)


def test_another_key_than_before_is_refused_and_so_is_none(tmp_path: Path) -> None:
    prepared(tmp_path, KEY).salt()
    with pytest.raises(HomeError, match=r"were made with another key than `hash_key`.*the one of before"):
        Home(tmp_path, "another key of the environment").salt()
    with pytest.raises(HomeError, match="are made with the `hash_key` of the configuration"):
        Home(tmp_path).salt()


def test_a_key_that_lay_with_the_landing_can_move_into_the_environment(tmp_path: Path) -> None:
    made = prepared(tmp_path).salt()
    proof = Home(tmp_path).hash_proof()
    with pytest.raises(HomeError, match=r"set it to the content of .*landing/\.salt"):
        Home(tmp_path, KEY).salt()
    assert Home(tmp_path, made).salt() == made
    assert not (tmp_path / "landing" / ".salt").exists()
    assert Home(tmp_path, made).hash_proof() == proof


def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text(
        "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: .}]\n"
        'hash_key: "${HASH_KEY}"\n'
    )
    loaded = settings.load(tmp_path / "config.yaml", {})
    with pytest.raises(ConfigurationError, match="hash_key: the environment variable HASH_KEY is not set"):
        settings.check_secrets(loaded, {})
    monkeypatch.setenv("HASH_KEY", "short")
    with pytest.raises(ConfigurationError, match="hash_key: has 5 letters, which can be guessed"):
        Home.of(loaded)
    monkeypatch.setenv("HASH_KEY", KEY)
    assert Home.of(loaded).hash_key == KEY


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
