"""The sync log as files: one a sync, kept for ninety days, whole whatever a crash interrupts, and an older home's taken over."""

from datetime import datetime, timedelta

import duckdb
import pytest

from orchestration import warehouse
from orchestration.activation import forget, log, log_folder, log_parts, state
from orchestration.releases.tables import copy_marts


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def attempt(folder):
    """Log attempts (external ids) of a sync of `crm`, as one that begins now or that many days from now."""

    def run(*external_ids, days=0, destination="crm", audience="scores", outcome="acknowledged"):
        with state.opened(folder / "activation" / f"{destination}.duckdb", writable=True) as connection:
            moment = state.now() + timedelta(days=days)
            for one in external_ids:
                row = [destination, audience, f"key of {one}", one, outcome, f"release {days}", moment]
                columns = "(destination, audience, customer_key, external_id, outcome, release_id, attempted_at)"
                connection.execute(f"INSERT INTO state.attempts {columns} VALUES ({', '.join('?' * len(row))})", row)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(state, "now", lambda: moment)
                log.export_attempts(connection, folder, destination)

    return run


def logged(folder):
    """External ids as the next release publishes them."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA ops")
        warehouse.expose_sync_log(connection, log_folder(folder))
        return [one for (one,) in connection.execute("SELECT external_id FROM ops.sync_log ORDER BY attempted_at, external_id").fetchall()]


def test_attempts_of_a_version_that_did_not_tell_clearings_from_writes_are_published_beside_newer_ones(folder, attempt):
    attempt("x1")
    (before,) = log_parts(folder)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE older AS SELECT * EXCLUDE (operation) FROM '{before}'; COPY older TO '{before}' (FORMAT parquet)")
        with state.opened(folder / "activation" / "crm.duckdb", writable=True) as kept:
            kept.execute("ALTER TABLE state.attempts DROP COLUMN operation")
    attempt("x2", days=1)
    assert logged(folder) == ["x1", "x2"]


def test_a_sync_writes_what_it_sent_and_touches_nothing_older(folder, attempt):
    attempt("x1", "x2")
    (before,) = log_parts(folder)
    written = before.stat().st_ino
    attempt("x1", destination="mails")
    attempt()
    assert (len(log_parts(folder)), before.stat().st_ino) == (2, written)
    assert logged(folder) == ["x1", "x2", "x1"]


def test_the_warehouse_shows_the_log_as_it_is_and_copies_nothing(folder, attempt):
    attempt("x1")
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA ops; CREATE TABLE ops.sync_log AS SELECT 'x0' AS external_id")  # as older versions had it
        warehouse.prepare(connection)
        warehouse.expose_sync_log(connection, log_folder(folder))
        attempt("x2", days=1)
        attempt(days=90)  # drops the first file: a sync by hand, after the view was made
        warehouse.prepare(connection)
        assert [row[3] for row in connection.execute("FROM ops.sync_log").fetchall()] == ["x2"]


def published(folder):
    """(external id, release, outcome) of what the next release holds, in the order of time."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA ops")
        warehouse.expose_sync_log(connection, log_folder(folder))
        told = "external_id, split_part(release_id, ' ', 2)::INTEGER, outcome"
        query = f"SELECT {told} FROM ops.sync_log ORDER BY attempted_at, destination, audience"
        return connection.execute(query).fetchall()


def test_a_release_holds_the_newest_week_and_the_last_word_before_it(folder, attempt):
    """That of ninety nights is nine million rows, which each release would copy to say again what the one before it said."""
    for day in (-40, -30, -8, -6, 0):
        attempt("always", days=day)
    attempt("refused", days=-50)
    attempt("refused", days=-25, outcome="rejected")
    attempt("refused", days=-20, outcome="rejected")
    attempt("gone", days=-60)
    attempt("gone", days=-60, audience="at_risk")
    attempt("gone", days=-61, destination="mails")
    assert published(folder) == [
        ("gone", -61, "acknowledged"),
        ("gone", -60, "acknowledged"),
        ("gone", -60, "acknowledged"),
        ("refused", -50, "acknowledged"),
        ("refused", -20, "rejected"),
        ("always", -8, "acknowledged"),
        *[("always", day, "acknowledged") for day in (-6, 0)],
    ]
    assert len(log_parts(folder)) == 11, "the history is whole where it lies"


