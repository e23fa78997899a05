"""Every test of the dbt project says in words what it asks, why, and whom to ask."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestration import dbt
from orchestration.dbt.wording import in_words

ASK = "Ask the owner of the model, or the data team."


@pytest.fixture(scope="module")
def tests_of_the_project() -> list[dict[str, Any]]:
    nodes = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))["nodes"]
    return [node for node in nodes.values() if node["resource_type"] == "test"]


def test_every_test_says_what_it_protects(tests_of_the_project: list[dict[str, Any]]) -> None:
    told = {test["name"]: in_words(test) for test in tests_of_the_project}
    assert len(told) > 200
    assert [name for name, (asked, why) in told.items() if not asked or len(why) <= len(ASK) + 10 or "{" in asked] == []


def test_two_tests_of_a_table_never_read_the_same(tests_of_the_project: list[dict[str, Any]]) -> None:
    asked = [(test.get("attached_node"), in_words(test)[0]) for test in tests_of_the_project]
    assert len(set(asked)) == len(asked)


def test_the_kinds_of_test_in_words() -> None:
    def generic(kind: str, **arguments: Any) -> tuple[str, str]:
        return in_words({"name": "some_name", "test_metadata": {"name": kind, "kwargs": {"model": "m", **arguments}}})

    assert generic("one_row_per", columns=["customer_key", "month"])[0] == "one row per customer_key, month"
    assert generic("accepted_values", column_name="basis", values=["customers", "revenue"])[0] == "basis is one of customers, revenue"
    assert generic("relationships", column_name="customer_key", to="ref('dim_customers')")[0] == "each customer_key is one of dim_customers"
    assert generic("holds", condition="backlog >= 0") == ("some name", f"In every row: backlog >= 0. {ASK}")
    single = {"name": "assert_rows_reconcile", "raw_code": "-- Landed is staged\n-- and quarantined.\nselect 1"}
    assert in_words(single) == ("rows reconcile", f"Landed is staged and quarantined. {ASK}")
    assert in_words({**single, "description": "Ours."})[1] == f"Ours. {ASK}"
