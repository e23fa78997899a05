"""Databases: types, cursors, deletes, and a PostgreSQL server of the tests' own."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.configuration.sources import SqlSource
from orchestration.sources import SourceError
from orchestration.sources.sql import Sql, in_time
from orchestration.sources.sql.databases import Database
from orchestration.sources.sql.postgres import Postgres
from orchestration.sources.sql.query import Asked, earlier
from tests.orchestration.sources.nights import Nights, landed
from tests.postgres import run
from tests.postgres import server as server

TYPES = """
CREATE SCHEMA shop;
CREATE TABLE shop.payments (id uuid PRIMARY KEY, who bigint, kind varchar(20), how text, at timestamptz, amount numeric(12, 2),
    money text, tags text[], extra jsonb, changed timestamptz);
INSERT INTO shop.payments SELECT ('00000000-0000-0000-0000-0000000000' || lpad(n::text, 2, '0'))::uuid, n, 'payment', 'succeeded',
    '2026-01-01 10:00+02', n + 0.25, 'EUR', '{a,b}', '{"x": 1}', '2026-01-01 10:00+00'::timestamptz + n * interval '1 day'
    FROM generate_series(1, 5) AS n;
"""
COLUMNS = {"payment_id": "id", "billing_customer_id": "who", "status": "how", "occurred_at": "at", "currency": "money", "notes": "extra"}


def _settings(url: str, **options: Any) -> SqlSource:
    table = {"table": "shop.payments", "columns": COLUMNS, "cursor": "changed", **options}
    made = SqlSource(type="sql", url="${URL}", tables={"billing_payments": table})  # type: ignore[arg-type]
    return made.model_copy(update={"url": url})


@pytest.fixture
def shop(server: str) -> Callable[[str], None]:
    run(server, "DROP SCHEMA IF EXISTS shop CASCADE")
    run(server, TYPES)
    return lambda sql: run(server, sql)


def test_every_type_of_postgresql_comes_over(server: str, shop: Callable[[str], None], tmp_path: Path) -> None:
    nights = Nights(tmp_path, _settings(server.replace("postgresql://", "postgresql+psycopg://")))
    assert landed(nights.night("billing_payments")) == {"billing_payments": 5}
    assert Sql.from_settings(nights.settings).extent("billing_payments")[0] == 5
    row = nights.rows("billing_payments")["00000000-0000-0000-0000-000000000003"]
    assert (row["amount"], row["occurred_at"], row["billing_customer_id"]) == (Decimal("3.25"), datetime(2026, 1, 1, 8), "3")
    assert row["notes"] == '{"x": 1}'
    assert "tags" not in row


def test_only_what_changed_is_read_and_what_was_deleted_is_found_by_a_full_reading(
    server: str, shop: Callable[[str], None], tmp_path: Path
) -> None:
    nights = Nights(tmp_path, _settings(server))
    nights.night("billing_payments")
    assert landed(nights.night("billing_payments")) == {}
    # A transaction that was open last night: its row is older than the newest cursor seen, and without a cursor one never knows.
    shop("UPDATE shop.payments SET how = 'failed', changed = '2026-01-06 09:30+00' WHERE who = 2")
    shop("UPDATE shop.payments SET how = 'pending', changed = NULL WHERE who = 3")
    shop("DELETE FROM shop.payments WHERE who = 1")
    assert landed(nights.night("billing_payments")) == {"billing_payments": 2}
    assert sorted(row["status"] for row in nights.rows("billing_payments").values()) == ["failed", "pending", *["succeeded"] * 3]
    nights.settings = _settings(server, mode="full")
    assert landed(nights.night("billing_payments")) == {"billing_payments": 1}
    assert len(nights.rows("billing_payments")) == 4


def test_a_name_with_a_percent_sign_and_a_cursor_of_any_length(server: str, shop: Callable[[str], None], tmp_path: Path) -> None:
    shop('ALTER TABLE shop.payments RENAME COLUMN how TO "how, in %"')
    shop("ALTER TABLE shop.payments ADD COLUMN version numeric(30, 2); UPDATE shop.payments SET version = who * 9.5")
    columns = {**COLUMNS, "status": "how, in %"}
    nights = Nights(tmp_path, _settings(server, columns=columns, cursor="version", lag_minutes=0))
    assert landed(nights.night("billing_payments")) == {"billing_payments": 5}
    shop("UPDATE shop.payments SET version = 100.75, money = 'USD' WHERE who = 2; UPDATE shop.payments SET money = 'CHF' WHERE who = 1")
    assert landed(nights.night("billing_payments")) == {"billing_payments": 1}


def test_a_row_ahead_of_our_clock_hides_no_other(server: str, shop: Callable[[str], None], tmp_path: Path) -> None:
    shop("UPDATE shop.payments SET changed = '2100-01-01' WHERE who = 5")
    nights = Nights(tmp_path, _settings(server))
    nights.night("billing_payments")
    shop("UPDATE shop.payments SET how = 'failed', changed = now() WHERE who = 2")
    assert landed(nights.night("billing_payments")) == {"billing_payments": 1}


def test_a_cursor_may_be_a_day_and_money_is_what_it_says(server: str, shop: Callable[[str], None], tmp_path: Path) -> None:
    shop("""DROP SCHEMA IF EXISTS "shop.old" CASCADE; CREATE SCHEMA "shop.old";
        CREATE TABLE "shop.old"."Payments" AS SELECT *, changed::date AS day, amount::money AS paid FROM shop.payments;
        UPDATE "shop.old"."Payments" SET day = 'infinity' WHERE who = 5; UPDATE "shop.old"."Payments" SET day = NULL WHERE who = 4""")
    columns = {**COLUMNS, "amount": "paid", "until": "day"}
    nights = Nights(tmp_path, _settings(server, table="shop.old.Payments", columns=columns, cursor="day"))
    nights.night("billing_payments")
    assert {row["billing_customer_id"]: row["amount"] for row in nights.rows("billing_payments").values()}["2"] == Decimal("2.25")
    told = {row["billing_customer_id"]: row.get("until") for row in nights.rows("billing_payments").values()}
    assert (told["3"], told["5"]) == ("2026-01-04", None)  # a day that never comes is none
    shop("""UPDATE "shop.old"."Payments" SET how = 'failed', day = '2026-01-05' WHERE who = 2""")
    assert landed(nights.night("billing_payments")) == {"billing_payments": 1}


@pytest.mark.parametrize(("of_the_url", "of_the_source"), [(400, 120), (0, 0.4 / 60)])
def test_a_query_that_is_stopped_among_its_rows_is_one_line_about_its_table(
    server: str, shop: Callable[[str], None], tmp_path: Path, of_the_url: int, of_the_source: float
) -> None:
    shop("""CREATE VIEW shop.slow AS SELECT 'c' || n AS customer_id, now() AS created_at,
        CASE WHEN n > 60000 THEN pg_sleep(0.05)::text END AS full_name FROM generate_series(1, 100000) AS n""")
    url = f"{server}{'&' if '?' in server else '?'}options=-c%20statement_timeout%3D{of_the_url}"
    tables: Any = {"crm_customers": {"table": "shop.slow"}, "billing_payments": {"table": "shop.payments", "columns": COLUMNS}}
    settings = SqlSource(type="sql", url="${URL}", tables=tables).model_copy(update={"url": url, "timeout_minutes": of_the_source})
    loads = Nights(tmp_path, settings).night(*tables)
    assert "shop.slow cannot be read: the database stopped the query because it took too long" in (loads["crm_customers"].error or "")
    assert landed(loads) == {"billing_payments": 5}


def test_a_server_that_is_frozen_among_its_rows_ends_its_table_and_no_other(
    server: str, shop: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its limit is its own to keep, and its machine still answers for it: only who waits can notice."""
    monkeypatch.setattr(in_time, "LONGER", 0.0)
    frozen: list[int] = []
    batches = Postgres.batches

    def freezing(self: Postgres, asked: Asked) -> Iterator[Any]:
        for batch in batches(self, asked):
            if asked.table == "shop.many" and not frozen:
                frozen.extend(_asked_for(server, "shop.many"))
                os.kill(frozen[0], signal.SIGSTOP)
            yield batch

    monkeypatch.setattr(Postgres, "batches", freezing)
    shop(
        "CREATE VIEW shop.many AS SELECT 'c' || n AS customer_id, now() AS created_at, repeat('x', 99) AS full_name"
        " FROM generate_series(1, 1000000) AS n"
    )
    tables: Any = {"crm_customers": {"table": "shop.many"}, "billing_payments": {"table": "shop.payments", "columns": COLUMNS}}
    settings = SqlSource(type="sql", url="${URL}", tables=tables).model_copy(update={"url": server, "timeout_minutes": 5 / 60})
    try:
        loads = Nights(tmp_path, settings).night(*tables)
    finally:
        for process in frozen:
            os.kill(process, signal.SIGCONT)
    assert "shop.many cannot be read: nothing has come for 5 s, as if the server were frozen" in (loads["crm_customers"].error or "")
    assert landed(loads) == {"billing_payments": 5}


