"""What DuckDB says of a value that it broke at is told without the value, whatever stands in it and whatever was asked of it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt_common.exceptions import DbtRuntimeError

from orchestration.dbt_process import quote_no_values
from orchestration.sql_errors import without_values

VALUES = [
    "canary@example.org",
    "Canary Lee",
    "O'Canary",
    "Canary, to y",
    "Canary\nLINE 1: 'canary",
    "491705551234",
    'say "canary"',
    "canary(",
]
WANTED = ["INTEGER", "DATE", "TIMESTAMP", "DECIMAL(4, 2)", "BOOLEAN", "JSON", "INTEGER[]", "STRUCT(a INTEGER)"]
ASKED = [
    *(f"CAST(text AS {wanted})" for wanted in WANTED),
    *("strptime(text, '%Y')", "error(text)", "json_extract(text, '$.a')", "regexp_matches('a', text || '[')", "unhex(text)"),
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("asked", ASKED)
def test_no_value_is_told(connection: duckdb.DuckDBPyConnection, value: str, asked: str) -> None:
    connection.execute("CREATE TABLE landed AS SELECT ? AS text", [value])
    try:
        connection.execute(f"SELECT {asked} FROM landed").fetchall()
    except duckdb.Error as error:
        told = without_values(str(error)).lower()
        assert "canary" not in told
        assert "4917" not in told
        assert told.startswith(("conversion error", "invalid input error"))
    else:
        assert value == "491705551234" or asked == "error(text)" or "regexp" not in asked


@pytest.mark.parametrize("wanted", WANTED)
def test_what_it_should_have_become_is_told(connection: duckdb.DuckDBPyConnection, wanted: str) -> None:
    connection.execute("CREATE TABLE landed AS SELECT 'Canary' AS text")
    with pytest.raises(duckdb.Error) as error:
        connection.execute(f"SELECT CAST(text AS {wanted}) FROM landed")
    told = without_values(str(error.value))
    assert wanted.split("(")[0][:3] in told.upper()
    assert told.endswith("source column text")


def test_keys_and_sums_are_not_told(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE people (email VARCHAR PRIMARY KEY, phone BIGINT)")
    connection.execute("INSERT INTO people VALUES ('canary', 491705551234)")
    said = {
        "INSERT INTO people VALUES ('canary', 1)": "Constraint Error",
        "SELECT phone * phone FROM people": "Out of Range Error: Overflow",
    }
    for query, kind in said.items():
        with pytest.raises(duckdb.Error) as error:
            connection.execute(query).fetchall()
        told = without_values(str(error.value))
        assert told.startswith(kind)
        assert "canary" not in told
        assert "4917" not in told


def test_dbt_writes_no_value_down(connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaves this handler is what stands on its screen, in its log and in `run_results.json`."""
    monkeypatch.setattr(DuckDBConnectionManager, "exception_handler", DuckDBConnectionManager.exception_handler)
    quote_no_values()
    manager: Any = SimpleNamespace(rollback_if_open=lambda: None)
    query = "SELECT CAST('Canary Lee' AS INTEGER)"
    with pytest.raises(DbtRuntimeError) as told, DuckDBConnectionManager.exception_handler(manager, query):
        connection.execute(query).fetchall()
    written = "".join(traceback.format_exception(told.value))
    assert "Conversion Error: Could not convert string '…' to INT32" in written
    assert "string 'Canary" not in written
    with pytest.raises(DbtRuntimeError, match="of dbt's own"), DuckDBConnectionManager.exception_handler(manager, query):
        raise DbtRuntimeError("of dbt's own")


def test_what_is_wrong_with_a_query_is_told_whole(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error) as error:
        connection.execute("SELECT nope FROM (SELECT 1 AS there)")
    assert without_values(str(error.value)) == str(error.value)
    assert "nope" in str(error.value)
