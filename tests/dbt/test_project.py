"""The dbt project as a whole: it builds on nothing, every unit test passes, and parsing it does not depend on the company."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import dbt, warehouse
from orchestration.warehouse import continuation
from tests.commands import run_dbt

# What a company says of itself that steers which SQL is written.
OTHER_COMPANY = {"business_model": "non_contractual", "customer_level": "company", "as_of": "2020-02-29", "reporting_currency": "JPY"}


def run(folder: Path, *arguments: str, database: Path) -> subprocess.CompletedProcess[str]:
    """dbt with its artefacts in `folder`."""
    command = [
        str(Path(sys.executable).with_name("dbt")),
        *arguments,
        "--project-dir",
        str(dbt.PROJECT),
        "--profiles-dir",
        str(dbt.PROJECT),
    ]
    places = ["--target-path", str(folder / "target"), "--log-path", str(folder)]
    environment = os.environ | {"RAPPORT_WAREHOUSE": str(database), "DO_NOT_TRACK": "1"}
    return subprocess.run([*command, *places], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """An empty warehouse on which everything was built and tested, unit tests included: its path and what ran."""
    folder = tmp_path_factory.mktemp("empty")
    database = folder / "rapport_build.duckdb"
    with warehouse.connect(database) as connection:
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, {})
        continuation.prepare(connection)
        connection.execute("INSERT INTO ops.built_night VALUES (DATE '2026-01-30', 'a build')")
    done = run_dbt(folder / "target", database, "build", with_unit_tests=True)
    assert done.returncode == 0, done.stdout[-4000:]
    return database, json.loads((folder / "target" / "run_results.json").read_text())["results"]


def test_every_unit_test_passes(built: tuple[Path, list[dict[str, Any]]]) -> None:
    results = [result for result in built[1] if result["unique_id"].startswith("unit_test.")]
    assert len(results) > 100
    assert {result["status"] for result in results} == {"pass"}


def test_without_any_input_every_mart_is_there_with_its_columns(built: tuple[Path, list[dict[str, Any]]]) -> None:
    manifest = json.loads(dbt.manifest_path().read_text())
    declared = {
        node["name"]: list(node["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
    with duckdb.connect(str(built[0]), read_only=True) as connection:
        found = {name: [row[0] for row in connection.execute(f'DESCRIBE marts."{name}"').fetchall()] for name in declared}
    assert len(declared) > 30
    assert found == declared


def test_after_dbt_was_started_by_hand_there_is_no_build_to_continue(built: tuple[Path, list[dict[str, Any]]]) -> None:
    with duckdb.connect(str(built[0]), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM ops.built_night").fetchone() == (0,)


def test_a_build_by_hand_on_top_of_another_doubles_nothing(built: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """The build before knew one campaign, as its row in staging tells; the one by hand reads it again."""
    database = shutil.copy(built[0], tmp_path)
    with warehouse.connect(database) as connection:
        connection.execute("CREATE TABLE landing.landed AS FROM landing.crm_campaigns; DROP VIEW landing.crm_campaigns")
        connection.execute("ALTER TABLE landing.landed RENAME TO crm_campaigns")
        connection.execute("INSERT INTO landing.crm_campaigns (campaign_id, _source, _load_id, _row_number) VALUES ('c', 'files', '1', 0)")
        connection.execute("INSERT INTO staging.stg_files__crm_campaigns (campaign_id) VALUES ('c')")
    done = run_dbt(tmp_path, database, "build", "--select", "currencies", "int_changed_rows", "stg_files__crm_campaigns")
    assert done.returncode == 0, done.stdout[-4000:]
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("SELECT campaign_id FROM staging.stg_files__crm_campaigns").fetchall() == [("c",)]


@pytest.mark.thorough
def test_the_parsed_project_does_not_depend_on_the_company(tmp_path: Path) -> None:
    """`orchestration.dbt_process` hands every company the same parsed project: what a model depends on must be the same for all."""
    done = run(tmp_path, "parse", "--no-partial-parse", "--vars", json.dumps(OTHER_COMPANY), database=tmp_path / "rapport_build.duckdb")
    assert done.returncode == 0, done.stdout[-4000:]
    other = json.loads((tmp_path / "target" / "manifest.json").read_text())["nodes"]
    shipped = json.loads(dbt.manifest_path().read_text())["nodes"]
    assert other.keys() == shipped.keys()
    for name, node in shipped.items():
        assert sorted(node["depends_on"].get("nodes", [])) == sorted(other[name]["depends_on"].get("nodes", [])), name
        assert node["config"] == other[name]["config"], name


def test_a_night_starts_on_everything_that_it_may_build() -> None:
    from orchestration.dbt_process import parsed

    nightly = parsed(dbt.nightly_path())
    shipped = json.loads(dbt.manifest_path().read_text())
    assert nightly.nodes.keys() == shipped["nodes"].keys()
    assert nightly.sources.keys() == shipped["sources"].keys()
    assert nightly.macros.keys() == shipped["macros"].keys()
    assert not nightly.unit_tests


def test_the_generated_pages_are_what_the_code_says() -> None:
    from orchestration.documentation import pages

    for name, text in pages.pages().items():
        assert (pages.DOCS / name).read_text(encoding="utf-8") == text, f"docs/{name} is stale; run `make docs`"
