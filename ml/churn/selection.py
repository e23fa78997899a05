"""Which candidate, by cross-validated log loss: the simplest within one standard error of the best.

A large table is asked twice: all candidates on some of its rows, then the finalists on all of them, because more rows bear more trees:
as many as suit a third of the rows leave probabilities too close to each other (calibration slope 1.37 at 100,000 rows).

Comes in: examples. Goes out: `Selection`.
Every fold learns its own encoder. With moments each fold is judged on a later moment than it learns from (`ml.churn.folds`);
else folds are random. The standard error is that of the paired difference per group: what is hard for every candidate cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats
from ml.churn.candidates import CANDIDATES, WIDE, Candidate, Rows, staged_scores
from ml.churn.examples import Examples
from ml.churn.folds import Split, random_folds, rolling_folds
from ml.churn.trials import Trial, mean_losses, mixture, told
from ml.encoding import Encoder
from ml.evaluation import log_losses
from ml.threads import quiet_threads

_LEAST_GAIN, _PATIENCE = 0.002, 2  # of the base rate's log loss, by so many chunks of trees; less is not worth the time of more


@dataclass(frozen=True)
class Selection:
    """The chosen trial among all. `table`: per candidate its parts, log loss, distance to the best, that distance's standard error.

    `rows`: those that were judged, all of them unless folds roll through time or there is one only; scores and `splits` count among them.
    `finalists`: what the chosen one and the best are made of, and the base rate, simplest first.
    """

    chosen: Trial
    table: list[dict[str, Any]]
    rows: NDArray[np.int64]
    splits: list[Split]
    rolls: bool
    finalists: list[Candidate]


def select(examples: Examples, seed: int) -> Selection:
    """Cross-validate every candidate that suits the size of the table; survival where it is known when customers left."""
    rolling = [] if examples.moments is None else rolling_folds(examples.moments, examples.label)
    usable = [candidate for candidate in CANDIDATES if candidate.smallest_rows <= examples.size <= candidate.largest_rows]
    usable = [candidate for candidate in usable if candidate.family != "survival" or examples.months is not None]
    return _competed(usable, [rolling] if rolling else _random(examples, seed), examples, seed, bool(rolling))


def settle(first: Selection, examples: Examples, seed: int) -> Selection:
    """The finalists of `first` again, on more rows than it was made on: learnt from nearly all, judged on the newest moment or a third."""
    rolling = [] if examples.moments is None else rolling_folds(examples.moments, examples.label)
    split = rolling[-1] if rolling else next(random_folds(examples.label, examples.groups, 3, seed))
    return _competed(first.finalists, [[split]], examples, seed, bool(rolling))


def _competed(candidates: list[Candidate], splits: list[list[Split]], examples: Examples, seed: int, rolls: bool) -> Selection:
    rows = np.sort(np.concatenate([outside for _, outside in splits[0]]))
    prepared = [[_prepare(examples, split) for split in one] for one in splits]
    trials: list[Trial] = []
    with quiet_threads(examples.size):
        for candidate in candidates:
            if _is_worth_trying(candidate, trials):
                trials.append(_trial(candidate, prepared, splits, rows, examples.label[rows], seed))
    trials += mixture(trials, examples.label[rows])
    groups = None if examples.groups is None else examples.groups[rows]
    chosen, table = _choose(trials, groups)
    crossing = _crossing(splits[0], rows, examples.label[rows], groups, seed)
    return Selection(chosen, table, rows, crossing, rolls, _finalists(chosen, trials))


def _crossing(folds: list[Split], rows: NDArray[np.int64], label: Floats, groups: NDArray[np.int64] | None, seed: int) -> list[Split]:
    """Splits of the judged rows by which a correction is learnt from some and tried on others."""
    if len(folds) == 1:
        return list(random_folds(label, groups, 2, seed))
    among = [np.searchsorted(rows, outside) for _, outside in folds]
    return [(np.setdiff1d(np.arange(rows.size), one), one) for one in among]


def _finalists(chosen: Trial, trials: list[Trial]) -> list[Candidate]:
    best = min(trials, key=lambda trial: trial.losses.mean())
    parts = {part.candidate.name for trial in (chosen, best) for part in trial.parts}
    return [one.candidate for one in trials if one.candidate.name in parts or one.candidate.family == "constant"]


def _random(examples: Examples, seed: int) -> list[list[Split]]:
    label = examples.label
    repeats = 1 if len(examples.parsed.values) > WIDE else 3 if label.size < 1500 else 2 if label.size < 4000 else 1
    # From a few thousand rows on, a third left out says as much as a fifth, in little more than half the time.
    customers = np.arange(label.size) if examples.groups is None else examples.groups
    folds = min(5 if label.size < 5000 else 3, *(np.unique(customers[label == side]).size for side in (0, 1)))
    return [list(random_folds(label, examples.groups, folds, seed + repeat)) for repeat in range(repeats)]


def _is_worth_trying(candidate: Candidate, trials: list[Trial]) -> bool:
    """Larger trees only where the smaller ones were the best so far: most tables of customers end there."""
    if candidate.family != "trees" or trials[-1].candidate.family != "trees":
        return True
    return trials[-1].losses.mean() <= min(trial.losses.mean() for trial in trials)


def _prepare(examples: Examples, split: Split) -> tuple[Rows, Floats]:
    """What to learn from, and codes of what is judged."""
    inside, outside = split
    encoder = Encoder.fit(examples.parsed.take(inside), examples.label[inside])
    codes = encoder.codes(examples.parsed)
    months = None if examples.months is None else examples.months[inside]
    return Rows(encoder, codes[inside], examples.label[inside], months), codes[outside]


def _trial(
    candidate: Candidate,
    prepared: list[list[tuple[Rows, Floats]]],
    splits: list[list[Split]],
    rows: NDArray[np.int64],
    judged: Floats,
    seed: int,
) -> Trial:
    """The stage with the least loss; trees grow in all folds alike until more of them hardly lower it. `judged`: labels of `rows`."""
    growing = [staged_scores(candidate, *fold, seed) for folds in prepared for fold in folds]
    where = [(repeat, np.searchsorted(rows, outside)) for repeat, folds in enumerate(splits) for _, outside in folds]
    base = float(log_losses(judged, np.full(judged.size, judged.mean())).mean())
    best, reached = None, [np.inf] * _PATIENCE
    for looks in zip(*growing, strict=True):
        for stages in zip(*looks, strict=True):
            scores = np.empty((len(splits), rows.size))
            for (repeat, outside), (_, unseen_scores) in zip(where, stages, strict=True):
                scores[repeat, outside] = unseen_scores
            tried = Trial(candidate, stages[0][0], scores, mean_losses(judged, scores))
            best = tried if best is None or tried.losses.mean() < best.losses.mean() else best
        reached.append(np.inf if best is None else float(best.losses.mean()))
        if reached[-1 - _PATIENCE] - reached[-1] < _LEAST_GAIN * base:
            break
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
