"""A release in PostgreSQL: all of it or the one before, grants kept, readers not held up for long."""

from __future__ import annotations

import threading
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration import releases
from orchestration.releases import Release
from orchestration.serving import Served, ServingError, postgres, views
from orchestration.serving.base import fingerprint
from tests.orchestration.serving.conftest import FIRST, published
from tests.postgres import server as server

dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
SECOND = FIRST.replace("range(1, 6)", "range(1, 4)").replace("'DE'", "'FR'")
OTHER_COLUMNS = FIRST.replace("AS country, (i", "AS land, (i").replace("[country,", "[land,")


def serve(home: Path, release: Release, url: str, **options: Any) -> Served:
    """`release` into the target, beside all that `home` keeps."""
    return postgres.serve(release, releases.listing(home), url, **options)


@pytest.fixture
def database(server: str) -> str:
    """An empty database of the server, for one test."""
    with dbapi.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS one_test WITH (FORCE)")
        cursor.execute("CREATE DATABASE one_test")
    return server.replace("/postgres?", "/one_test?")


def asked(url: str, query: str) -> list[tuple[Any, ...]]:
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def told(url: str, *statements: str) -> None:
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def _stopped(*_: object) -> None:
    raise KeyboardInterrupt


def schemas(url: str) -> list[str]:
    return [name for (name,) in asked(url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'marts%' ORDER BY 1")]


def test_every_value_arrives_and_personal_tables_stay_at_home(tmp_path: Path, database: str) -> None:
    release = published(tmp_path, FIRST)
    account = serve(tmp_path, release, database)
    assert (account.release_id, account.tables, account.rows, account.is_new) == (release.id, 2, 5, True)
    rows = asked(database, "SELECT customer_key, country, amount, first_seen_at, tags, is_active FROM marts.dim_customers ORDER BY 1")
    assert rows[1][:2] == ("c2", "DE")
    assert Decimal(rows[1][2]) == Decimal("2.5")
    assert rows[1][3:] == (datetime(2026, 1, 3), ["DE", "x"], False)
    assert asked(database, "SELECT * FROM marts.metric_mrr_movements") == []
    assert asked(database, "SELECT release_id, as_of_date::text FROM marts.release") == [(release.id, "2026-01-31")]
    assert asked(database, "SELECT viewname FROM pg_views WHERE schemaname = 'marts' ORDER BY 1") == [
        ("dim_customers",),
        ("metric_mrr_movements",),
        ("release",),
    ]


def test_comments_of_the_release_are_on_the_views_and_follow_it(tmp_path: Path, database: str) -> None:
    comments = (
        f"{FIRST} COMMENT ON TABLE marts.dim_customers IS 'Who they are'; COMMENT ON COLUMN marts.dim_customers.amount IS 'It''s dear';"
    )
    query = """SELECT a.attname::text, col_description(a.attrelid, a.attnum::int), obj_description(a.attrelid, 'pg_class')
        FROM pg_attribute AS a WHERE a.attrelid = 'marts.dim_customers'::regclass AND a.attname IN ('amount', 'country') ORDER BY 1"""
    serve(tmp_path, published(tmp_path, comments), database)
    assert asked(database, query) == [("amount", "It's dear", "Who they are"), ("country", None, "Who they are")]
    serve(
        tmp_path, published(tmp_path, comments.replace("COLUMN marts.dim_customers.amount", "COLUMN marts.dim_customers.country")), database
    )
    assert asked(database, query) == [("amount", None, "Who they are"), ("country", "It's dear", "Who they are")]


def test_personal_tables_are_served_when_the_company_says_so(tmp_path: Path, database: str) -> None:
    assert serve(tmp_path, published(tmp_path, FIRST), database, personal=True).tables == 4
    assert asked(database, "SELECT email FROM marts.sync_files__customer_scores") == [("ada@example.org",)]


def test_personal_tables_that_are_to_stay_at_home_again_are_kept_nowhere_and_grants_stay(tmp_path: Path, database: str) -> None:
    """The schema that the views led to was dropped to be made anew, and with it the views and whoever was granted them."""
    releases_of = published(tmp_path, FIRST), published(tmp_path, SECOND)
    for release in releases_of:
        serve(tmp_path, release, database, reader="looks_at_all", personal=True)
    try:
        for personal in (False, True, False):
            serve(tmp_path, releases_of[1], database, personal=personal)
            assert asked(database, "SELECT has_table_privilege('looks_at_all', 'marts.dim_customers', 'SELECT')") == [(True,)], personal
            there = asked(database, "SELECT DISTINCT tablename FROM pg_tables WHERE tablename LIKE 'sync_%'")
            assert there == ([("sync_files__customer_scores",)] if personal else [])
    finally:
        told(database, "DROP OWNED BY looks_at_all", "DROP ROLE looks_at_all")


def test_the_same_release_again_changes_nothing(tmp_path: Path, database: str) -> None:
    release = published(tmp_path, FIRST)
    serve(tmp_path, release, database)
    before = asked(database, "SELECT c.oid::bigint FROM pg_class AS c WHERE relname = 'dim_customers' AND relkind = 'r'")
    assert not serve(tmp_path, release, database).is_new
    assert asked(database, "SELECT c.oid::bigint FROM pg_class AS c WHERE relname = 'dim_customers' AND relkind = 'r'") == before


def test_grants_stay_when_a_release_follows_and_when_a_view_changes_its_columns(tmp_path: Path, database: str) -> None:
    serve(tmp_path, published(tmp_path, FIRST), database, reader="crm_reader")
    told(database, 'CREATE ROLE "BI tool"', 'GRANT SELECT ON marts.dim_customers TO "BI tool" WITH GRANT OPTION')
    try:
        for sql in (SECOND, OTHER_COLUMNS):
            serve(tmp_path, published(tmp_path, sql), database)
            for role in ("crm_reader", "BI tool"):
                assert asked(database, f"SELECT has_table_privilege('{role}', 'marts.dim_customers', 'SELECT')") == [(True,)]
            assert asked(database, "SELECT has_table_privilege('BI tool', 'marts.dim_customers', 'SELECT WITH GRANT OPTION')") == [(True,)]
            assert asked(database, "SELECT has_table_privilege('BI tool', 'marts.metric_mrr_movements', 'SELECT')") == [(False,)]
    finally:
        told(database, 'DROP OWNED BY "BI tool"', 'DROP ROLE "BI tool"', "DROP OWNED BY crm_reader", "DROP ROLE crm_reader")


def test_a_reader_may_look_and_not_touch(tmp_path: Path, database: str) -> None:
    serve(tmp_path, published(tmp_path, FIRST), database, reader="looks_only")
    try:
        with dbapi.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("SET ROLE looks_only")
            cursor.execute("SELECT count(*) FROM marts.dim_customers")
            assert cursor.fetchall() == [(5,)]
            with pytest.raises(dbapi.Error, match="permission denied"):
                cursor.execute("DELETE FROM marts.dim_customers")
    finally:
        told(database, "DROP OWNED BY looks_only", "DROP ROLE looks_only")


def test_a_table_that_a_release_no_longer_has_is_no_longer_seen(tmp_path: Path, database: str) -> None:
    serve(tmp_path, published(tmp_path, FIRST), database)
    serve(tmp_path, published(tmp_path, FIRST + "DROP TABLE marts.metric_mrr_movements;"), database)
    assert asked(database, "SELECT to_regclass('marts.metric_mrr_movements') IS NULL") == [(True,)]


def test_older_releases_stay_as_long_as_they_should_and_are_switched_back_to_without_staging(tmp_path: Path, database: str) -> None:
    one, two, three = (published(tmp_path, sql) for sql in (FIRST, SECOND, OTHER_COLUMNS))
    for release in (one, two, three):
        serve(tmp_path, release, database)
    assert schemas(database) == ["marts", *(f"marts__{one.id.lower()}_{fingerprint(one)}" for one in (two, three))]
    serve(tmp_path, two, database)
    assert asked(database, "SELECT release_id, (SELECT count(*) FROM marts.dim_customers) FROM marts.release") == [(two.id, 3)]


def test_readers_never_see_two_releases_in_one_transaction(tmp_path: Path, database: str) -> None:
    first, second = published(tmp_path, FIRST), published(tmp_path, SECOND)
    rows_of = {first.id: 5, second.id: 3}
    serve(tmp_path, first, database)
    seen: list[tuple[str, int]] = []
    failed: list[str] = []
    over = threading.Event()

    def read() -> None:
        both = "SELECT release_id, (SELECT count(*) FROM marts.dim_customers) FROM marts.release"
        with dbapi.connect(database, autocommit=True) as connection:
            while not over.is_set():
                try:
                    with connection.cursor() as cursor:
                        cursor.execute(both)
                        seen.extend(cursor.fetchall())
                except dbapi.Error as error:
                    failed.append(str(error))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for release in (second, first, second, first, second):
        serve(tmp_path, release, database)
    over.set()
    for reader in readers:
        reader.join()
    assert not failed
    assert {name for name, _ in seen} == set(rows_of)
    assert all(rows_of[name] == rows for name, rows in seen)


def test_a_reader_in_an_open_transaction_delays_the_switch_and_stops_nobody(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = published(tmp_path, FIRST), published(tmp_path, SECOND)
    serve(tmp_path, first, database)
    monkeypatch.setattr(postgres, "ATTEMPTS", 2)
    with dbapi.connect(database) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT count(*), pg_backend_pid() FROM marts.dim_customers")
        (_, pid), *_ = cursor.fetchall()
        with pytest.raises(ServingError, match=f"backend {pid}"):
            serve(tmp_path, second, database)
        assert asked(database, "SELECT release_id FROM marts.release") == [(first.id,)]
        timer = threading.Timer(1.5, holder.rollback)
        timer.start()
        monkeypatch.setattr(postgres, "ATTEMPTS", 24)
        serve(tmp_path, second, database)
        timer.join()
    assert asked(database, "SELECT release_id FROM marts.release") == [(second.id,)]


def test_a_stop_while_staging_leaves_what_was_served(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = published(tmp_path, FIRST), published(tmp_path, SECOND)
    serve(tmp_path, first, database)
    for place in ("_require_all", "_switched"):
        with monkeypatch.context() as patched:
            patched.setattr(postgres, place, _stopped)
            with pytest.raises(KeyboardInterrupt):
                serve(tmp_path, second, database)
        assert asked(database, "SELECT release_id, (SELECT count(*) FROM marts.dim_customers) FROM marts.release") == [(first.id, 5)]
    serve(tmp_path, second, database)
    assert asked(database, "SELECT release_id, (SELECT count(*) FROM marts.dim_customers) FROM marts.release") == [(second.id, 3)]


def test_a_table_of_somebody_else_is_not_replaced(tmp_path: Path, database: str) -> None:
    told(database, "CREATE SCHEMA marts", "CREATE TABLE marts.dim_customers (mine int)")
    with pytest.raises(ServingError, match=r"marts\.dim_customers is a table of somebody else's; choose another `schema`"):
        serve(tmp_path, published(tmp_path, FIRST), database)
    assert asked(database, "SELECT * FROM marts.dim_customers") == []


def test_no_server_is_one_line_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="no connection; check host") as told_of:
        serve(tmp_path, published(tmp_path, FIRST), "postgresql://rapport:s3cret@127.0.0.1:1/crm")
    assert "s3cret" not in str(told_of.value)


def test_the_columns_of_a_view_may_grow_in_place() -> None:
    said: list[str] = []

    class Cursor:
        def execute(self, statement: str) -> None:
            said.append(statement)

    views._replace(Cursor(), "v", "SELECT 1", [("a", "text")], [("a", "text"), ("b", "text")])
    assert said == ["CREATE OR REPLACE VIEW v AS SELECT 1"]


def test_what_somebody_was_erased_from_is_replaced_and_kept_nowhere(tmp_path: Path, database: str) -> None:
    older, release = published(tmp_path, FIRST), published(tmp_path, FIRST)
    for one in (older, release):
        serve(tmp_path, one, database)
    rewritten = published(tmp_path / "after", SECOND)
    content = {**rewritten.manifest, "release_id": release.id}
    account = postgres.serve(Release(rewritten.path, content), [Release(rewritten.path, content)], database)
    assert account.is_new
    assert asked(database, "SELECT release_id, (SELECT count(*) FROM marts.dim_customers) FROM marts.release") == [(release.id, 3)]
    assert schemas(database) == ["marts", f"marts__{release.id.lower()}_{fingerprint(rewritten)}"]
