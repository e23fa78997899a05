"""A file of the home that is not what was written: one clear line that names it, never a wrong answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import releases
from orchestration.home import Home
from tests.faults.conftest import CUSTOMERS, Said, Small

pytestmark = pytest.mark.thorough


GARBAGE = b"garbage \xff\x00 }\n"


@pytest.fixture
def home(small: Small) -> Home:
    made = Home(small.home)
    made.prepare()
    made.claim("Acme")
    return made


@pytest.fixture
def release(home: Home) -> releases.Release:
    """A release of one small table."""
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("CREATE SCHEMA marts; CREATE TABLE marts.dim_customers AS SELECT 'k' AS customer_key")
    facts = {"as_of": date(2026, 10, 30), "run_id": "r", "code_version": "1", "config_hash": "a", "models": [], "sources": []}
    return releases.publish(releases.build(home.warehouse, home.root, **facts, checks={"passed": 1}))


@pytest.mark.parametrize("content", [GARBAGE, b"", b"[]", b"{}"])
def test_whose_home_it_is_is_no_longer_known(content: bytes, home: Home, say: Callable[..., Said]) -> None:
    (home.state / "company.json").write_bytes(content)
    said = say()
    assert said.code == 1
    assert said.line(f"{home.state}/company.json: this file is damaged; if this home is that of Acme, remove it and run again")


def test_past_refusals_cannot_be_read(home: Home, say: Callable[..., Said]) -> None:
    (home.state / "refusals.jsonl").write_bytes(b'{"as_of": }\n')
    said = say("status")
    assert said.code == 1
    assert said.line(f"{home.state}/refusals.jsonl: this file is damaged; remove it")


def test_a_damaged_release_is_not_taken_for_none(home: Home, release: releases.Release, say: Callable[..., Said]) -> None:
    manifest = release.path / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_bytes(b"garbage")
    said = say("status")
    assert said.code == 1
    assert said.line(f"{release.id}/manifest.json: is not valid JSON; roll back to another release")
    assert say("releases").line(release.id).split()[1:] == [release.id, "damaged"]
    assert say("releases", "rollback", release.id).code == 1


def test_a_pointer_to_nothing_is_not_taken_for_none(home: Home, release: releases.Release, say: Callable[..., Said]) -> None:
    release.path.rename(release.path.with_name("elsewhere"))
    said = say("status")
    assert said.code == 1
    assert said.line(f"{release.id}: has no manifest.json, so it is no release")


@pytest.mark.parametrize("content", [b"this is no database" * 1000, b""], ids=["garbage", "empty"])
def test_a_damaged_warehouse_is_told_by_the_commands_too(content: bytes, home: Home, say: Callable[..., Said]) -> None:
    home.warehouse.write_bytes(content)
    said = say("quarantine")
    assert said.code == 1
    assert str(home.warehouse) in said.line("rapport: ")
    assert say("status").line("quarantine   not known now: ")


def test_the_run_history_is_damaged(small: Small, home: Home, say: Callable[..., Said]) -> None:
    small.export({"crm_customers.csv": CUSTOMERS.replace("2026-01-0", "1/2026/")})
    assert say().code == 3
    for database in home.dagster.rglob("*.db"):
        database.write_bytes(b"garbage" * 500)
    said = say()
    assert said.code == 1
    assert said.line("remove the folder dagster/ of the home and run again: only history is lost")


@pytest.mark.parametrize("damage", ["cut off", "missing"])
def test_a_landed_file_is_damaged(damage: str, small: Small, home: Home, say: Callable[..., Said]) -> None:
    small.export({"crm_customers.csv": CUSTOMERS.replace("2026-01-0", "1/2026/")})
    assert say().code == 3
    (landed,) = home.landing.glob("files/crm_customers/*/*.parquet")
    content = landed.read_bytes()
    landed.unlink()
    if damage == "cut off":
        landed.write_bytes(content[: len(content) // 2])
    said = say()
    assert said.code == 1
    assert str(landed) in said.line("restore it from a backup, or remove the whole landing to read all sources anew")
    assert small.folder.joinpath("exports/crm_customers.csv").exists()
    assert [path.name for path in Path(home.landing / "_log" / "files").glob("*.json")], "the record of loads stays"