def _asked_for(url: str, table: str) -> list[int]:
    """The processes of the server that read `table`."""
    from adbc_driver_postgresql import dbapi

    query = f"SELECT pid FROM pg_stat_activity WHERE position('{table}' IN query) > 0 AND pid <> pg_backend_pid()"
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return [pid for (pid,) in cursor.fetchall()]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table": "shop.nothing"}, "there is no such table"),
        ({"cursor": "nothing"}, "a column that the configuration names is not there"),
        ({"columns": {}}, "shop.payments has no column for payment_id, billing_customer_id, status, occurred_at, currency"),
    ],
)
def test_a_wrong_name_is_one_line(server: str, shop: Callable[[str], None], tmp_path: Path, change: dict[str, Any], said: str) -> None:
    load = Nights(tmp_path, _settings(server, **change)).night("billing_payments")["billing_payments"]
    assert said in (load.error or "")


def test_a_wrong_address_is_one_line_without_the_password(tmp_path: Path) -> None:
    from orchestration.sources import SourceError

    for url in ("postgresql://me:s3cret@127.0.0.1:1/shop", "mysql+pymysql://me:s3cret@127.0.0.1:1/shop", "s3cret"):
        with pytest.raises(SourceError) as caught:
            Nights(tmp_path, _settings(url)).night("billing_payments")
        assert "s3cret" not in str(caught.value)
        assert ("nobody answers at this address" in str(caught.value)) == (url != "s3cret")
        assert "\n" not in str(caught.value)


