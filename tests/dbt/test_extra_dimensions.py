"""Columns that a company adds as dimensions split every metric, whether the contract knows them or not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from tests.commands import run_dbt

sys.path.insert(0, str(Path(__file__).parent))
from small_world import land, world

TIERS = {"c0": "gold", "c1": "gold", "c2": "silver"}  # the others have none
COUNTS = "sum(customers_at_end), sum(customers_churned), sum(opening_mrr), sum(closing_mrr)"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dimensions")
    path = folder / "rapport_build.duckdb"
    tables = world(seed=3)
    for row in tables["crm_customers"]:
        row |= {"tier": TIERS.get(row["customer_id"]), "owner": "Ann"}
    with warehouse.connect(path) as connection:
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, {}, {"crm_customers": ["tier", "owner"]})
        land(connection, tables)
    variables = json.dumps({"as_of": "2025-12-15", "extra_dimensions": ["tier", "owner"]})
    chosen = ["+metric_retention_monthly", "+metric_nps_monthly"]
    done = run_dbt(folder, path, "build", "--select", *chosen, "--exclude-resource-type", "test", "unit_test", "--vars", variables)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return path


@pytest.mark.slow
def test_every_value_has_its_rows_and_the_parts_sum_to_the_whole(built: Path) -> None:
    with duckdb.connect(str(built), read_only=True) as connection:
        values = connection.sql("SELECT DISTINCT dimension, dimension_value FROM marts.metric_retention_monthly").fetchall()
        totals = connection.sql(f"SELECT dimension, {COUNTS} FROM marts.metric_retention_monthly GROUP BY 1").fetchall()
        asked = {row[0] for row in connection.sql("SELECT DISTINCT dimension FROM marts.metric_nps_monthly").fetchall()}
    found = {name: {value for dimension, value in values if dimension == name} for name, _ in values}
    assert found["tier"] == {"gold", "silver", "unknown"}
    assert found["owner"] == {"Ann"}
    assert {"lifecycle_stage", "rfm_segment"} <= set(found)
    assert len({tuple(rest) for _, *rest in totals}) == 1
    assert {"tier", "owner"} <= asked
