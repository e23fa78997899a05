"""Several scorers of the same rows at once: what they all look up is looked up once.

Comes in: scorers, `codes`. Goes out: scores, rows × scorers. The policies of a night score everybody for every action; the linear part of
all their effects ranks the same columns by the same knots, which took four fifths of the time when each did it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ml.additive.mixed import MixedScorer
from ml.additive.ranked import RankedScorer
from ml.additive.scorers import Floats, Scorer
from ml.encoding import Encoder


def scores_of(scorers: Sequence[Scorer], encoder: Encoder, codes: Floats) -> Floats:
    """Rows × scorers; each as its own `score` says, to the last digits."""
    parts = [(number, weight, part) for number, scorer in enumerate(scorers) for weight, part in _parts(scorer)]
    scores = np.zeros((len(codes), len(scorers)))
    for alike in _alike([(number, weight, part) for number, weight, part in parts if isinstance(part, RankedScorer)]):
        found = alike[0][2].ranks.scores(codes, np.column_stack([part.coefficients for _, _, part in alike]))
        for position, (number, weight, ranked) in enumerate(alike):
            scores[:, number] += weight * (ranked.base + found[:, position])
    for number, weight, part in parts:
        if not isinstance(part, RankedScorer):
            scores[:, number] += weight * part.score(encoder, codes)
    return scores


def _parts(scorer: Scorer) -> Iterator[tuple[float, Scorer]]:
    if isinstance(scorer, MixedScorer):
        for weight, part in zip(scorer.weights, scorer.scorers, strict=True):
            yield from ((float(weight) * inner, one) for inner, one in _parts(part))
    else:
        yield 1.0, scorer


_Ranked = tuple[int, float, RankedScorer]


def _alike(ranked: Sequence[_Ranked]) -> list[list[_Ranked]]:
    """Those with the same ranks together."""
    groups: list[list[_Ranked]] = []
    for one in ranked:
        same = next((group for group in groups if _same(group[0][2], one[2])), None)
        if same is None:
            groups.append([one])
        else:
            same.append(one)
    return groups


def _same(one: RankedScorer, other: RankedScorer) -> bool:
    return all(np.array_equal(mine, theirs) for mine, theirs in zip(vars(one.ranks).values(), vars(other.ranks).values(), strict=True))
