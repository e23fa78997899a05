"""What is done beside other work comes to the same as if it were done here, and ends when nobody wants it any more."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pandas as pd
import pytest

from ml import beside as module
from ml.beside import beside
from ml.nightly.aims import RETENTION
from ml.nightly.decision_judgement import fitted
from ml.refusal import Refused

_MANY = 10_000


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def _log(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"visits": random.poisson(3, rows).astype(float), "plan": random.choice(["free", "team", None], rows)})
    frame["action"] = random.choice(["nothing", "call"], rows)
    frame["propensity"] = 0.5
    helped = (frame["action"] == "call") & (frame["visits"] > 3)
    return frame.assign(**{RETENTION.outcome: (random.random(rows) < 0.5 + 0.2 * helped).astype(float)})


def test_a_policy_learnt_beside_is_the_one_learnt_here():
    log = _log(4_000)
    with beside(fitted, log, ["visits", "plan"], 3, rows=len(log)) as result:
        elsewhere = result()
    here = fitted(log, ["visits", "plan"], 3)
    assert elsewhere.to_parts()[0] == here.to_parts()[0]
    assert {name: values.tolist() for name, values in elsewhere.to_parts()[1].items()} == {
        name: values.tolist() for name, values in here.to_parts()[1].items()
    }


def test_it_is_another_process_where_that_pays_and_none_where_it_does_not(monkeypatch):
    def process_of(rows: int) -> int:
        with beside(os.getpid, rows=rows) as result:
            return result()

    assert process_of(_MANY) != os.getpid()
    assert process_of(100) == os.getpid()
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert process_of(_MANY) == os.getpid()


def test_what_it_raises_is_raised_where_the_result_is_asked_for():
    with pytest.raises(Refused, match="at least 200 are needed"), beside(fitted, _log(50), ["visits"], 0, rows=_MANY) as result:
        result()


def test_what_it_prints_is_no_part_of_the_result():
    with beside(print, "said", rows=_MANY) as result:
        assert result() is None


def test_it_ends_when_nobody_waits_for_it_any_more(monkeypatch):
    started = []
    popen = module.subprocess.Popen
    monkeypatch.setattr(module.subprocess, "Popen", lambda *given, **named: started.append(popen(*given, **named)) or started[-1])
    with pytest.raises(Refused), beside(time.sleep, 600, rows=_MANY):
        raise Refused("judged otherwise meanwhile")
    assert started[0].returncode == -signal.SIGKILL


def test_a_process_that_is_ended_from_outside_is_told():
    with pytest.raises(RuntimeError, match="ended with -9 and without a result"), beside(_end, rows=_MANY) as result:
        result()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
