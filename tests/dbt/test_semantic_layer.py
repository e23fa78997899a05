"""A BI tool that asks the semantic layer gets the numbers of the marts: every metric by month, and split where it can be split."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from metricflow_semantic_interfaces.type_enums import DimensionType, EntityType

sys.path.insert(0, str(Path(__file__).parent))
import semantic_layer
from semantic_cases import CASES, PARTS, Case
from semantic_layer import Layer


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layer]:
    built = semantic_layer.layer(tmp_path_factory.mktemp("acme"))
    yield built
    built.connection.close()


@pytest.mark.parametrize("name", CASES)
def test_the_semantic_layer_says_what_the_mart_says(name: str, layer: Layer) -> None:
    case = CASES[name]
    asked = _keyed(layer.ask(list(case.metrics), list(case.by), list(case.where)), case)
    selected = ", ".join(f"{sql} AS {metric}" for metric, sql in {**case.by, **case.metrics}.items())
    expected = _keyed(layer.connection.sql(f"SELECT {selected} FROM {case.rows}").df(), case)
    both = asked.index.intersection(expected.index)
    pd.testing.assert_frame_equal(asked.loc[both], expected.loc[both], check_dtype=False, rtol=1e-9, atol=1e-9)
    # The marts keep rows of months in which nothing happened; what one side does not have is nothing or zero on the other.
    alone = pd.concat([asked.drop(both), expected.drop(both)])
    assert alone[(alone.fillna(0) != 0).any(axis=1)].empty
    for metric in case.metrics:
        assert (expected[metric].fillna(0) != 0).any(), f"the company has no {metric}, so that nothing was compared"


def _keyed(answer: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Metrics as numbers, by what they are split by as text; who is no customer is `unknown`."""
    keys = [answer[name].map(lambda value: "unknown" if pd.isna(value) else str(value)) for name in case.by]
    index = pd.MultiIndex.from_arrays(keys, names=list(case.by))
    numbers = answer[list(case.metrics)].astype(float).set_axis(index, axis=0)
    assert index.is_unique
    return numbers


def test_the_semantic_manifest_has_no_issue() -> None:
    assert semantic_layer.issues() == []


def test_every_metric_of_the_semantic_layer_is_compared_with_a_mart() -> None:
    metrics = semantic_layer.manifest().metrics
    published = {metric.name for metric in metrics if not metric.type_params.is_private and not metric.name.startswith(PARTS)}
    assert published == {metric for case in CASES.values() for metric in case.metrics}


def test_every_dimension_of_the_semantic_layer_is_asked_for() -> None:
    asked = {name for case in CASES.values() for name in [*case.by, *re.findall(r"Dimension\('(\w+)'\)", " ".join(case.where))]}
    offered = {
        f"{model.primary_entity or next(entity.name for entity in model.entities if entity.type is EntityType.PRIMARY)}__{dimension.name}"
        for model in semantic_layer.manifest().semantic_models
        for dimension in model.dimensions
        if dimension.type is DimensionType.CATEGORICAL and dimension.name != "is_complete"
    }
    assert offered - asked == set()
