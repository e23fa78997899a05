"""Actions that may only be done so often: the exact optimum, never exceeded, with propensities that stay exact."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from ml.nightly.aims import RETENTION
from ml.nightly.assignment import assign, within_capacities
from ml.nightly.choice import choose
from ml.nightly.decision_tables import PASSED, Night, decisions_table

CAPACITIES = {1: 20, 2: 35, 3: 10}


def _scores(rows: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    scores = random.normal(1, 2, (rows, 1)) + random.normal(0, 2, (rows, 5))
    scores[:, 0] = 0
    return scores


@pytest.mark.parametrize("seed", range(6))
def test_its_value_is_that_of_the_exact_optimum(seed):
    scores, everyone = _scores(200, seed), np.ones((200, 5), dtype=bool)
    order = np.random.default_rng(seed).random(200)
    got = assign(scores, everyone, order, CAPACITIES)
    for action, capacity in CAPACITIES.items():
        assert (got == action).sum() <= capacity
    places = np.concatenate([np.repeat(action, CAPACITIES.get(action, 200)) for action in range(5)])
    rows, columns = linear_sum_assignment(scores[:, places], maximize=True)
    best = scores[rows, places[columns]].sum()
    assert scores[np.arange(200), got].sum() == pytest.approx(best, rel=0.002)


def test_what_stays_open_cannot_exceed_a_capacity_and_spare_places_are_left_to_explore():
    scores, everyone = _scores(200, 9), np.ones((200, 5), dtype=bool)
    scores[:, 3] = -1.0  # nobody asks for it
    order = np.random.default_rng(9).random(200)
    kept = within_capacities(scores, everyone, order, CAPACITIES)
    assert kept.sum(axis=0).tolist() == [200, 20, 35, 10, 200]
    asked = assign(scores, everyone, order, CAPACITIES)
    assert kept[np.arange(200), asked].all()


def test_propensities_stay_exact_under_capacities():
    """1,000 draws of the same night: how often each action came is what was logged."""
    scores, passed, nobody = _scores(40, 3), np.ones((40, 5), dtype=bool), np.zeros(40, dtype=bool)
    random = np.random.default_rng(3)
    order, limits, times = random.random(40), {1: 5, 2: 5}, 1_000
    seen = np.zeros((40, 5))
    logged = np.full((40, 5), np.nan)
    each = np.arange(40)
    for _ in range(times):
        choice = choose(scores, passed, nobody, order, random.random(40), 0.4, None, limits)
        seen[each, choice.action] += 1
        logged[each, choice.action] = choice.propensity
        assert (choice.action == 1).sum() <= 5
    assert np.nansum(logged, axis=1) == pytest.approx(1)
    assert seen / times == pytest.approx(np.nan_to_num(logged), abs=0.06)
    assert choice.closed[:, 1].sum() == 35


def test_a_capacity_is_told_as_the_gate_that_removed():
    choice = choose(
        _scores(50, 1), np.ones((50, 5), dtype=bool), np.zeros(50, dtype=bool), np.arange(50.0), np.full(50, 0.9), 0.1, 12, {1: 3}
    )
    assert (choice.action > 0).sum() <= 12
    assert (choice.closed | (choice.propensity[:, None] > 0)).all()
    assert (~choice.closed[:, 1:]).any(axis=1).sum() == 12


def test_who_missed_a_place_is_told_so_and_who_nothing_pays_for_is_told_that():
    """Four customers, one place for the call: it pays for three of them, each a little less."""
    uplift = np.array([[0.0, 0.4], [0.0, 0.3], [0.0, 0.2], [0.0, -0.1]])
    night = Night(
        customers=np.array(list("abcd"), dtype=object),
        actions=["nothing", "call"],
        channels=[None, "phone"],
        aims=[None, RETENTION],
        versions=[None, "nba-1"],
        uplift=uplift,
        worth=np.full((4, 2), 100.0),
        cost=np.zeros((4, 2)),
        gate=np.full((4, 2), PASSED, dtype=np.int8),
        gates=[],
        offered=np.ones((4, 2), dtype=bool),
        holdout=np.zeros(4, dtype=bool),
    )
    for most, of_the_call in ((None, {1: 1}), (1, {})):
        choice = choose(night.scores, night.passed, night.holdout, np.arange(4) / 4, np.full(4, 0.9), 0.1, most, of_the_call)
        reasons = decisions_table(night, choice, date(2026, 1, 31), "p").column("reason").to_pylist()
        assert reasons[0].startswith("Expected to raise the chance of staying by 40")
        assert reasons[1:3] == ["Tonight's capacity went to customers for whom an action is worth more"] * 2
        assert reasons[3] == "No action is expected to pay for its cost"


@pytest.mark.parametrize("seed", range(4))
def test_who_is_alike_is_assigned_as_well_as_can_be(seed):
    """An effect that is the same for all, and three sizes of contracts: by prices alone up to 9 % of the value were lost."""
    random = np.random.default_rng(seed)
    scores = random.choice([1.0, 2.0, 5.0], (150, 1)) * [0, 0.5, 0.6, 0.3, 0.8] - [0, 0.2, 0.3, 0.1, 0.4]
    open_to = random.random((150, 5)) < 0.8
    open_to[:, 0] = True
    capacities = {action: int(random.integers(5, 50)) for action in range(1, 5)}
    got = assign(scores, open_to, random.random(150), capacities)
    assert open_to[np.arange(150), got].all()
    assert all((got == action).sum() <= most for action, most in capacities.items())
    places = np.concatenate([np.repeat(action, capacities.get(action, 150)) for action in range(5)])
    rows, columns = linear_sum_assignment(np.where(open_to, scores, -1e6)[:, places], maximize=True)
    assert scores[np.arange(150), got].sum() == pytest.approx(scores[rows, places[columns]].sum())
