"""Columns of a database: one that is gone, one that is new, another mapping; what PostgreSQL keeps and Python or UTF-8 has no place for."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orchestration.configuration.sources import SqlSource
from orchestration.sources import SourceError
from orchestration.sources.sql.databases import Database, _cursor
from orchestration.sources.sql.query import Asked
from tests.orchestration.sources.nights import Nights, landed
from tests.postgres import run
from tests.postgres import server as server

PEOPLE = """CREATE TABLE people (customer_id INTEGER, created_at TEXT, email TEXT, tel TEXT, changed TEXT, version INTEGER);
    INSERT INTO people VALUES (1, '2026-01-01', '1@x.org', '+49301', '2026-01-01 10:00:00', 7),
        (2, '2026-01-01', '2@x.org', '+49302', '2026-01-02 10:00:00', 8)"""
BY_TIME: dict[str, Any] = {"table": "people", "cursor": "changed"}


def settings(url: str, **table: Any) -> SqlSource:
    made = SqlSource.model_validate({"type": "sql", "url": "${URL}", "tables": {"crm_customers": table}})
    return made.model_copy(update={"url": url})


@pytest.fixture
def people(tmp_path: Path) -> tuple[Nights, Callable[[str], None]]:
    """Two people of SQLite who have landed, and a way to change them."""
    path = tmp_path / "shop.db"

    def change(sql: str) -> None:
        with closing(sqlite3.connect(path)) as database:
            database.executescript(sql)

    change(PEOPLE)
    nights = Nights(tmp_path, settings(f"sqlite:///{path}", **BY_TIME))
    assert landed(nights.night("crm_customers")) == {"crm_customers": 2}
    return nights, change


def told(nights: Nights, column: str) -> list[Any]:
    return [row.get(column) for _, row in sorted(nights.rows("crm_customers").items())]


@pytest.mark.parametrize("also", ["", "; UPDATE people SET changed = '2026-02-01 10:00:00'"])
def test_a_column_that_is_gone_takes_nothing_away_and_is_named(people: Any, also: str) -> None:
    """Read as nothing, every e-mail address would be gone from all that is built of it."""
    nights, change = people
    change(f"ALTER TABLE people RENAME email TO mail {also}")
    assert "people no longer has the column email that crm_customers was read from" in str(
        nights.night("crm_customers")["crm_customers"].error
    )
    assert told(nights, "email") == ["1@x.org", "2@x.org"]
    nights.settings = settings(nights.settings.url, **BY_TIME, columns={"email": None})
    assert landed(nights.night("crm_customers")) == {"crm_customers": 2}
    assert told(nights, "email") == [None, None]
    nights.settings = settings(nights.settings.url, **BY_TIME, columns={"email": "mail"})
    assert landed(nights.night("crm_customers")) == {"crm_customers": 2}
    assert told(nights, "email") == ["1@x.org", "2@x.org"]


def test_a_column_that_is_there_is_not_read_where_it_is_null(people: Any, tmp_path: Path) -> None:
    nights = Nights(tmp_path / "other", settings(people[0].settings.url, **BY_TIME, columns={"email": None, "phone": "tel"}))
    nights.night("crm_customers")
    assert (told(nights, "email"), told(nights, "phone")) == ([None, None], ["+49301", "+49302"])


def test_a_column_that_is_new_is_read_of_all_rows_at_once(people: Any) -> None:
    nights, change = people
    nights.settings = settings(nights.settings.url, **BY_TIME, columns={"phone": "tel"})
    assert landed(nights.night("crm_customers")) == {"crm_customers": 2}
    change("ALTER TABLE people ADD COLUMN country TEXT DEFAULT 'DE'")
    assert landed(nights.night("crm_customers")) == {"crm_customers": 2}
    assert (told(nights, "phone"), told(nights, "country")) == (["+49301", "+49302"], ["DE", "DE"])
    assert landed(nights.night("crm_customers")) == {}


def test_another_cursor_is_not_compared_with_the_last_one(people: Any) -> None:
    """2026-… is more than any number: nothing that changed would be read until all is."""
    nights, change = people
    change("UPDATE people SET email = 'new@x.org', version = 9 WHERE customer_id = 1")
    nights.settings = settings(nights.settings.url, table="people", cursor="version")
    assert landed(nights.night("crm_customers")) == {"crm_customers": 1}
    change("UPDATE people SET email = 'newer@x.org', version = 10 WHERE customer_id = 1")
    assert landed(nights.night("crm_customers")) == {"crm_customers": 1}
    assert told(nights, "email") == ["newer@x.org", "2@x.org"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:s3cret@127.0.0.1:s3cret/shop", "`url` is no address of a database"),
        ("mysql://me:s3cret@127.0.0.1:1/shop?s3cret=1", "`url` has an option behind its"),
    ],
)
def test_an_address_that_no_driver_understands_is_one_line_without_it(url: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        Database(url, 60).check()
    assert "s3cret" not in str(caught.value)


TABLE = """DROP TABLE IF EXISTS people; CREATE TABLE people AS SELECT n AS customer_id, '2026-01-01'::date AS created_at,
    n || '@x.org' AS email, '2026-01-01 10:00+00'::timestamptz AS changed, NULL::timestamp AS at, NULL::date AS day,
    NULL::numeric AS version
    FROM generate_series(1, 3) AS n"""


@pytest.mark.parametrize(
    ("column", "values", "later"),
    [
        ("changed", ["2026-01-01 10:00+00", "infinity", "20000-01-01"], "2026-01-02"),
        ("changed", ["-infinity", "4000-01-01 BC", "4000-01-01 BC"], "2026-01-02"),
        ("at", ["2026-01-01", "20000-01-01", "4000-01-01 BC"], "2026-01-02"),
        ("day", ["2026-01-01", "20000-01-01", "4000-01-01 BC"], "2026-01-02"),
        ("version", ["1.5", "NaN", "1e30"], "2"),
    ],
)
def test_a_cursor_that_python_has_no_place_for_hides_nothing(
    server: str, tmp_path: Path, column: str, values: list[str], later: str
) -> None:
    run(server, TABLE)
    for number, value in enumerate(values, 1):
        run(server, f"UPDATE people SET {column} = '{value}' WHERE customer_id = {number}")
    nights = Nights(tmp_path, settings(server, table="people", cursor=column, lag_minutes=0))
    assert landed(nights.night("crm_customers")) == {"crm_customers": 3}
    run(server, f"UPDATE people SET email = 'new@x.org', {column} = '{later}' WHERE customer_id = 1")
    assert landed(nights.night("crm_customers")) == {"crm_customers": 1}
    assert told(nights, "email")[0] == "new@x.org"


def test_a_column_of_the_system_is_no_cursor(server: str, tmp_path: Path) -> None:
    run(server, TABLE)
    load = Nights(tmp_path, settings(server, table="people", cursor="xmin")).night("crm_customers")["crm_customers"]
    assert "a column that the configuration names is not there" in (load.error or "")


def test_a_cursor_of_another_type_says_what_helps(server: str, tmp_path: Path) -> None:
    run(server, TABLE)
    nights = Nights(tmp_path, settings(server, table="people", cursor="changed"))
    nights.night("crm_customers")
    run(server, "ALTER TABLE people ALTER COLUMN changed TYPE bigint USING 5")
    assert "say `mode: full` for one night" in (nights.night("crm_customers")["crm_customers"].error or "")
    nights.settings = settings(server, table="people", cursor="changed", mode="full")
    nights.night("crm_customers")
    nights.settings = settings(server, table="people", cursor="changed")
    run(server, "UPDATE people SET email = 'new@x.org', changed = 6 WHERE customer_id = 1")
    assert landed(nights.night("crm_customers")) == {"crm_customers": 1}


def test_a_row_that_cannot_be_worked_out_is_no_lost_connection(server: str, tmp_path: Path) -> None:
    run(server, "CREATE OR REPLACE VIEW odd AS SELECT n AS customer_id, now() AS created_at, (1 / (n - 60000))::text AS email"
        " FROM generate_series(1, 90000) AS n")  # fmt: skip
    load = Nights(tmp_path, settings(server, table="odd")).night("crm_customers")["crm_customers"]
    assert "odd cannot be read: the database cannot work out one of its rows" in (load.error or "")


@pytest.mark.parametrize(
    ("encoding", "value", "expected"), [("LATIN1", "'J' || chr(246) || 'rg'", "Jörg"), ("SQL_ASCII", "E'J\\366rg'", "4af67267")]
)
def test_what_is_kept_in_another_encoding_lands_as_text(server: str, tmp_path: Path, encoding: str, value: str, expected: str) -> None:
    """Parquet takes bytes of any kind for text, and whoever reads it later is refused: landing could never be read again."""
    run(server, f"CREATE DATABASE {encoding} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    old = server.replace("@/postgres", f"@/{encoding.lower()}")
    run(old, f"{TABLE}; ALTER TABLE people ADD COLUMN full_name text; UPDATE people SET full_name = {value} WHERE customer_id = 1")
    nights = Nights(tmp_path, settings(f"{old}&client_encoding=LATIN1", table="people"))
    assert landed(nights.night("crm_customers")) == {"crm_customers": 3}
    assert told(nights, "full_name") == [expected, None, None]
    assert told(nights, "email") == ["1@x.org", "2@x.org", "3@x.org"]


def test_a_number_without_a_sign_may_be_a_cursor() -> None:
    assert _cursor([2**64 - 1, None, 5], Asked("people", {}, "version"))[0].as_py() == 2**64 - 1


def test_bytes_that_can_be_seen_only_in_part_are_no_text(tmp_path: Path) -> None:
    """An id is what can be seen of it: of numbers that are kept as bytes that is nothing, or what another one is."""
    ids = {"0000000000000001": "0000000000000001", "41000042": "41000042", "4142": "AB", "c3bc0a62": "ü\nb"}
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        rows = ", ".join(f"(x'{one}', '2026-01-01')" for one in ids)
        database.executescript(f"CREATE TABLE people (customer_id BLOB, created_at TEXT); INSERT INTO people VALUES {rows}")
    nights = Nights(tmp_path, settings(f"sqlite:///{tmp_path}/shop.db", table="people"))
    nights.night("crm_customers")
    assert sorted(nights.rows("crm_customers")) == sorted(ids.values())
