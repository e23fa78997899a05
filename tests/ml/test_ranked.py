"""Ranks looked up in tables say what the design of ranks says, alone, in a batch, and for several actions at once."""

from __future__ import annotations

import numpy as np
import pytest

from ml.additive import ConstantScorer, MixedScorer, RankedScorer, Ranks, scores_of
from ml.encoding import Encoder

NOBODY = Encoder(())


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """Many values, few values, the same of nearly all, and what is often missing; some of them beyond all that was learnt from."""
    random = np.random.default_rng(0)
    columns = [random.normal(size=500), random.integers(0, 4, 500), np.where(np.arange(500) == 7, 9.0, 0.0), random.exponential(size=500)]
    matrix = np.column_stack(columns)
    matrix[random.random(500) < 0.3, 3] = np.nan
    return matrix


def scorers(codes: np.ndarray, count: int) -> list[RankedScorer]:
    ranks = Ranks.fit(codes[:400])
    return [RankedScorer(0.1 * seed, ranks, np.random.default_rng(seed).normal(size=8)) for seed in range(1, count + 1)]


def test_tables_say_what_the_design_says(codes):
    unseen = np.vstack([codes, [[-99, -99, -99, -99], [99, 99, 99, np.nan]]])
    for one in scorers(codes, 2):
        assert one.score(NOBODY, unseen) == pytest.approx(one.base + one.ranks.design(unseen) @ one.coefficients, abs=1e-12)
        parts = one.ranks.design(unseen) * one.coefficients
        assert one.parts(NOBODY, unseen) == pytest.approx(parts[:, :4] + parts[:, 4:], abs=1e-12)


def test_a_row_alone_scores_as_in_a_batch_and_beside_others(codes):
    one, other = scorers(codes, 2)
    mixed = MixedScorer(np.array([0.7, 0.3]), (other, ConstantScorer(2.0)))
    together = scores_of([one, mixed, RankedScorer(0.0, Ranks.fit(codes), one.coefficients)], NOBODY, codes)
    assert np.array_equal(together[:, 0], one.score(NOBODY, codes))
    assert together[:, 1] == pytest.approx(mixed.score(NOBODY, codes), abs=1e-12)
    assert not np.allclose(together[:, 2], together[:, 0])  # other ranks are not taken for the same
    for row in (0, 7, 499):
        assert np.array_equal(scores_of([one, mixed], NOBODY, codes[row : row + 1])[0], together[row, :2])
