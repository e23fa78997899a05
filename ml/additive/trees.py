"""scikit-learn's boosted trees, taken out as plain arrays.

Comes in: a fitted HistGradientBoosting classifier (binary) or regressor. Goes out: the `TreeScorer` that scores the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.additive.scorers import Floats, TreeScorer
from ml.encoding import Encoder


def plain_trees(booster: Any, sample: Floats, expected: Floats) -> TreeScorer:
    """The fitted trees as arrays, checked on a sample against the library's own raw scores of it.

    scikit-learn has no public way to its nodes; the check turns a change of that layout into an error, never into wrong scores.
    """
    nodes = [predictors[0].nodes for predictors in booster._predictors]
    starts = np.cumsum([0, *(len(table) for table in nodes)])
    table = np.concatenate(nodes)
    offset = np.repeat(starts[:-1], [len(part) for part in nodes])
    is_leaf = table["is_leaf"].astype(bool)
    left, right = table["left"].astype(np.int64) + offset, table["right"].astype(np.int64) + offset
    value = _expected_values(table, is_leaf, left, right)
    scorer = TreeScorer(
        base=float(np.ravel(booster._baseline_prediction)[0]) + float(value[starts[:-1]].sum()),
        roots=starts[:-1].astype(np.int64),
        feature=np.where(is_leaf, -1, table["feature_idx"]).astype(np.int64),
        threshold=table["num_threshold"].astype(np.float64),
        missing_left=table["missing_go_to_left"].astype(bool),
        left=left,
        right=right,
        value=value,
    )
    if not np.allclose(scorer.score(Encoder(()), sample), expected, atol=1e-9):
        raise RuntimeError("boosting: the exported trees do not reproduce scikit-learn's scores; this version of it is not supported")
    return scorer


def _expected_values(table: NDArray[Any], is_leaf: NDArray[np.bool_], left: NDArray[np.int64], right: NDArray[np.int64]) -> Floats:
    """Leaves keep their output; a node gets its children's mean, weighted by training rows. Children come after parents."""
    value, count, lefts, rights = table["value"].tolist(), table["count"].tolist(), left.tolist(), right.tolist()
    for node in np.flatnonzero(~is_leaf)[::-1].tolist():
        one, other = lefts[node], rights[node]
        value[node] = (value[one] * count[one] + value[other] * count[other]) / (count[one] + count[other])
    return np.array(value)
