"""The churn model beside tuned logistic regression and tuned boosting, on tables of many kinds.

    python -m benchmarks.churn_tables [--only NAME]… [NAME …] [PATH.parquet:LABEL …]

Comes in: nothing (every table below is generated), names of some of them, or files of your own. Goes out: a line per table, as soon as
it is done (of a large one each fold before, on stderr): mean ROC-AUC and Brier score over two-fold cross-validation, repeated five
times (above 3,000 rows twice, above 20,000 once), and how far the model lies behind the better rival, in standard deviations of that
rival over the folds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from benchmarks.churn_examples import EXAMPLES
from benchmarks.churn_further_examples import FURTHER_EXAMPLES
from benchmarks.churn_later_examples import LATER_EXAMPLES
from benchmarks.churn_odd_examples import ODD_EXAMPLES
from benchmarks.churn_rivals import boosting, logistic, plain
from benchmarks.churn_unseen_examples import UNSEEN_EXAMPLES
from ml.churn import train

_GENERATED = EXAMPLES | ODD_EXAMPLES | LATER_EXAMPLES | UNSEEN_EXAMPLES | FURTHER_EXAMPLES
_SMALL, _LARGE = 3_000, 20_000  # rows: of more than these there are fewer repeats; of more than _LARGE each fold is told
_YES = ("yes", "true", "1", "1.0", "churn", "churned")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("tables", nargs="*", metavar="NAME or PATH.parquet:LABEL", help="else every generated table")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", choices=list(_GENERATED), help="one generated table")
    given = parser.parse_args()
    names = [*given.only, *given.tables] or list(_GENERATED)
    unknown = [name for name in names if name not in _GENERATED and not Path(name.rpartition(":")[0]).is_file()]
    if unknown:
        parser.error(f"{unknown[0]}: neither a generated table nor PATH.parquet:LABEL; the tables are {', '.join(_GENERATED)}")
    print(f"{'table':22}{'rows':>8}  {'auc':>7}{'logistic':>9}{'boosting':>9}{'sd':>7}{'behind':>8}", end="")
    print(f"  {'brier':>7}{'logistic':>9}{'boosting':>9}{'sd':>7}{'behind':>8}  {'s a fit':>7}  chosen", flush=True)
    for name in names:
        show(name, *read(name))


def read(name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """A generated table by name, or a Parquet file by path and name of its label."""
    if name in _GENERATED:
        return _GENERATED[name]()
    path, _, label = name.rpartition(":")
    frame = pd.read_parquet(path)
    return frame.drop(columns=label), frame[label].astype(str).str.lower().isin(_YES).to_numpy(dtype=int)


def show(name: str, features: pd.DataFrame, label: np.ndarray) -> None:
    """One line."""
    rows: list[dict[str, object]] = []
    for seed, (inside, outside) in enumerate(halves(label)):
        rows.append(fold(features, label, inside, outside, seed))
        if len(label) > _LARGE:
            print(f"  {name}, fold {seed + 1}: {told(rows[-1])}", file=sys.stderr, flush=True)
    frame = pd.DataFrame(rows)
    cells = [f"{name.rsplit('/', 1)[-1][:21]:22}{len(label):>8}"]
    for metric, sign in (("auc", 1), ("brier", -1)):
        ours, rivals = frame[f"ours_{metric}"], frame[[f"logistic_{metric}", f"boosting_{metric}"]]
        best = rivals.iloc[:, int(np.argmax(sign * rivals.mean().to_numpy()))]
        spread = best.std() if len(best) > 1 else np.nan
        numbers = "".join(f"{value:9.4f}" for value in rivals.mean())
        cells.append(f"  {ours.mean():7.4f}{numbers}{spread:7.4f}{sign * (best.mean() - ours.mean()) / max(spread, 1e-9):8.2f}")
    print(f"{''.join(cells)}  {frame['seconds'].mean():7.1f}  {dict(frame['chosen'].value_counts())}", flush=True)


def told(scores: dict[str, object]) -> str:
    """What one fold came to, in words."""
    return ", ".join(f"{name} {value:.4f}" if isinstance(value, float) else f"{name} {value}" for name, value in scores.items())


def halves(label: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Splits in half, both ways, repeated the more often the smaller the table."""
    for repeat in range(5 if label.size <= _SMALL else 2 if label.size <= _LARGE else 1):
        yield from StratifiedKFold(2, shuffle=True, random_state=repeat).split(label, label)


def fold(features: pd.DataFrame, label: np.ndarray, inside: np.ndarray, outside: np.ndarray, seed: int) -> dict[str, object]:
    """Scores of the model and of its rivals on the rows outside."""
    begin = time.perf_counter()
    model = train(features.iloc[inside], label[inside], seed=seed)
    seconds = time.perf_counter() - begin
    read_plain = plain(features)
    before, after = read_plain.iloc[inside], read_plain.iloc[outside]
    forecasts = {
        "ours": model.predict(features.iloc[outside]).to_numpy(),
        "logistic": logistic(before, label[inside], after, seed),
        "boosting": boosting(before, label[inside], after, seed),
    }
    scores: dict[str, object] = {"seconds": seconds, "chosen": model.report["chosen"]}
    for name, probability in forecasts.items():
        scores[f"{name}_auc"] = roc_auc_score(label[outside], probability)
        scores[f"{name}_brier"] = brier_score_loss(label[outside], probability)
    return scores


if __name__ == "__main__":
    main()
