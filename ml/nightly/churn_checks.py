"""What else is measured of a churn model that was judged out of time.

Comes in: what customers did, what was expected of them, their features. Goes out: numbers in `run`.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from ml.additive import Floats
from ml.churn import ChurnModel
from ml.churn.survival import Months
from ml.encoding import parse
from ml.encoding.kinds import CATEGORY
from ml.nightly.sides import EPOCH
from ml.nightly.tables import Run

FEWEST_IN_GROUP, MOST_GROUPS_TOLD = 200, 8


def measure_deciles(run: Run, name: str, left: Floats, expected: Floats) -> None:
    """Per tenth of the judged customers, the least at risk first: share expected to leave, and share that did, with its interval."""
    for number, rows in enumerate(np.array_split(np.argsort(expected, kind="stable"), 10), start=1):
        if rows.size:
            run.measure(name, f"decile_{number}_expected", expected[rows].mean())
            run.measure(name, f"decile_{number}_left", *_share(left[rows]))


def measure_groups(run: Run, name: str, features: pd.DataFrame, left: Floats, expected: Floats) -> None:
    """Of all groups of at least FEWEST_IN_GROUP, those in which most more, or fewer, left than were expected: gap and Brier score."""
    parsed = parse(features)
    found = []
    for column, kind in parsed.kinds.items():
        if kind == CATEGORY:
            levels = parsed.values[column]
            for position, level in enumerate(parsed.texts[column]):
                rows = np.flatnonzero(levels == position)
                if rows.size >= FEWEST_IN_GROUP:
                    found.append((f"{column}={level}", rows, *_gap(left[rows], expected[rows])))
    for group, rows, gap, error in sorted(found, key=lambda one: -abs(one[2]) / one[3])[:MOST_GROUPS_TOLD]:
        run.measure(name, f"gap_where_{group}", gap, gap - 1.96 * error, gap + 1.96 * error)
        run.measure(name, f"brier_where_{group}", *_mean((left[rows] - expected[rows]) ** 2))
    run.measure(name, "groups_checked", len(found))


def measure_folds(run: Run, model: ChurnModel) -> None:
    """How good and how calibrated the same learner was at each earlier moment, judged out of time: whether its mistakes grow."""
    for fold in model.report.get("rolling_folds", []):
        day = (EPOCH + timedelta(days=int(fold["moment"]))).isoformat()
        run.measure(str(model.report["chosen"]), f"out_of_time_{day}_expected", fold["expected"])
        run.measure(str(model.report["chosen"]), f"out_of_time_{day}_left", fold["left"])
        for metric, told in fold["metrics"].items():
            run.measure(str(model.report["chosen"]), f"out_of_time_{day}_{metric}", told["value"], told["low"], told["high"])


def measure_survival(run: Run, model: ChurnModel, features: pd.DataFrame, months: Months | None) -> None:
    """The whole curve of a survival model: share expected to have left, and that had, after each month of the window."""
    curve = model.staying(features)
    if curve is None or months is None:
        return
    for month, staying in enumerate(curve.to_numpy().T, start=1):
        run.measure(str(model.report["chosen"]), f"after_month_{month}_expected", 1 - staying.mean())
        run.measure(str(model.report["chosen"]), f"after_month_{month}_left", *_share(((months > 0) & (months <= month)).astype(float)))


def _gap(left: Floats, expected: Floats) -> tuple[float, float]:
    """Share that left more than expected, and the standard error were the expectation true."""
    return float(left.mean() - expected.mean()), float(np.sqrt(max((expected * (1 - expected)).sum(), 1e-12)) / left.size)


def _mean(values: Floats) -> tuple[float, float, float]:
    """Mean with its 95 % interval."""
    mean, margin = float(values.mean()), float(1.96 * values.std() / np.sqrt(values.size))
    return mean, mean - margin, mean + margin


def _share(left: Floats) -> tuple[float, float, float]:
    """Share with its Wilson 95 % interval."""
    n, z2 = left.size, 1.96**2
    middle, half = (left.sum() + z2 / 2) / (n + z2), 1.96 * np.sqrt(left.sum() * (n - left.sum()) / n + z2 / 4) / (n + z2)
    return float(left.mean()), float(middle - half), float(middle + half)
