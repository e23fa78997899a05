"""Calls, tickets and consents of a system that has no customers of its own are those of the one CRM that has the id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

import duckdb
import harness
import pytest
from harness import CURRENCIES
from nights import Nights

from orchestration import dbt
from orchestration.contract import INPUT_TABLES
from orchestration.gates import quarantine

AS_OF = date(2025, 6, 30)
WHEN = datetime(2025, 6, 2)


def person(source: str, customer: str) -> dict[str, object]:
    return {"_source": source, "customer_id": customer, "created_at": datetime(2025, 1, 1)}


def call(source: str, number: str, customer: str) -> dict[str, object]:
    said = {"interaction_id": number, "customer_id": customer, "occurred_at": WHEN, "channel": "phone", "kind": "call"}
    return said | {"_source": source}


TABLES = {
    "crm_customers": [person("north", "a"), person("north", "b"), person("south", "b")],
    "crm_interactions": [
        call("phone", "1", "a"), call("phone", "2", "b"), call("phone", "3", "nobody"), call("south", "4", "a"), call("north", "1", "b"),
    ],
    "crm_tickets": [{"_source": "desk", "ticket_id": "t", "customer_id": "a", "opened_at": WHEN, "status": "open"}],
}  # fmt: skip


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with harness.empty_warehouse() as connection:
        harness.land(connection, TABLES)
        _note_what_has_landed(connection)
        yield connection


def set_aside(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    return set(connection.execute("SELECT source, row_key, rule FROM ops.quarantined_rows").fetchall())


def test_whoever_is_meant_by_one_crm_alone_is_found(warehouse: duckdb.DuckDBPyConnection) -> None:
    models = ["int_interactions_daily", "fct_tickets", "customer_identities", "int_external_ids", "dim_customer_key_redirects"]
    harness.project("contractual").build(warehouse, models, AS_OF)
    # `b` may be either, `nobody` is nobody, and south has customers of its own, among whom there is no `a`
    assert set_aside(warehouse) == {("phone", "2", "orphan"), ("phone", "3", "orphan"), ("south", "4", "orphan")}
    keys = dict(warehouse.execute("SELECT source || '/' || source_customer_id, customer_key FROM marts.customer_identities").fetchall())
    assert set(keys) == {"north/a", "north/b", "south/b"}
    daily = warehouse.execute("SELECT source_name, customer_key FROM intermediate.int_interactions_daily").fetchall()
    assert set(daily) == {("phone", keys["north/a"]), ("north", keys["north/b"])}
    assert warehouse.execute("SELECT customer_key FROM marts.fct_tickets").fetchall() == [(keys["north/a"],)]
    assert warehouse.execute("SELECT source_name FROM intermediate.int_external_ids WHERE external_id = 'a'").fetchall() == [("north",)]
    assert warehouse.execute("FROM marts.dim_customer_key_redirects").fetchall() == []


def test_an_id_that_a_second_crm_comes_to_have_waits_from_then_on(warehouse: duckdb.DuckDBPyConnection) -> None:
    night = {"as_of": AS_OF, "max_amount": 1e8, "currencies": CURRENCIES}
    quarantine.examine(warehouse, **night)
    assert ("phone", "1", "orphan") not in set_aside(warehouse)
    columns = harness._landed_columns("crm_customers", [{"_row_number": 9} | person("south", "a")]).replace("'1' AS", "'2' AS")
    row = "SELECT 9 AS _row_number, 'south' AS _source, 'a' AS customer_id, TIMESTAMP '2025-01-01' AS created_at"
    warehouse.execute(f"INSERT INTO landing.crm_customers SELECT {columns} FROM ({row})")
    quarantine.examine(warehouse, **night)
    assert set_aside(warehouse) == {
        ("phone", "1", "orphan"), ("phone", "2", "orphan"), ("phone", "3", "orphan"), ("desk", "t", "orphan"),
    }  # fmt: skip


def test_a_continued_night_is_the_one_built_anew() -> None:
    """A merge moves a guest's calls, and a second CRM takes the id from them."""
    born = {"created_at": datetime(2025, 1, 1)}
    loads = [
        {
            "crm_customers": [person("north", "a"), person("north", "b")],
            "crm_interactions": [call("phone", "1", "a"), call("phone", "2", "b")],
        },
        {"crm_customers": [person("north", "b") | {"merged_into_customer_id": "a", "updated_at": datetime(2025, 6, 20)}]},
        {"crm_customers": [person("south", "a")], "crm_interactions": [call("phone", "3", "b")]},
    ]  # fmt: skip
    models = ["int_interactions_daily", "metric_engagement_monthly", "int_customer_features"]
    continued, anew = Nights.of(business_model="contractual"), Nights.of(business_model="contractual")
    for number, load in enumerate(loads):
        for nights in (continued, anew):
            nights.land(number, {table: [(born | row, False) for row in rows] for table, rows in load.items()})
            _note_what_has_landed(nights.connection)
            nights.night(date(2025, 6, 21 + number), models, anew=nights is anew)
        for model in models:
            assert continued.differences(anew, model) == [], (number, model)
    assert [build is not None for build in continued.builds] == [False, True, True]


def _note_what_has_landed(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM ops.source_freshness")
    for table in TABLES:
        query = f"SELECT _source, '{table}', count(*), NULL, NULL, NULL FROM landing.{table} GROUP BY _source"
        connection.execute(f"INSERT INTO ops.source_freshness {query}")


def test_the_gate_and_the_warehouse_mean_the_same_tables() -> None:
    sql = (dbt.PROJECT / "models" / "intermediate" / "identity" / "int_customer_identities.sql").read_text()
    named = set(re.findall(r"'(crm_\w+)'", sql.split("table_name in (")[1].split(")")[0]))
    assert named == {table.name for table in INPUT_TABLES.values() if any(parent.table == "crm_customers" for parent in table.parents)}
