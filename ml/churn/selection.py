"""Which candidate, by cross-validated log loss: the simplest within one standard error of the best.

Comes in: parsed columns, label, optionally the group (customer) and the moment of each row. Goes out: `Selection`.
Every fold learns its own encoder. With moments each fold is judged on a later moment than it learns from (`ml.churn.folds`);
else folds are random. The standard error is that of the paired difference per group: what is hard for every candidate cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats, quiet_threads
from ml.churn.candidates import CANDIDATES, WIDE, Candidate, staged_scores
from ml.churn.folds import Moments, Split, random_folds, rolling_folds
from ml.churn.survival import Months
from ml.churn.trials import Trial, mean_losses, mixture, told
from ml.encoding import Encoder, Parsed
from ml.evaluation import log_losses

_LEAST_GAIN = 0.002  # of the base rate's log loss, by the trees grown since the last look; less is not worth the time of more


@dataclass(frozen=True)
class Selection:
    """The chosen trial among all. `table`: per candidate its parts, log loss, distance to the best, that distance's standard error.

    `rows`: those that were judged, all of them unless folds roll through time; scores and `splits` count among them.
    """

    chosen: Trial
    table: list[dict[str, Any]]
    rows: NDArray[np.int64]
    splits: list[Split]
    rolls: bool


def select(
    parsed: Parsed,
    label: Floats,
    groups: NDArray[np.int64] | None,
    seed: int,
    moments: Moments | None = None,
    months: Months | None = None,
) -> Selection:
    """Cross-validate every candidate that suits the size of the table; survival where `months` say when customers left."""
    rolling = [] if moments is None else rolling_folds(moments, label)
    splits = [rolling] if rolling else _random(parsed, label, groups, seed)
    rows = np.sort(np.concatenate([outside for _, outside in splits[0]]))
    usable = [candidate for candidate in CANDIDATES if candidate.smallest_rows <= label.size <= candidate.largest_rows]
    usable = [candidate for candidate in usable if candidate.family != "survival" or months is not None]
    prepared = [[_prepare(parsed, label, split) for split in one] for one in splits]
    trials: list[Trial] = []
    with quiet_threads(label.size):
        for candidate in usable:
            if _is_worth_trying(candidate, trials):
                trials.append(_trial(candidate, prepared, splits, rows, label, seed, months))
    trials += mixture(trials, label[rows])
    chosen, table = _choose(trials, None if groups is None else groups[rows])
    among = [np.searchsorted(rows, outside) for _, outside in splits[0]]
    return Selection(chosen, table, rows, [(np.setdiff1d(np.arange(rows.size), one), one) for one in among], bool(rolling))


def _random(parsed: Parsed, label: Floats, groups: NDArray[np.int64] | None, seed: int) -> list[list[Split]]:
    repeats = 1 if len(parsed.values) > WIDE else 3 if label.size < 1500 else 2 if label.size < 4000 else 1
    # From a few thousand rows on, a third left out says as much as a fifth, in little more than half the time.
    folds = min(5 if label.size < 5000 else 3, int(label.sum()), int((1 - label).sum()))
    return [list(random_folds(label, groups, folds, seed + repeat)) for repeat in range(repeats)]


def _is_worth_trying(candidate: Candidate, trials: list[Trial]) -> bool:
    """Larger trees only where the smaller ones were the best so far: most tables of customers end there."""
    if candidate.family != "trees" or trials[-1].candidate.family != "trees":
        return True
    return trials[-1].losses.mean() <= min(trial.losses.mean() for trial in trials)


def _prepare(parsed: Parsed, label: Floats, split: Split) -> tuple[Encoder, Floats, Floats]:
    fitted = Encoder.fit(parsed.take(split[0]), label[split[0]])
    codes = fitted.codes(parsed)
    return fitted, codes[split[0]], codes[split[1]]


def _trial(
    candidate: Candidate,
    prepared: list[list[tuple[Encoder, Floats, Floats]]],
    splits: list[list[Split]],
    rows: NDArray[np.int64],
    label: Floats,
    seed: int,
    months: Months | None,
) -> Trial:
    """The stage with the least loss; trees grow in all folds alike until more of them hardly lower it."""
    growing = [
        staged_scores(candidate, encoder, train, label[inside], unseen, seed, None if months is None else months[inside])
        for repeat, folds in enumerate(prepared)
        for (encoder, train, unseen), (inside, _) in zip(folds, splits[repeat], strict=True)
    ]
    where = [(repeat, np.searchsorted(rows, outside)) for repeat, folds in enumerate(splits) for _, outside in folds]
    judged = label[rows]
    best, before = None, np.inf
    share = float(judged.mean())
    least = _LEAST_GAIN * float(log_losses(judged, np.full(judged.size, share)).mean())
    for looks in zip(*growing, strict=True):
        for stages in zip(*looks, strict=True):
            scores = np.empty((len(splits), rows.size))
            for (repeat, outside), (_, unseen_scores) in zip(where, stages, strict=True):
                scores[repeat, outside] = unseen_scores
            tried = Trial(candidate, stages[0][0], scores, mean_losses(judged, scores))
            best = tried if best is None or tried.losses.mean() < best.losses.mean() else best
        if best is not None and before - best.losses.mean() < least:
            break
        before = before if best is None else float(best.losses.mean())
    assert best is not None
    return best


def _choose(trials: list[Trial], groups: NDArray[np.int64] | None) -> tuple[Trial, list[dict[str, Any]]]:
    best = min(trials, key=lambda trial: trial.losses.mean())
    table: list[dict[str, Any]] = []
    within: list[Trial] = []
    for trial in sorted(trials, key=lambda trial: trial.candidate.complexity):
        behind = trial.losses - best.losses
        error = clustered_error(behind, groups)
        if behind.mean() <= error:
            within.append(trial)
        row = {"log_loss": float(trial.losses.mean()), "behind_best": float(behind.mean()), "standard_error": error}
        table.append({"candidate": trial.candidate.name, "trees": trial.trees, "parts": told(trial.parts), **row})
    return within[0], table


def clustered_error(values: Floats, groups: NDArray[np.int64] | None) -> float:
    """Standard error of the mean of `values` when rows of one group are not independent."""
    centred = values - values.mean()
    summed = centred if groups is None else np.bincount(groups, weights=centred)
    return float(np.sqrt((summed**2).sum()) / values.size)
