"""The checks that guard who is who, run on a small landed world: what must be seen is seen, and what must hold holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import duckdb
import pytest
from jinja2 import Environment

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
import harness
from identity_world import crm, random_rows
from small_world import land

from orchestration import dbt

pytestmark = pytest.mark.thorough


AS_OF = "2025-06-30"
CHECKS = ["assert_no_cluster_was_pulled_apart", "assert_identities_converged", "assert_identities_are_told_from_the_staged_version"]


@pytest.fixture(scope="module")
def complaints() -> dict[str, list[harness.Row]]:
    """Check → what it finds, on random records and a row of thirty that share numbers in pairs."""
    row = [crm(f"r{number:02}", 1, phone=f"+49151000{number // 2:02}", email=f"{(number + 1) // 2}@x.org") for number in range(30)]
    rows = random_rows(Random(11)) + row
    with harness.empty_warehouse() as connection:
        land(connection, {"crm_customers": [r for r in rows if "billing_customer_id" not in r]})
        land(connection, {"billing_customers": [r for r in rows if "billing_customer_id" in r]})
        project = harness.project()
        project.build(connection, ["int_customer_identities", *(name for check in CHECKS for name in project.nodes[check].reads)], AS_OF)
        return {check: project.found_by(check, connection, AS_OF) for check in CHECKS}


def test_a_cluster_that_was_pulled_apart_is_warned_of_and_stops_nothing(complaints: dict[str, list[harness.Row]]) -> None:
    assert len(complaints["assert_no_cluster_was_pulled_apart"]) == 1
    node = next(node for node in json.loads(dbt.manifest_path().read_text())["nodes"].values() if node["name"] == CHECKS[0])
    assert node["config"]["severity"] == "warn"


def test_components_converge_and_follow_the_staged_versions(complaints: dict[str, list[harness.Row]]) -> None:
    assert {check: complaints[check] for check in CHECKS[1:]} == {check: [] for check in CHECKS[1:]}


def test_a_component_that_did_not_converge_is_found() -> None:
    """The check's own SQL on labels that disagree."""
    source = (dbt.PROJECT / "tests" / "core" / "assert_identities_converged.sql").read_text()
    query = Environment().from_string(source).render(ref=lambda model: model)
    with duckdb.connect() as connection:
        for model in ("int_identity_components", "int_identity_clusters", "int_identity_parts"):
            connection.execute(f"CREATE TABLE {model} (node BIGINT, link VARCHAR, label BIGINT)")
        connection.execute("INSERT INTO int_identity_clusters VALUES (1, 'a', 1), (2, 'a', 2), (3, 'b', 3), (4, 'b', 3)")
        assert connection.execute(query).fetchall() == [("int_identity_clusters", "a", 2)]
