"""What Dagster loads: nothing is opened, everything says what it is and who owns it, and the graph is the one we meant."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import made

defs = made(())  # whatever the configuration that was last run here names
ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).with_name("asset_graph.txt")
LOADING = """
import sys
opened = ("sqlite3.connect", "socket.connect")
sys.addaudithook(lambda event, arguments: print(event, arguments) if event in opened else None)
import orchestration.definitions
"""


def graph() -> str:
    """The asset graph as text: each asset with its group, how many assets it reads and its checks that can stop a night."""
    assets = defs.resolve_asset_graph()
    nodes = sorted((assets.get(key) for key in assets.get_all_asset_keys()), key=lambda node: node.key.to_user_string())
    lines = [f"{node.key.to_user_string()} [{node.group_name}] reads {len(node.parent_keys)}{gates(node)}" for node in nodes]
    return "\n".join(lines) + "\n"


def gates(node: object) -> str:
    stopping = sorted(key.name for key in node.check_keys if key.name.endswith("_gate"))  # type: ignore[attr-defined]
    return f" behind {', '.join(stopping)}" if stopping else ""


def test_the_graph_is_the_one_that_was_meant() -> None:
    assert graph() == SNAPSHOT.read_text(), f"if the change is meant: .venv/bin/python -m tests.orchestration.test_definitions > {SNAPSHOT}"


def test_loading_opens_no_database_and_makes_no_home(tmp_path: Path) -> None:
    environment = os.environ | {"RAPPORT_HOME": str(tmp_path / "home"), "RAPPORT_CONFIG": str(tmp_path / "nowhere.yaml")}
    done = subprocess.run([sys.executable, "-c", LOADING], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_asset_says_what_it_is_and_who_owns_it() -> None:
    assets = defs.resolve_asset_graph()
    nodes = [assets.get(key) for key in assets.get_all_asset_keys()]  # what models read and no step makes is in the catalogue too
    assert len(nodes) > 100
    lacking = [
        node.key.to_user_string() for node in nodes if not node.description or not node.owners or node.group_name in (None, "default")
    ]
    assert lacking == []


def test_every_check_says_what_it_asks_and_whom_to_ask() -> None:
    assets = defs.resolve_asset_graph()
    checks = [assets.get(key) for key in assets.asset_check_keys]
    assert len(checks) > 200
    assert [check.key.name for check in checks if not check.description] == []
    told = assets.get(dg.AssetCheckKey(dg.AssetKey(["marts", "metric_retention_monthly"]), "assert_retention_adds_up")).description
    assert told.startswith("retention adds up: start + new + reactivated − churned = end on every row; the formula of retention")
    assert told.endswith("Ask the owner of the model, or the data team.")


def test_a_mart_carries_the_definitions_of_its_metrics_and_columns() -> None:
    assets = defs.resolve_asset_graph()
    mart = assets.get(dg.AssetKey(["marts", "metric_nps_monthly"]))
    assert mart.description.startswith("Net Promoter Score with its interval, by month, view, dimension and value.")
    assert "\n- **nps**: Net Promoter Score, from −100 to 100.\n" in mart.description
    described = {column.name: column.description for column in mart.metadata["dagster/column_schema"].columns}
    assert "Adjusted Wald (Rocks 2016)" in described["nps_low"]
    everything = [assets.get(key).description for key in assets.materializable_asset_keys] + list(described.values())
    assert [text for text in everything if "doc(" in text.split("#### Raw SQL")[0]] == []


EXPIRED = dg.AssetKey(["privacy", "expired_people"])


def test_every_asset_is_one_night_a_run() -> None:
    assets = defs.resolve_asset_graph()
    nightly = assets.materializable_asset_keys - {EXPIRED}
    policies = {(assets.get(key).partitions_def, assets.get(key).backfill_policy) for key in nightly}
    assert {policy.max_partitions_per_run for _, policy in policies if policy} == {1}
    assert len({partitions for partitions, _ in policies}) == 1


def test_the_job_runs_everything_in_one_process() -> None:
    job = defs.resolve_job_def("nightly")
    assert job.executor_def.name == "in_process"
    assert set(job.asset_layer.executable_asset_keys) == set(defs.resolve_asset_graph().materializable_asset_keys) - {EXPIRED}


@pytest.mark.parametrize("picked", ["landing/crm_tickets", "marts/dim_dates", "marts/customer_360"])
def test_one_table_can_be_picked_in_the_ui_with_its_gate(picked: str) -> None:
    """A gate guards many tables; Dagster refused to start a run that asked it about one of them."""
    key = dg.AssetKey(picked.split("/"))
    gates = {check.name for check in defs.resolve_asset_graph().get(key).check_keys if check.name.endswith("_gate")}
    started = defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection={key})
    assert gates < {node.name for node in started.nodes}


def test_forgetting_is_a_job_of_its_own_after_the_night() -> None:
    job = defs.resolve_job_def("retention")
    assert (job.executor_def.name, set(job.asset_layer.executable_asset_keys)) == ("in_process", {EXPIRED})
    assert defs.resolve_schedule_def("every_morning").job_name == job.name


@pytest.mark.parametrize(("tick", "night"), [("2026-11-02T02:00", "2026-11-01"), ("2027-01-01T02:00", "2026-12-31")])
def test_the_schedule_asks_for_the_day_that_is_over(tick: str, night: str) -> None:
    schedule = defs.resolve_schedule_def("every_night")
    context = dg.build_schedule_context(
        instance=dg.DagsterInstance.ephemeral(),
        scheduled_execution_time=datetime.fromisoformat(tick).replace(tzinfo=UTC),
        repository_def=defs.get_repository_def(),
    )
    requests = schedule.evaluate_tick(context).run_requests or []
    assert [request.partition_key for request in requests] == [night]


if __name__ == "__main__":
    sys.stdout.write(graph())
