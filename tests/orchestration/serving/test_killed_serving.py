"""`serve` into PostgreSQL that is killed before a statement, any of them: readers see one release, and the next `serve` ends it."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestration import releases
from orchestration.serving import postgres
from orchestration.serving.base import fingerprint
from tests.asked import process_of
from tests.long_tests import ARE_WANTED
from tests.orchestration.serving.conftest import FIRST, published
from tests.postgres import server as server

dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
pytestmark = pytest.mark.thorough

# Other rows and other columns: views of the latter are made anew, and their grants given again.
SECOND = FIRST.replace("range(1, 6)", "range(1, 4)").replace("AS country, (i", "AS land, (i").replace("[country,", "[land,")
# A process that has imported the driver; each `serve` that is to be killed before its n-th statement is a fork of that.
SERVES = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from adbc_driver_postgresql import dbapi
from orchestration import releases
from orchestration.serving import postgres

def counted(said):
    def call(*arguments, **options):
        if next(calls) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return said(*arguments, **options)
    return call

for owner, name in ((dbapi.Cursor, "execute"), (dbapi.Cursor, "adbc_ingest"), (dbapi.Connection, "commit")):
    setattr(owner, name, counted(getattr(owner, name)))
for asked in sys.stdin:
    home, url, last = eval(asked)
    serving = os.fork()
    if not serving:
        calls = iter(range(1, 10000))
        postgres.serve(releases.current(home), releases.listing(home), url, reader="looks_on")
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(serving, 0)[1]), flush=True)
"""
SEEN = "SELECT release_id, (SELECT count(*) FROM marts.dim_customers), (SELECT tables_in FROM marts.release) FROM marts.release"


@pytest.fixture(scope="module")
def serves() -> Iterator[subprocess.Popen[str]]:
    script = SERVES.format(root=str(Path(postgres.__file__).parents[2]))
    with process_of(script) as process:
        yield process


def asked(url: str, query: str) -> list[tuple[Any, ...]]:
    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def read_meanwhile(url: str) -> Iterator[set[tuple[Any, ...]]]:
    """What a reader who asks again and again has seen; an error of its own is seen as well."""
    seen: set[tuple[Any, ...]] = set()
    over = threading.Event()

    def read() -> None:
        with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
            while not over.wait(0.01):
                try:
                    cursor.execute(SEEN)
                    seen.update(cursor.fetchall())
                except dbapi.Error as error:
                    seen.add((str(error),))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        over.set()
        reader.join()


def test_killed_before_any_statement_readers_see_one_release_and_the_next_serve_ends_it(
    tmp_path: Path, server: str, serves: subprocess.Popen[str]
) -> None:
    assert serves.stdout is not None
    first = published(tmp_path, FIRST)
    postgres.serve(first, releases.listing(tmp_path), server, reader="looks_on")
    asked(server, 'CREATE ROLE "BI tool"')
    asked(server, 'GRANT SELECT ON marts.dim_customers TO "BI tool" WITH GRANT OPTION')
    second = published(tmp_path, SECOND)
    places = {one.id: f"marts__{one.id.lower()}_{fingerprint(one)}" for one in (first, second)}
    statement, code = 0, -signal.SIGKILL
    with read_meanwhile(server) as seen:
        while code == -signal.SIGKILL:
            if statement:  # from the same beginning each time, be it that what was staged whole is kept
                postgres.serve(first, releases.listing(tmp_path), server, reader="looks_on")
                asked(server, f'DROP SCHEMA IF EXISTS "{places[second.id]}" CASCADE')
            statement += 1 if ARE_WANTED else 5  # each takes its second
            print((str(tmp_path), server, statement), file=serves.stdin, flush=True)
            code = int(serves.stdout.readline())
            held = asked(server, "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'marts__')")
            assert {name for (name,) in held} <= set(places.values()), statement
            (row,) = asked(server, SEEN)
            assert row in {(first.id, 5, places[first.id]), (second.id, 3, places[second.id])}, statement
    assert code == 0
    assert statement > 40
    assert seen == {(first.id, 5, places[first.id]), (second.id, 3, places[second.id])}
    for role in ("looks_on", "BI tool"):
        assert asked(server, f"SELECT has_table_privilege('{role}', 'marts.dim_customers', 'SELECT')") == [(True,)], role
    assert asked(server, "SELECT has_table_privilege('BI tool', 'marts.dim_customers', 'SELECT WITH GRANT OPTION')") == [(True,)]
    third = published(tmp_path, FIRST)
    postgres.serve(third, releases.listing(tmp_path), server, reader="looks_on")
    held = asked(server, "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'marts__') ORDER BY 1")
    assert [name for (name,) in held] == [places[second.id], f"marts__{third.id.lower()}_{fingerprint(third)}"]
