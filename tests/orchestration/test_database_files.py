"""A database file is whole under its name, or it is not there: a process that is killed while it makes one stops nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import warehouse
from orchestration.activation import state
from orchestration.database_files import make_whole


def test_what_was_begun_by_somebody_who_was_killed_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "any.duckdb"
    (tmp_path / "any.duckdb.new").write_bytes(b"half a head")
    (tmp_path / "any.duckdb.wal").write_bytes(b"changes to a file that is gone")
    make_whole(path)
    with duckdb.connect(str(path)) as connection:
        assert connection.sql("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
        (form,) = connection.sql("SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'any'").fetchone()
    assert form.startswith(f"v{duckdb.__version__.rpartition('.')[0]}.")
    assert sorted(tmp_path.iterdir()) == [path]


def test_what_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "any.duckdb").write_bytes(b"somebody's")
    make_whole(tmp_path / "any.duckdb")
    assert (tmp_path / "any.duckdb").read_bytes() == b"somebody's"


def test_a_kill_while_the_file_is_made_leaves_none_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = duckdb.connect

    def killed(path: str = ":memory:", **settings: Any) -> duckdb.DuckDBPyConnection:
        if path == ":memory:":
            return connect(path, **settings)
        Path(path).write_bytes(b"half a head")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("orchestration.database_files.duckdb.connect", killed)
        for open_it in (lambda: warehouse.connect(tmp_path / "w.duckdb"), lambda: state.opened(tmp_path / "s.duckdb", writable=True)):
            with pytest.raises(KeyboardInterrupt), open_it():
                pass
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["s.duckdb.new", "w.duckdb.new"]
    with warehouse.connect(tmp_path / "w.duckdb") as connection:
        warehouse.prepare(connection)
    with state.opened(tmp_path / "s.duckdb", writable=True) as connection:
        assert connection.sql("SELECT count(*) FROM state.salt").fetchall() == [(1,)]
