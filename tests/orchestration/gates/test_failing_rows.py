"""What a failed dbt test is shown with: the keys of what it found, nobody's address, and of missing values the column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from jinja2 import Environment

from orchestration import dbt
from orchestration.gates.failing_rows import examples

NEVER_MISSING = Path(__file__).parents[3] / "dbt_project" / "macros" / "tests" / "never_missing.sql"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        rows = "('o1', 'c1', 1), ('o2', NULL, NULL), ('o3', NULL, 3)"
        connection.execute(f"CREATE TABLE orders AS FROM (VALUES {rows}) AS t(order_id, payer, amount)")
        yield connection


def asked(*columns: str) -> str:
    body = re.sub(r"{% (test .*?|endtest) %}", "", NEVER_MISSING.read_text(encoding="utf-8"))
    return Environment().from_string(body).render(model="orders", columns=columns, config=lambda **_: "")


def test_each_column_that_is_missing_somewhere_is_told_with_its_rows(connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.sql(asked("order_id", "payer", "amount")).fetchall() == [("payer", 2), ("amount", 1)]
    assert connection.sql(asked("order_id")).fetchall() == []
    assert examples(connection, asked("order_id", "payer")) == ["column_name payer | n_rows 2"]


def test_keys_are_shown_and_what_is_no_key_is_not(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE people AS SELECT 'c' || i AS customer_id, 'ann@example.org' AS contact FROM range(12) AS t(i)")
    shown = examples(connection, "SELECT customer_id, contact FROM people")
    assert len(shown) == 10
    assert shown[:2] == ["customer_id c0", "customer_id c1"]
    assert examples(connection, "SELECT contact FROM people") == []


def test_keys_that_are_addresses_or_numbers_are_masked(connection: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT 'bob@example.org' AS source_customer_id, 3 AS n_rows UNION ALL SELECT '+49 171 2345678', 4"
    assert examples(connection, query) == ["source_customer_id +… | n_rows 4", "source_customer_id b…@… | n_rows 3"]


def test_what_a_test_advises_is_shown_alone(connection: duckdb.DuckDBPyConnection) -> None:
    assert examples(connection, "SELECT 'EUR' AS currency, 'needs a rate for EUR' AS advice") == ["needs a rate for EUR"]


def test_what_says_why_comes_before_what_came_of_it() -> None:
    symptom = dbt.NodeResult("test.rapport.never_missing_orders.1a", "fail", "", 2, 0.1)
    cause = dbt.NodeResult("test.rapport.assert_needed_rates_are_known", "fail", "", 1, 0.1)
    told = dbt.refusals([symptom, cause], {cause.unique_id: ["needs a rate for EUR"]})
    assert told == ["assert_needed_rates_are_known: 1 row (needs a rate for EUR)", "never_missing_orders: 2 rows"]


def test_a_refusal_names_the_test_and_the_first_rows_it_found() -> None:
    failed = dbt.NodeResult("test.rapport.never_missing_orders.1a", "fail", "", 2, 0.1, "SELECT 1")
    warned = dbt.NodeResult("test.rapport.holds_orders.2b", "warn", "", 2, 0.1, "SELECT 1")
    nodes = [failed, warned]
    found = {failed.unique_id: ["column_name payer | n_rows 1", "column_name day | n_rows 1"]}
    assert dbt.refusals(nodes, found) == ["never_missing_orders: 2 rows (column_name payer | n_rows 1; column_name day | n_rows 1)"]
    assert dbt.failed_checks(nodes) == nodes
    rows = dbt.check_rows(nodes, {"nodes": {}, "unit_tests": {}}, "dbt", (), {warned.unique_id: ["x"]})
    assert {row["expectation"]: row["examples"] for row in rows} == {"never missing orders": [], "holds orders": ["x"]}
