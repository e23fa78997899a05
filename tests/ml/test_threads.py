"""Numerical work keeps to itself on a busy machine: BLAS takes one thread within it, and what the caller had after it; OpenMP
sleeps while it waits.
"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ml import evaluation
from ml.clv.fitting import maximise
from ml.threads import _libraries, quiet_threads


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


def test_libraries_that_have_threads_are_looked_for_once_while_python_reads_no_more_modules():
    with quiet_threads(10):
        looked = _libraries.cache_info().misses
    for _ in range(3):
        with quiet_threads(10):
            assert _threads() == {1}
    assert _libraries.cache_info().misses == looked


@pytest.mark.parametrize(("chosen", "waits"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")])
def test_openmp_sleeps_while_it_waits_unless_told_otherwise(chosen, waits):
    """OpenMP itself says on its first use what it was told."""
    code = "import ml; from sklearn.ensemble import HistGradientBoostingClassifier"
    told = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")} | {"OMP_DISPLAY_ENV": "true"}
    done = subprocess.run([sys.executable, "-c", code], env=told | chosen, capture_output=True, text=True, check=True)
    assert f"OMP_WAIT_POLICY = '{waits}'" in done.stderr