def test_times_that_are_texts_are_compared_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    people = "CREATE TABLE people (customer_id INTEGER, created_at TEXT, email TEXT, changed TEXT)"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(people)
        connection.executemany(
            "INSERT INTO people VALUES (?, '2026-01-01', ?, ?)", [(n, f"{n}@x.org", f"2026-01-0{n}T10:00:00Z") for n in (1, 2)]
        )
    table = {"table": "people", "cursor": "changed"}
    settings = SqlSource(type="sql", url="${URL}", tables={"crm_customers": table})  # type: ignore[dict-item]
    nights = Nights(tmp_path, settings.model_copy(update={"url": f"sqlite:///{path}"}))
    assert landed(nights.night("crm_customers")) == {"crm_customers": 2}
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE people SET email = 'new@x.org', changed = '2026-01-02T09:30:00Z' WHERE customer_id = 1")
        connection.execute("UPDATE people SET email = 'old@x.org', changed = '2026-01-01T08:30:00Z' WHERE customer_id = 2")
    assert landed(nights.night("crm_customers")) == {"crm_customers": 1}


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        ("2026-01-02T10:00:00Z", "2026-01-02T09:00:00"),
        ("2026-01-02 10:00:00.5", "2026-01-02 09:00:00"),
        ("2026-01-02 10:00:00+02:00", "2026-01-02 09:00:00+02:00"),
        ("20260102", "20260102"),
        ("12.5", "12.5"),
    ],
)
def test_the_lag_is_taken_off_times_alone(cursor: str, expected: str) -> None:
    assert earlier(cursor, timedelta(hours=1)) == expected


