"""No personal value and no secret is written where it does not belong, whatever goes wrong: canaries are planted and searched for."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration import releases
from orchestration.contract import INPUT_TABLES
from orchestration.destinations.http import Caller
from tests import canaries
from tests.end_to_end.conftest import AS_OF, Company, orchestration, reason, write_config

pytestmark = pytest.mark.thorough


MAY_HOLD = ("sync_", "fct_feedback")
WHSEC = "whsec_" + base64.b64encode(canaries.SECRET.encode()).decode()
SECRETS = {"CANARY_HOOK": WHSEC, "CANARY_URL": f"postgresql://someone:{canaries.SECRET}@127.0.0.1:1/nowhere"}
FAILING = (
    'destinations: [{name: hook, type: webhook, url: "http://127.0.0.1:1/", secret: "${CANARY_HOOK}", audiences: [customer_scores],'
    " live: true}]\n"
    'serving: [{type: postgres, url: "${CANARY_URL}"}]\n'
    "settings: {max_audience_change_share: 1}\n"
)


def searched(home: Path) -> Iterator[Path]:
    """Every file of the home where nothing personal may lie, and whatever of a release is not a table that may hold it."""
    for path in sorted(path for path in home.rglob("*") if path.is_file() and not path.is_symlink()):
        inside = path.relative_to(home).parts
        if inside[0] not in ("landing", "warehouse", "serving") and path.suffix not in (".parquet", ".duckdb"):
            yield path


def leaks(home: Path, marks: Iterable[bytes]) -> list[str]:
    wanted = tuple(marks)
    texts = ((path, path.read_bytes().lower()) for path in searched(home))
    return [f"{path.relative_to(home)}: {mark.decode()}" for path, text in texts for mark in wanted if mark in text]


@pytest.fixture(scope="module")
def release(published: Any) -> releases.Release:
    return releases.current(published.home)


def test_every_personal_column_has_its_canary_and_it_landed(published: Any) -> None:
    """Else the other tests of this module would find nothing because there is nothing."""
    with duckdb.connect() as connection:
        for table in INPUT_TABLES.values():
            for column in (column.name for column in table.columns if column.personal):
                landed = f"read_parquet('{published.home}/landing/files/{table.name}/**/*.parquet', union_by_name = true)"
                (rows,) = connection.execute(
                    f"SELECT count(*) FROM {landed} WHERE {column} = ?", [canaries.value_of(column)]
                ).fetchone() or (0,)
                assert rows == 2, f"{table.name}.{column}"


def test_they_are_in_the_tables_that_may_hold_them(release: releases.Release) -> None:
    with release.connect() as marts:
        comments = marts.execute(f"SELECT count(*) FROM marts.fct_feedback WHERE comment LIKE '{canaries.MARK}%'").fetchone()
    assert comments is not None
    assert comments[0] > 0


def test_no_other_mart_holds_one(release: releases.Release) -> None:
    tables = [name for name in release.tables if not name.startswith(MAY_HOLD)]
    assert len(tables) > 25
    with release.connect() as marts:
        rows = {name: marts.execute(f'SELECT lower(CAST(row_of AS VARCHAR)) FROM marts."{name}" AS row_of').fetchall() for name in tables}
    found = {name for name, lines in rows.items() for (line,) in lines for mark in canaries.marks() if mark.decode() in line}
    assert found == set()


def test_nothing_else_that_a_night_writes_holds_one(published: Any) -> None:
    assert len(list(searched(published.home))) > 20
    assert leaks(published.home, canaries.marks()) == []
    assert not any(mark in (published.folder / "screen.txt").read_bytes().lower() for mark in canaries.marks())


def test_the_key_of_hashes_lies_with_the_landing_and_in_the_private_warehouse_alone(published: Any) -> None:
    """Who has it and a list of addresses can tell whose hash is whose."""
    salt = (published.home / "landing" / ".salt").read_bytes()
    assert len(salt) == 32
    assert leaks(published.home, [salt]) == []
    holding = {path.parent.name for path in published.home.rglob("*") if path.is_file() and salt in path.read_bytes()}
    assert holding == {"landing", "warehouse"}


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever cannot be reached is tried again at once: the pauses between would be half a minute."""
    original = Caller.__init__

    def init(self: Caller, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **{**options, "sleep": lambda _: None})

    monkeypatch.setattr(Caller, "__init__", init)


@pytest.fixture(scope="module")
def failing(published: Any, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The same home, with a destination and a database that cannot be reached, and exports in which nothing can be read."""
    company: Company = published.copy(tmp_path_factory.mktemp("canaries") / "company")
    write_config(company.folder, FAILING)
    shutil.rmtree(company.exports)
    company.exports.mkdir()
    canaries.plant(company.exports)
    (company.exports / "crm_tickets" / "broken.csv").write_text(f'ticket_id,customer_id,opened_at,text\n1,2,"{canaries.value_of("text")}\n')
    flood = "".join(f"x{number},{canaries.value_of('email')},never\n" for number in range(500))
    (company.exports / "survey_invitations" / "flood.csv").write_text(f"invitation_id,email,sent_at\n{flood}")
    return company


def test_a_refused_destination_and_database_tell_no_secret(
    failing: Company,
    without_waiting: None,
    materialize: Callable[..., dg.ExecuteInProcessResult],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    sent = materialize(failing, AS_OF, "activation/activation", "release/served")
    assert not sent.success
    refused = failing.run(command="serve")
    assert refused.returncode == 1
    assert "no connection" in refused.stderr
    written = capfd.readouterr()
    said = (reason(sent) + refused.stdout + refused.stderr + written.out + written.err).encode()
    secrets = (canaries.SECRET.encode(), WHSEC.removeprefix("whsec_").encode().lower())
    assert not any(mark in said.lower() for mark in (*secrets, *canaries.marks()))
    assert leaks(failing.home, (*secrets, *canaries.marks())) == []


def test_a_night_that_fails_on_broken_rows_quotes_none(failing: Company) -> None:
    done = orchestration("run", "--config", str(failing.config), "--as-of", AS_OF, **SECRETS)
    assert done.returncode != 0
    said = (done.stdout + done.stderr).encode().lower()
    assert b"broken.csv" in said
    assert not any(mark in said for mark in canaries.marks())
    assert leaks(failing.home, canaries.marks()) == []
