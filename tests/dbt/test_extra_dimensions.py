"""Columns that a company adds as dimensions split every metric, whether the contract knows them or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import expressions

from orchestration import warehouse
from orchestration.configuration import dimensions

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
import harness
from small_world import land, world

ADDED = ("tier", "owner", "birth_year")
TIERS = {"c0": "gold", "c1": "gold", "c2": "silver"}  # the others have none
COUNTS = "sum(customers_at_end), sum(customers_churned), sum(opening_mrr), sum(closing_mrr)"
SPLIT = [
    *("metric_retention_monthly", "metric_nps_monthly", "metric_csat_monthly", "metric_ces_monthly", "metric_tickets_monthly"),
    *("metric_engagement_monthly", "metric_referrals_monthly", "metric_loyalty_monthly"),
]


@pytest.fixture(scope="module")
def project() -> harness.Project:
    return harness.project(extra_dimensions=ADDED, nps_weighted_by="birth_year")


@pytest.fixture(scope="module")
def built(project: harness.Project) -> Iterator[duckdb.DuckDBPyConnection]:
    tables = world(seed=3)
    for row in tables["crm_customers"]:
        row |= {"tier": TIERS.get(row["customer_id"]), "owner": "Ann", "birth_year": 1980}
    with harness.empty_warehouse() as connection:
        warehouse.expose_landing(connection, {}, {"crm_customers": list(ADDED)})
        land(connection, tables)
        project.build(connection, SPLIT, "2025-12-15")
        yield connection


@pytest.mark.thorough
def test_every_value_has_its_rows_and_the_parts_sum_to_the_whole(built: duckdb.DuckDBPyConnection) -> None:
    values = built.sql("SELECT DISTINCT dimension, dimension_value FROM marts.metric_retention_monthly").fetchall()
    totals = built.sql(f"SELECT dimension, {COUNTS} FROM marts.metric_retention_monthly GROUP BY 1").fetchall()
    asked = {row[0] for row in built.sql("SELECT DISTINCT dimension FROM marts.metric_nps_monthly").fetchall()}
    found = {name: {value for dimension, value in values if dimension == name} for name, _ in values}
    assert found["tier"] == {"gold", "silver", "unknown"}
    assert found["owner"] == {"Ann"}
    assert found["birth_year"] == {"1980"}
    assert {"lifecycle_stage", "rfm_segment"} <= set(found)
    assert len({tuple(rest) for _, *rest in totals}) == 1
    assert set(ADDED) <= asked


@pytest.mark.thorough
def test_a_column_that_stands_beside_a_dimension_can_be_none(project: harness.Project, built: duckdb.DuckDBPyConnection) -> None:
    """Of two columns of one name DuckDB takes the first: not by the CRM's `revenue` was retention split, but by what each one brought."""
    tables = {f"{schema}.{name}" for schema, name in built.sql("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()}
    split = [node for node in project.nodes.values() if "tier" in node.sql and f"{node.schema}.{node.name}" in tables]
    beside = {name for node in split for columns in _steps(node.sql, built) if "tier" in columns for name in columns}
    assert len(split) > 10
    known = {*ADDED, "gender", "income_band"}  # dimensions of the contract themselves, where they are wanted
    assert sorted(name for name in beside - known if not dimensions.refused([name])) == []


def _steps(sql: str, connection: duckdb.DuckDBPyConnection) -> Iterator[list[str]]:
    """The columns of every step of a model."""
    steps = [step for step in sqlglot.parse_one(sql, dialect="duckdb").find_all(expressions.CTE) if not step.find_ancestor(expressions.CTE)]
    written = ", ".join(step.sql("duckdb") for step in steps)
    for step in steps:
        yield connection.sql(f"WITH {written} SELECT * FROM {step.alias} LIMIT 0").columns


def test_words_of_sql_are_no_names() -> None:
    known = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')"
    assert {word for (word,) in duckdb.sql(known).fetchall()} <= dimensions.WORDS_OF_SQL
