"""Outcomes in money: a handful of decisions must not say as much as all others together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.next_best_action import fit_policy
from ml.next_best_action.surprises import tamed

pytestmark = pytest.mark.thorough


_RANDOM = np.random.default_rng(0)
_MONEY = _RANDOM.lognormal(-(1.3**2) / 2, 1.3, 5000) - 1
_ORDINARY = {
    "normal": _RANDOM.normal(size=5000),
    "one in three hundred buys": np.where(_RANDOM.random(5000) < 0.003, 100.0, 0.0) - 0.3,
    "nothing": np.zeros(200),
}


@pytest.mark.parametrize("left", _ORDINARY.values(), ids=list(_ORDINARY))
def test_what_is_no_surprise_is_left_alone(left):
    assert (tamed(left) == left).all()


def test_of_money_the_largest_are_cut_and_no_more_than_a_twentieth_is_lost():
    kept = tamed(_MONEY)
    assert kept.var() < 0.7 * _MONEY.var()
    assert 0 < (np.abs(_MONEY) - np.abs(kept)).sum() <= 0.05 * np.abs(_MONEY).sum()
    assert np.abs(_MONEY[kept != _MONEY]).min() >= np.abs(kept).max()


def test_whom_to_treat_is_learnt_from_money():
    """Spend of a wide spread; an offer raises that of half of the customers and lowers that of the others, and none of it showed."""
    right = []
    for seed in (1, 3):
        random = np.random.default_rng(seed)
        frame = pd.DataFrame(random.normal(size=(2000, 4)), columns=list("abcd"))
        offered, helps = random.random(2000) < 0.5, frame["a"] > 0
        spent = 30 * np.where(offered, np.where(helps, 1.4, 0.6), 1.0) * random.lognormal(-0.85, 1.3, 2000)
        policy = fit_policy(frame, np.where(offered, "offer", "nothing"), 0.5, spent, control="nothing", seed=seed)
        right.append(float(((policy.choose(frame) == "offer") == helps).mean()))
    assert min(right) > 0.9


@pytest.mark.parametrize("unit", [100.0, 0.001])
def test_money_teaches_the_same_in_dollars_in_cents_and_in_thousands(unit):
    random = np.random.default_rng(5)
    frame = pd.DataFrame(random.normal(size=(4000, 6)), columns=list("abcdef"))
    offered = random.random(4000) < 0.5
    spent = 30 + 5 * frame["b"].to_numpy() + offered * (3 * frame["a"] + 2 * frame["c"]).to_numpy() + random.normal(0, 20, 4000)
    policies = [
        fit_policy(frame, np.where(offered, "offer", "nothing"), 0.5, one * spent, cost={"offer": one}, control="nothing")
        for one in (1.0, unit)
    ]
    first, second = (policy.values(frame)["offer"].to_numpy() for policy in policies)
    assert policies[0].report["effects"][0]["is_personal"]
    assert second / unit == pytest.approx(first, rel=0.01)
    assert (policies[0].choose(frame) == policies[1].choose(frame)).mean() > 0.99