def test_sqlite_has_a_limit_and_says_what_is_wrong(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS customer_id FROM n"
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.executescript(f"CREATE TABLE people (customer_id); CREATE VIEW endless AS {endless}")
    (tmp_path / "no.db").write_text("customer_id\n1\n" * 100)
    for file, table, said in (
        ("shop.db", "endless", "the database stopped the query because it took too long"),
        ("shop.db", "nothing", "there is no such table"),
        ("no.db", "people", "the file is no database of SQLite"),
        ("no/such.db", "people", "there is no such file"),
    ):
        with pytest.raises(SourceError, match=said):
            list(Database(f"sqlite:///{tmp_path}/{file}", 0.2).batches(Asked(table, {"customer_id": "customer_id"})))


def _read_in_turn(folder: Path, *nights: tuple[tuple[int, Any], ...]) -> list[list[str]]:
    """The ids that each night reads of a view of SQLite, whose columns have no type; a night begins with new rows of (id, cursor)."""
    with closing(sqlite3.connect(folder / "shop.db")) as database:
        database.executescript('CREATE TABLE "order" (id, changed); CREATE VIEW latest AS SELECT id, +changed AS changed FROM "order"')
        reader, since, told = Database(f"sqlite:///{folder}/shop.db", 60), None, []
        for rows in nights:
            database.executemany('INSERT INTO "order" VALUES (?, ?)', rows)
            database.commit()
            batches = list(reader.batches(Asked("latest", {"customer_id": "id"}, "changed", since)))
            told.append(sorted(batch["customer_id"][place].as_py() for batch in batches for place in range(len(batch))))
            since = earlier(str(max(one for rows_ in nights[: len(told)] for _, one in rows_)), timedelta(minutes=60))
    return told


def test_a_number_of_a_view_of_sqlite_is_not_compared_as_text(tmp_path: Path) -> None:
    """Text is more than any number there: nothing that changed would be read until all is."""
    assert _read_in_turn(tmp_path, ((1, 8), (2, 9)), ((3, 10), (4, 9)), ((5, 100),)) == [["1", "2"], ["2", "3", "4"], ["3", "5"]]


def test_times_of_sqlite_may_be_written_in_two_ways(tmp_path: Path) -> None:
    """With a blank by CURRENT_TIMESTAMP, with a T by a program: as texts the second of a day sorts behind every first of it."""
    first, second = ((1, "2026-01-01 09:00:00"), (2, "2026-01-02T10:00:00Z")), ((3, "2026-01-02 23:00:00"),)
    assert _read_in_turn(tmp_path, first, second) == [["1", "2"], ["2", "3"]]


def test_a_cursor_of_numbers_and_texts_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="latest cannot be read by what changed: changed holds numbers and texts"):
        _read_in_turn(tmp_path, ((1, 8), (2, "9")))


def test_a_row_without_a_key_lands_once(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        shop.execute("CREATE TABLE people (id INTEGER, joined TEXT, changed TEXT)")
        shop.execute("INSERT INTO people VALUES (NULL, '2026-01-01', '2026-01-02'), (1, '2026-01-01', '2026-01-02')")
        shop.commit()
    columns = {"customer_id": "id", "created_at": "joined", "updated_at": "changed"}
    tables: Any = {"crm_customers": {"table": "people", "columns": columns, "cursor": "changed"}}
    settings = SqlSource(type="sql", url="${URL}", tables=tables).model_copy(update={"url": f"sqlite:///{tmp_path}/shop.db"})
    nights = Nights(tmp_path, settings)
    assert landed(nights.night("crm_customers")) == {"crm_customers": 2}
    assert landed(nights.night("crm_customers")) == {}  # it is read again, as all are that changed last
