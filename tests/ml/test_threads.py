"""Numerical work keeps to itself on a busy machine: BLAS takes one thread within it, and what the caller had after it."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from ml import evaluation
from ml.clv.fitting import maximise


def _threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_a_likelihood_and_metrics_are_summed_on_one_thread(monkeypatch):
    seen = []

    def likelihood(params):
        seen.append(_threads())
        return -float(((np.log(params) - 1) ** 2).sum()), -2 * (np.log(params) - 1) / params

    metrics = evaluation._metrics
    monkeypatch.setattr(evaluation, "_metrics", lambda *given: seen.append(_threads()) or metrics(*given))
    with threadpool_limits(limits=2, user_api="blas"):
        maximise("bowl", ["one"], likelihood, [[1.0]], 1.0)
        evaluation.evaluate([0, 1, 1, 0], [0.2, 0.7, 0.6, 0.4], draws=2)
        assert _threads() == {2}
    assert len(seen) > 5
    assert all(one == {1} for one in seen)
