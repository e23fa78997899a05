"""Columns that a company adds as dimensions split every metric, whether the contract knows them or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
import harness
from small_world import land, world

ADDED = ("tier", "owner")
TIERS = {"c0": "gold", "c1": "gold", "c2": "silver"}  # the others have none
COUNTS = "sum(customers_at_end), sum(customers_churned), sum(opening_mrr), sum(closing_mrr)"


@pytest.fixture(scope="module")
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    tables = world(seed=3)
    for row in tables["crm_customers"]:
        row |= {"tier": TIERS.get(row["customer_id"]), "owner": "Ann"}
    with harness.empty_warehouse() as connection:
        warehouse.expose_landing(connection, {}, {"crm_customers": list(ADDED)})
        land(connection, tables)
        project = harness.project(extra_dimensions=ADDED)
        project.build(connection, ["metric_retention_monthly", "metric_nps_monthly"], "2025-12-15")
        yield connection


def test_every_value_has_its_rows_and_the_parts_sum_to_the_whole(built: duckdb.DuckDBPyConnection) -> None:
    values = built.sql("SELECT DISTINCT dimension, dimension_value FROM marts.metric_retention_monthly").fetchall()
    totals = built.sql(f"SELECT dimension, {COUNTS} FROM marts.metric_retention_monthly GROUP BY 1").fetchall()
    asked = {row[0] for row in built.sql("SELECT DISTINCT dimension FROM marts.metric_nps_monthly").fetchall()}
    found = {name: {value for dimension, value in values if dimension == name} for name, _ in values}
    assert found["tier"] == {"gold", "silver", "unknown"}
    assert found["owner"] == {"Ann"}
    assert {"lifecycle_stage", "rfm_segment"} <= set(found)
    assert len({tuple(rest) for _, *rest in totals}) == 1
    assert set(ADDED) <= asked