def test_a_release_copies_what_is_published_of_the_log(folder, attempt, tmp_path):
    attempt("x1", days=-30)
    attempt("x2")
    path = tmp_path / "night.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA marts")
        warehouse.prepare(connection)
        warehouse.expose_sync_log(connection, log_folder(folder))
        connection.execute("CREATE VIEW marts.sync_log AS SELECT external_id FROM ops.sync_log")
    (tmp_path / "release").mkdir()
    assert copy_marts(path, tmp_path / "release", memory_gib=1, threads=1)["sync_log"]["rows"] == 2


def test_parts_of_older_versions_may_have_other_columns(folder, attempt):
    attempt("x1")
    (path,) = log_parts(folder)
    duckdb.execute(f"COPY (SELECT * EXCLUDE (code), 1 AS later FROM '{path}') TO '{path.with_name('0.parquet')}' (FORMAT parquet)")
    assert logged(folder) == ["x1", "x1"]
    forget(folder, set(), {"x1"}, lambda *_: None)
    assert logged(folder) == []


def test_what_is_older_than_ninety_days_is_dropped(folder, attempt):
    attempt("old", days=-90)
    attempt("young", days=-89)
    attempt()
    assert logged(folder) == ["young"]


@pytest.mark.parametrize("lost", ["after the file", "before the file"])
def test_a_crash_loses_nothing_and_repeats_nothing(folder, attempt, monkeypatch, lost):
    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*((state, "transaction", die) if lost == "after the file" else (log, "write_part", die)))
        with pytest.raises(KeyboardInterrupt):
            attempt("x1")
    assert logged(folder) == (["x1"] if lost == "after the file" else [])
    attempt("x2", days=-1)  # the clock was set back meanwhile
    assert logged(folder) == ["x2", "x1"]
    attempt("x3", days=1)
    assert logged(folder) == ["x2", "x1", "x3"]


@pytest.mark.parametrize("crashed", [False, True])
def test_an_erased_person_leaves_every_file_of_it(folder, attempt, monkeypatch, crashed):
    attempt("x1", "x2", days=-2)
    if crashed:
        monkeypatch.setattr(state, "transaction", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            attempt("x1", "x3", days=-1)
        monkeypatch.undo()
    attempt("x4", destination="mails")
    kept = log_parts(folder)[-1].stat().st_ino
    noted = []
    forget(folder, {"key of x1"}, set(), lambda path, rows, _: noted.append((path.parent.name, rows)))
    assert ("sync_log", 1) in noted
    attempt("x5", days=1)
    assert logged(folder) == ["x2", *(["x3"] if crashed else []), "x4", "x5"]
    assert kept in [path.stat().st_ino for path in log_parts(folder)], "what does not name them is not written anew"
    assert all(path.stat().st_mode & 0o077 == 0 for path in log_parts(folder))


def test_the_one_file_of_an_older_home_is_read_cleared_and_taken_over(folder, attempt):
    folder.mkdir()
    newest = datetime(2026, 2, 1, 3)
    rows = f"""SELECT 'crm' AS destination, 'scores' AS audience, 'key of ' || one AS customer_key, one AS external_id,
        'acknowledged' AS outcome, NULL::VARCHAR AS code, 'r1' AS release_id, TIMESTAMP '{newest}' AS attempted_at
        FROM (VALUES ('x1'), ('x2')) AS t(one)"""
    duckdb.execute(f"COPY ({rows}) TO '{folder}/sync_log.parquet' (FORMAT parquet)")
    assert logged(folder) == ["x1", "x2"], "a night before the next sync publishes it"
    forget(folder, set(), {"x1"}, lambda *_: None)
    assert logged(folder) == ["x2"]
    attempt("x3", days=(newest - state.now()).days + 80)
    assert logged(folder) == ["x2", "x3"]
    assert not (folder / "sync_log.parquet").exists()
    attempt(days=(newest - state.now()).days + 92)
    assert logged(folder) == ["x3"], "as old as its newest attempt"
