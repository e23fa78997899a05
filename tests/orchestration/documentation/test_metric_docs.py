"""Nothing is published without saying what it is: columns, metrics, the semantic layer, and who reads which mart."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration import dbt
from orchestration.documentation import metric_docs

ROOT = Path(__file__).resolve().parents[3]
NUMBERS = ("bigint", "integer", "double", "decimal")
OWNERS = {"customer success", "data team", "finance", "marketing", "support"}
# Numbers that measure no customer: attributes and bounds, and all of the tables about the run itself.
NO_METRICS = {"age_decade", "birth_year", "horizon_days", "months_since", "scale_max", "scale_min"}
ABOUT_THE_RUN = ("data_", "model_quality")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))
    return parsed


def marts(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == "marts"]


def columns(manifest: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((f"{mart['name']}.{column['name']}", column) for mart in marts(manifest) for column in mart["columns"].values())


def test_every_mart_says_what_it_is_and_what_a_row_is(manifest: dict[str, Any]) -> None:
    assert len(marts(manifest)) > 30
    assert [mart["name"] for mart in marts(manifest) if not re.search(r"One\s+row\s+per ", mart["description"])] == []


def test_every_column_of_a_mart_is_described(manifest: dict[str, Any]) -> None:
    assert [name for name, column in columns(manifest) if not column["description"].strip()] == []


def test_two_columns_of_a_mart_never_read_the_same(manifest: dict[str, Any]) -> None:
    """Days of use were said to be `heavy`, `medium`, `light` or `none`, as the segment beside them."""
    said = Counter((name.partition(".")[0], column["description"]) for name, column in columns(manifest))
    assert [where for where, count in said.items() if count > 1] == []


def test_every_number_in_a_mart_is_a_defined_metric(manifest: dict[str, Any]) -> None:
    numbers = [
        (name, column)
        for name, column in columns(manifest)
        if column["data_type"].startswith(NUMBERS) and column["name"] not in NO_METRICS and not name.startswith(ABOUT_THE_RUN)
    ]
    assert len(numbers) > 150
    assert [name for name, column in numbers if len(metric_docs.block_names(column)) != 1] == []


def test_a_column_that_bears_the_name_of_a_metric_is_that_metric(manifest: dict[str, Any]) -> None:
    names = {metric.name for metric in metric_docs.metrics(manifest)}
    other = [name for name, column in columns(manifest) if column["name"] in names - {*metric_docs.block_names(column)}]
    assert [name for name in other if not name.startswith("sync_")] == []  # a destination's fields have the names they have there


def test_every_metric_is_defined_in_the_same_six_parts(manifest: dict[str, Any]) -> None:
    metrics = metric_docs.metrics(manifest)
    assert len(metrics) > 80
    assert [metric.name for metric in metrics if tuple(metric.parts) != metric_docs.PARTS or not all(metric.parts.values())] == []
    assert {metric.parts["Owner"] for metric in metrics} == OWNERS


def test_every_metric_is_in_a_mart(manifest: dict[str, Any]) -> None:
    assert [metric.name for metric in metric_docs.metrics(manifest) if not metric.columns] == []


def test_every_metric_of_the_semantic_layer_bears_its_definition(manifest: dict[str, Any]) -> None:
    defined = {name for metric in metric_docs.metrics(manifest) for name in metric.asked_as}
    parts = {metric["name"] for metric in manifest["metrics"].values() if metric["name"].startswith(("sum_of_", "number_of_"))}
    assert len(defined) > 60
    assert {metric["name"] for metric in manifest["metrics"].values()} - parts == defined


def test_a_release_says_where_each_of_its_metrics_is(manifest: dict[str, Any]) -> None:
    told = metric_docs.published(manifest)
    held = {name for name, _ in columns(manifest)}
    nps = told["nps"]
    assert (nps["definition"], nps["owner"]) == ("Net Promoter Score, from −100 to 100.", "customer success")
    assert (nps["formula"], nps["grain"]) == ("100 × (promoters − detractors) ÷ responses", "month × view × dimension × dimension value")
    assert (nps["mart"], nps["column"], nps["source"]) == ("metric_nps_monthly", "nps", "`survey_responses`")
    assert nps["edge_cases"].startswith("A month without responses keeps its row over everyone")
    assert told["cohort_retention_rate"]["column"] == "retention_rate"  # not one of its parts
    assert {f"{one['mart']}.{one['column']}" for one in told.values()} <= held
    six = {"definition", "formula", "grain", "owner", "edge_cases", "source", "mart", "column"}
    assert [name for name, one in told.items() if set(one) - {"also_in"} != six] == []
    assert len(json.dumps(told)) < 120_000


def test_parts_are_read_without_their_line_breaks() -> None:
    assert metric_docs.parts("Lower end.\n\n- **Definition**: One\n  two.\n- **Edge cases**: A **b**: c") == {
        "Definition": "One two.",
        "Edge cases": "A **b**: c",
    }


def read_by(manifest: dict[str, Any], name: str) -> set[str]:
    return {node.split(".")[-1] for node in manifest["exposures"][f"exposure.rapport.{name}"]["depends_on"]["nodes"]}


def test_every_mart_has_a_reader_and_every_reader_an_owner(manifest: dict[str, Any]) -> None:
    exposures = manifest["exposures"].values()
    assert {node.split(".")[-1] for exposure in exposures for node in exposure["depends_on"]["nodes"]} == {
        mart["name"] for mart in marts(manifest)
    }
    assert [exposure["name"] for exposure in exposures if not exposure["owner"]["name"] or not exposure["description"]] == []


def test_the_page_is_said_to_read_what_it_reads(manifest: dict[str, Any]) -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "orchestration" / "report").rglob("*.py"))
    named = {mart["name"] for mart in marts(manifest) if re.search(rf'"{mart["name"]}"|(FROM|JOIN) {mart["name"]}\b', code)}
    assert read_by(manifest, "release_page") == named
    assert "fct_feedback" not in named  # nothing personal


def test_every_audience_has_a_reader_of_its_own(manifest: dict[str, Any]) -> None:
    audiences = [mart["name"] for mart in marts(manifest) if re.match(r"sync_.+__", mart["name"])]
    assert audiences
    for audience in audiences:
        assert audience in read_by(manifest, audience.removeprefix("sync_").replace("__", "_"))


def test_what_tools_are_told_of_a_column_is_short_and_plain(manifest: dict[str, Any]) -> None:
    told = metric_docs.comments(manifest)
    assert {f"{mart}.{column}" for mart, said in told.items() for column in said if column} == {name for name, _ in columns(manifest)}
    texts = [text for said in told.values() for text in said.values()]
    assert all(0 < len(text) <= 500 and not re.search(r"[`\n]|\*\*", text) for text in texts)
    assert told["metric_nps_monthly"]["nps"] == "Net Promoter Score, from −100 to 100. Formula: 100 × (promoters − detractors) ÷ responses."


def test_every_mart_says_what_identifies_a_row(manifest: dict[str, Any]) -> None:
    """Tools look for a primary key and find none on a view."""
    keys = metric_docs.keys(manifest)
    without = {mart["name"] for mart in marts(manifest)} - keys.keys()
    assert {name for name in without if not name.startswith("sync_")} == {"data_quality"}
    assert metric_docs.comments(manifest)["metric_nps_monthly"][""].endswith(" Key: month, view, dimension, dimension_value.")
    listed = {f"{mart}.{name}" for mart, names in keys.items() for name in names if mart in {one["name"] for one in marts(manifest)}}
    assert listed <= {name for name, _ in columns(manifest)}


def test_who_looks_up_a_metric_reads_when_a_month_ends() -> None:
    """The zone of the company is how times are read; a month is no other in Berlin than in New York."""
    introduction = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert "midnight UTC" in introduction
    assert "`timezone`" in introduction
