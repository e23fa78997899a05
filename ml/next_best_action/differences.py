"""Which columns make customers respond differently, and how strongly: one answer for all actions together.

Comes in: a `Contrast` per action over the same design. Goes out: coefficients (columns × actions).
Two priors, in equal parts, since nobody knows which world it is; both let the actions share which columns matter, not how:
- many small differences: each column has a variance of its own, found by its likelihood (MacKay 1992), most of them 0;
- few large ones: a sum of single effects, each of one column or another (Wang, Sarkar, Carbonetto & Stephens 2020), so that among
  columns that say the same the evidence is pooled and not divided.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats
from ml.next_best_action.contrasts import Contrast

_ROUNDS, _SINGLE_EFFECTS = 60, 10
_MOST_VARIANCE = 1.0  # per unit of spread, on the log-odds
_LEAST = 1e-12


def learn_differences(found: Sequence[Contrast], groups: NDArray[np.int64]) -> Floats:
    """Coefficients; design columns of one group share their variance."""
    scale = max(_LEAST, float(np.mean([one.noise for one in found])))
    grams = [one.gram / one.noise if one.noise > 0 else one.gram / scale for one in found]
    moments = [one.moment / one.noise if one.noise > 0 else one.moment / scale for one in found]
    return 0.5 * (many_small(grams, moments, groups) + few_large(grams, moments, groups))


def many_small(grams: Sequence[Floats], moments: Sequence[Floats], groups: NDArray[np.int64]) -> Floats:
    """Posterior means of normal coefficients whose variances, one per group, are the likeliest."""
    size = len(moments[0])
    variance, beta = np.full(size, 0.01), np.zeros((size, len(grams)))
    for _ in range(_ROUNDS):
        root, known, squares = np.sqrt(variance), np.zeros(size), np.zeros(size)
        for action, (gram, moment) in enumerate(zip(grams, moments, strict=True)):
            inverse = np.linalg.inv(root[:, None] * gram * root + np.eye(size))
            beta[:, action] = root * (inverse @ (root * moment))
            squares += beta[:, action] ** 2
            known += 1 - np.diag(inverse)
        pooled = np.bincount(groups, squares) / np.maximum(np.bincount(groups, known), _LEAST)
        before, variance = root, np.clip(pooled, 1e-9, _MOST_VARIANCE)[groups]
        if np.abs(np.sqrt(variance) - before).max() < 1e-4:
            break
    return beta


def few_large(grams: Sequence[Floats], moments: Sequence[Floats], groups: NDArray[np.int64]) -> Floats:
    """Posterior mean of a sum of single effects; an effect that explains nothing has variance 0 and adds nothing."""
    gram, moment = np.stack(grams), np.stack(moments)
    diagonal = np.maximum(np.diagonal(gram, axis1=1, axis2=2), _LEAST)
    prior = np.log(1 / np.bincount(groups)[groups] / np.unique(groups).size)
    prior[(diagonal <= 1e-6 * diagonal.max(axis=1, keepdims=True)).any(axis=0)] = -np.inf
    single = np.zeros((_SINGLE_EFFECTS, *moment.shape))
    variance = np.full((_SINGLE_EFFECTS, len(grams)), 0.05)
    for _ in range(_ROUNDS):
        before = single.sum(axis=0)
        for number in range(_SINGLE_EFFECTS):
            others = single.sum(axis=0) - single[number]
            rest = (moment - np.einsum("aij,aj->ai", gram, others)) / diagonal
            single[number], variance[number] = _single_effect(rest, 1 / diagonal, prior, variance[number])
        if np.abs(single.sum(axis=0) - before).max() < 1e-4:
            break
    return single.sum(axis=0).T


def _single_effect(estimate: Floats, error: Floats, prior: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Posterior mean (actions × columns) of the effect of one column, not known which; and its variances, one step likelier.

    `estimate`: of each column alone; `error`: its squared standard error.
    """
    for _ in range(3):
        chance, _ = _which(estimate, error, prior, variance)
        kept = variance[:, None] / (variance[:, None] + error)
        mean = kept * estimate
        variance = np.maximum((chance * (mean**2 + kept * error)).sum(axis=1), _LEAST)
    chance, evidence = _which(estimate, error, prior, variance)
    if evidence < 0:
        return np.zeros_like(estimate), np.full_like(variance, _LEAST)
    return chance * estimate * variance[:, None] / (variance[:, None] + error), variance


def _which(estimate: Floats, error: Floats, prior: Floats, variance: Floats) -> tuple[Floats, float]:
    """How likely each column is the one, and the log Bayes factor of there being one."""
    both = error + variance[:, None]
    weight = prior + 0.5 * (np.log(error / both) + estimate**2 / error * variance[:, None] / both).sum(axis=0)
    most = float(weight.max())
    chance = np.exp(weight - most)
    return chance / chance.sum(), most + float(np.log(chance.sum()))
