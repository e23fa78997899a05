"""What staging knows of the input tables is what the contract says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from orchestration.contract import INPUT_TABLES

PROJECT = Path(__file__).parents[2] / "dbt_project"


@pytest.fixture(scope="module")
def rules() -> dict[str, dict[str, Any]]:
    found: list[dict[str, dict[str, Any]]] = []
    source = (PROJECT / "macros" / "staging" / "input_tables.sql").read_text(encoding="utf-8")
    Environment().from_string(source + "{{ input_tables() }}").render({"return": lambda value: found.append(value) or ""})
    return found[0]


def test_every_input_table_is_known_in_the_order_of_the_contract(rules: dict[str, dict[str, Any]]) -> None:
    assert list(rules) == list(INPUT_TABLES)


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_keys_and_times_are_those_of_the_contract(name: str, rules: dict[str, dict[str, Any]]) -> None:
    table = INPUT_TABLES[name]
    assert tuple(rules[name]["key"]) == table.key
    assert rules[name]["event_time"] == table.event_time
    assert rules[name].get("updated_at") == table.updated_at


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_parents_are_those_of_the_contract(name: str, rules: dict[str, dict[str, Any]]) -> None:
    stated = [rules[name]["parent"]] if "parent" in rules[name] else []
    assert [(parent["column"], parent["table"]) for parent in stated] == [(each.column, each.table) for each in INPUT_TABLES[name].parents]
    assert all(INPUT_TABLES[each.table].key == (each.parent_column,) for each in INPUT_TABLES[name].parents)


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_every_input_table_is_staged(name: str) -> None:
    money = {"amount": "amount_minor", "unit_amount": "unit_minor", "cost_amount": "cost_minor"}
    missing = [column for column in table_columns(name) if money.get(column, column) not in staged(name)]
    assert missing == []


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_what_staging_hides_while_it_lies_ahead_is_looked_for_when_it_comes(name: str, rules: dict[str, dict[str, Any]]) -> None:
    assert sorted(rules[name].get("known", [])) == sorted(re.findall(r"known\('\w+\.(\w+)'\)", staged(name)))


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_a_table_that_is_renewed_row_by_row_keeps_its_keys_as_they_landed(name: str) -> None:
    is_renewed = f"renewed('rows', table='{name}')" in staged(name)
    assert is_renewed == (name != "exchange_rates")  # whose currency is staged in another spelling
    changed = [key for key in INPUT_TABLES[name].key if not re.search(rf"^\s+\w+\.{key},?$", staged(name), re.MULTILINE)]
    assert changed == [] or not is_renewed


def staged(name: str) -> str:
    return (PROJECT / "models" / "staging" / "files" / f"stg_files__{name}.sql").read_text(encoding="utf-8")


def table_columns(name: str) -> tuple[str, ...]:
    return INPUT_TABLES[name].column_names
