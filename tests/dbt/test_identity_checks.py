"""The checks that guard who is who, run by dbt on a small landed world: what must be seen is seen, and what must hold holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import duckdb
import pytest
from jinja2 import Environment

sys.path.insert(0, str(Path(__file__).parent))
from identity_world import crm, random_rows
from small_world import land
from test_project import run

from orchestration import dbt, warehouse

CHECKS = ["assert_no_cluster_was_pulled_apart", "assert_identities_converged", "assert_identities_are_told_from_the_staged_version"]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int]]:
    """Check → how it ended and how many rows it found, on random records and a row of thirty that share numbers in pairs."""
    folder = tmp_path_factory.mktemp("checked")
    database = folder / "rapport_build.duckdb"
    row = [crm(f"r{number:02}", 1, phone=f"+49151000{number // 2:02}", email=f"{(number + 1) // 2}@x.org") for number in range(30)]
    rows = random_rows(Random(11)) + row
    with warehouse.connect(database) as connection:
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, {})
        land(connection, {"crm_customers": [r for r in rows if "billing_customer_id" not in r]})
        land(connection, {"billing_customers": [r for r in rows if "billing_customer_id" in r]})
    chosen = ["+" + check for check in CHECKS] + ["+int_customer_identities", "--indirect-selection", "cautious"]
    done = run(
        folder, "build", "--select", *chosen, "--exclude-resource-type", "unit_test", "--vars", '{"as_of": "2025-06-30"}', database=database
    )
    assert done.returncode == 0, done.stdout[-4000:]
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return {result["unique_id"].split(".")[2]: (result["status"], result["failures"]) for result in results}


@pytest.mark.slow
def test_a_cluster_that_was_pulled_apart_is_warned_of_and_stops_nothing(checked: dict[str, tuple[str, int]]) -> None:
    assert checked["assert_no_cluster_was_pulled_apart"] == ("warn", 1)
    node = next(node for node in json.loads(dbt.manifest_path().read_text())["nodes"].values() if node["name"] == CHECKS[0])
    assert node["config"]["severity"] == "warn"


@pytest.mark.slow
def test_components_converge_and_follow_the_staged_versions(checked: dict[str, tuple[str, int]]) -> None:
    assert {check: checked[check] for check in CHECKS[1:]} == dict.fromkeys(CHECKS[1:], ("pass", 0))


def test_a_component_that_did_not_converge_is_found() -> None:
    """The check's own SQL on labels that disagree."""
    source = (dbt.PROJECT / "tests" / "core" / "assert_identities_converged.sql").read_text()
    query = Environment().from_string(source).render(ref=lambda model: model)
    with duckdb.connect() as connection:
        for model in ("int_identity_components", "int_identity_clusters", "int_identity_parts"):
            connection.execute(f"CREATE TABLE {model} (node BIGINT, link VARCHAR, label BIGINT)")
        connection.execute("INSERT INTO int_identity_clusters VALUES (1, 'a', 1), (2, 'a', 2), (3, 'b', 3), (4, 'b', 3)")
        assert connection.execute(query).fetchall() == [("int_identity_clusters", "a", 2)]
