"""Which columns make customers respond differently, and how strongly: one answer for all actions together.

Comes in: `Sums` per arm over the same design, the control's first. Goes out: coefficients against the control (columns × actions).

Outcomes go with a column in much the same way whatever is done, and differently by a little under each arm: slopes of arms vary about a
common one, of which nothing is supposed (random slopes; Laird & Ware 1982). So no arm is the one that all others are measured by: the
noise of a control that a ninth of the customers got would be in every difference (reference-free; Zhou, Zhu & Qu 2023). With one action it
is the difference of two slopes, of information A and B: A (A + B)⁻¹ B.

Two priors of how slopes vary, in equal parts, since nobody knows which world it is; both let the arms share which columns matter, not how:
- a little in many columns: each has a variance of its own, found by its likelihood (MacKay 1992), most of them 0;
- much in few: a sum of single effects, each of one column or another (Wang, Sarkar, Carbonetto & Stephens 2020), so that among
  columns that say the same the evidence is pooled and not divided.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats
from ml.next_best_action.evidence import Sums

_ROUNDS, _SINGLE_EFFECTS = 60, 10
_MOST_VARIANCE = 1.0  # per unit of spread, on the log-odds
_LEAST = 1e-12


def learn_differences(arms: Sequence[Sums], groups: NDArray[np.int64]) -> Floats:
    """Coefficients; design columns of one group share their variance."""
    information = [one.information() for one in arms]
    moments = [one.slope() / max(one.variance(), 1e-300) for one in arms]
    varied, common = many_small(information, moments, groups)
    without = [moment - known @ common for known, moment in zip(information, moments, strict=True)]
    slopes = 0.5 * (varied + few_large(information, without, groups))
    return slopes[:, 1:] - slopes[:, :1]


def many_small(information: Sequence[Floats], moments: Sequence[Floats], groups: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Posterior means of normal deviations (columns × arms) whose variances, one per group, are the likeliest; and of common slopes."""
    size = len(moments[0])
    variance, varied = np.full(size, 0.01), np.zeros((size, len(moments)))
    for _ in range(_ROUNDS):
        root = np.sqrt(variance)
        spreads = [_spread(one, root) for one in information]  # of what is left of each arm's deviations, the common slopes told
        taken = [one @ spread for one, spread in zip(information, spreads, strict=True)]
        precision = sum((one - told @ one for one, told in zip(information, taken, strict=True)), start=np.zeros((size, size)))
        unsure = np.linalg.pinv(precision, hermitian=True)
        common = unsure @ sum((one - told @ one for one, told in zip(moments, taken, strict=True)), start=np.zeros(size))
        varied = np.column_stack([s @ (m - one @ common) for s, m, one in zip(spreads, moments, information, strict=True)])
        known = sum(1 - (np.diag(s) + ((t.T @ unsure) * t.T).sum(axis=1)) / variance for s, t in zip(spreads, taken, strict=True))
        pooled = np.bincount(groups, (varied**2).sum(axis=1)) / np.maximum(np.bincount(groups, known), _LEAST)
        variance = np.clip(pooled, 1e-9, _MOST_VARIANCE)[groups]
        if np.abs(np.sqrt(variance) - root).max() < 1e-4:
            break
    return varied, common


def _spread(information: Floats, root: Floats) -> Floats:
    return root[:, None] * np.linalg.inv(root[:, None] * information * root + np.eye(root.size)) * root


def few_large(information: Sequence[Floats], moments: Sequence[Floats], groups: NDArray[np.int64]) -> Floats:
    """Posterior mean of a sum of single deviations (columns × arms); one that explains nothing has variance 0 and adds nothing."""
    known, moment = np.stack(information), np.stack(moments)
    diagonal = np.maximum(np.diagonal(known, axis1=1, axis2=2), _LEAST)
    prior = np.log(1 / np.bincount(groups)[groups] / np.unique(groups).size)
    prior[(diagonal <= 1e-6 * diagonal.max(axis=1, keepdims=True)).any(axis=0)] = -np.inf
    single = np.zeros((_SINGLE_EFFECTS, *moment.shape))
    variance = np.full((_SINGLE_EFFECTS, len(moment)), 0.05)
    for _ in range(_ROUNDS):
        before = single.sum(axis=0)
        for number in range(_SINGLE_EFFECTS):
            others = single.sum(axis=0) - single[number]
            rest = (moment - np.einsum("aij,aj->ai", known, others)) / diagonal
            single[number], variance[number] = _single(rest, 1 / diagonal, prior, variance[number])
        if np.abs(single.sum(axis=0) - before).max() < 1e-4:
            break
    return single.sum(axis=0).T


def _single(estimate: Floats, error: Floats, prior: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Posterior mean (arms × columns) of the deviations in one column, not known which; and their variances, one step likelier.

    `estimate`: of each column alone; `error`: its squared standard error.
    """
    for _ in range(3):
        chance, _ = _which(estimate, error, prior, variance)
        variance = np.maximum((chance * _deviations(estimate, error, variance)[1]).sum(axis=1), _LEAST)
    chance, evidence = _which(estimate, error, prior, variance)
    if evidence < 0:
        return np.zeros_like(estimate), np.full_like(variance, _LEAST)
    return chance * _deviations(estimate, error, variance)[0], variance


def _deviations(estimate: Floats, error: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Posterior means about a common slope of which nothing is supposed, and of their squares; if it is this column."""
    precision = 1 / (error + variance[:, None])
    kept = variance[:, None] * precision
    mean = kept * (estimate - _common(estimate, precision))
    return mean, mean**2 + kept * error + kept**2 / precision.sum(axis=0)


def _which(estimate: Floats, error: Floats, prior: Floats, variance: Floats) -> tuple[Floats, float]:
    """How likely each column is the one, and the log Bayes factor of there being one."""
    weight = prior + _likelihood(estimate, 1 / (error + variance[:, None])) - _likelihood(estimate, 1 / error)
    most = float(weight.max())
    chance = np.exp(weight - most)
    return chance / chance.sum(), most + float(np.log(chance.sum()))


def _likelihood(estimate: Floats, precision: Floats) -> Floats:
    """Its logarithm per column, but for a constant: of slopes that vary about a common one."""
    apart = (precision * (estimate - _common(estimate, precision)) ** 2).sum(axis=0)
    return 0.5 * (np.log(precision).sum(axis=0) - np.log(precision.sum(axis=0)) - apart)


def _common(estimate: Floats, precision: Floats) -> Floats:
    return (precision * estimate).sum(axis=0) / precision.sum(axis=0)
