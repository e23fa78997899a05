"""Next best action and off-policy evaluation on customers whose response to every action is known."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ml.means import mean_interval
from ml.next_best_action import Policy, fit_policy
from ml.policy_comparison import compare
from ml.policy_evaluation import evaluate
from ml.refusal import Refused

ACTIONS = np.array(["nothing", "call", "mail"])


def _world(rows: int, effects: str, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features, action, propensity, outcome, and the true expected outcome of every action."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": random.normal(size=rows), "b": random.normal(size=rows), "s": random.choice(["u", "v", None], rows)})
    change = {
        "none": np.zeros((rows, 3)),
        "opposite": np.column_stack([np.zeros(rows), np.where(frame["b"] > 0, 0.2, -0.2), np.full(rows, -0.05)]),
        "constant": np.column_stack([np.zeros(rows), np.full(rows, 0.12), np.full(rows, -0.05)]),
    }[effects]
    truth = (0.5 + 0.1 * np.tanh(frame["a"])).to_numpy()[:, None] + change
    chances = np.where((frame["a"] > 0).to_numpy()[:, None], [0.5, 0.3, 0.2], [0.3, 0.3, 0.4])
    taken = (random.random((rows, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    each = np.arange(rows)
    return frame, ACTIONS[taken], chances[each, taken], (random.random(rows) < truth[each, taken]).astype(float), truth


def _true_value(policy: Policy, effects: str) -> tuple[float, np.ndarray]:
    frame, _, _, _, truth = _world(5000, effects, seed=99)
    chosen = pd.Index(ACTIONS).get_indexer(policy.choose(frame))
    return float(truth[np.arange(5000), chosen].mean()), truth.mean(axis=0)


def test_opposite_effects_are_found_and_beat_every_constant_action():
    frame, action, propensity, outcome, _ = _world(3000, "opposite", seed=1)
    value, constants = _true_value(fit_policy(frame, action, propensity, outcome, control="nothing"), "opposite")
    assert value > constants.max() + 0.06  # an oracle gains 0.1


def test_a_constant_effect_is_taken_for_everyone():
    frame, action, propensity, outcome, _ = _world(3000, "constant", seed=2)
    value, constants = _true_value(fit_policy(frame, action, propensity, outcome, control="nothing"), "constant")
    assert value == pytest.approx(constants.max(), abs=0.01)


def test_noise_rarely_beats_what_an_action_costs():
    """Free of charge there is nothing to lose: whoever has to choose on no evidence may as well act."""
    treated, cost = [], {"call": 0.05, "mail": 0.05}
    for seed in range(4):
        frame, action, propensity, outcome, _ = _world(600, "none", seed)
        policy = fit_policy(frame, action, propensity, outcome, cost=cost, control="nothing")
        treated.append((policy.choose(frame) != "nothing").mean())
    assert np.median(treated) == 0
    assert np.mean(treated) <= 0.25


def test_an_action_that_costs_more_than_it_brings_is_not_chosen():
    frame, action, propensity, outcome, _ = _world(3000, "constant", seed=2)
    policy = fit_policy(frame, action, propensity, outcome, cost={"call": 0.3}, control="nothing")
    assert (policy.choose(frame) == "nothing").all()
    per_decision = np.where(action == "call", 0.3, 0.0)
    same = fit_policy(frame, action, propensity, outcome, cost=per_decision, control="nothing")
    assert same.values(frame).to_numpy() == pytest.approx(policy.values(frame).to_numpy())


def test_values_are_on_the_scale_of_the_outcome_and_agree_with_the_choice():
    frame, action, propensity, outcome, truth = _world(3000, "opposite", seed=3)
    policy = fit_policy(frame, action, propensity, outcome, control="nothing")
    values = policy.values(frame)
    assert list(values.columns) == ["nothing", "call", "mail"]
    assert values["nothing"].mean() == pytest.approx(truth[:, 0].mean(), abs=0.05)
    best = values.max(axis=1).to_numpy()
    chosen = values.to_numpy()[np.arange(3000), values.columns.get_indexer(policy.choose(frame))]
    assert chosen == pytest.approx(best)


def test_a_policy_survives_being_written_down():
    frame, action, propensity, outcome, _ = _world(2000, "opposite", seed=4)
    policy = fit_policy(frame, action, propensity, outcome, control="nothing")
    described, arrays = policy.to_parts()
    assert Policy.from_parts(json.loads(json.dumps(described)), arrays).values(frame).equals(policy.values(frame))


def test_too_little_or_impossible_logs_are_refused():
    frame, action, propensity, outcome, _ = _world(300, "none", seed=5)
    with pytest.raises(Refused, match="at least 200"):
        fit_policy(frame.iloc[:100], action[:100], propensity[:100], outcome[:100], control="nothing")
    with pytest.raises(Refused, match="0 of them 'wait'"):
        fit_policy(frame, action, propensity, outcome, control="wait")
    with pytest.raises(ValueError, match="propensity"):
        fit_policy(frame, action, np.zeros(300), outcome, control="nothing")


def test_every_estimator_covers_the_true_value_of_a_fixed_policy():
    frame, action, propensity, outcome, truth = _world(4000, "opposite", seed=6)
    chosen = np.where(frame["b"] > 0, "call", "nothing")
    value = truth[np.arange(4000), np.where(frame["b"] > 0, 1, 0)].mean()
    for features in (None, frame):
        found = evaluate(chosen, action, propensity, outcome, features)
        assert found["estimator"].tolist() == ["IPS", "SNIPS", "DR"]
        assert (found["low"] < value).all()
        assert (value < found["high"]).all()
    widths = (found["high"] - found["low"]).tolist()
    assert widths[2] < widths[0]  # what the model explains, the weights need not
    weights = (chosen == action) / propensity
    assert found.loc[0, "effective_sample_size"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


@pytest.mark.parametrize(
    ("rows", "share", "is_money", "least"),
    [(400, 0.03, False, 0.93), (400, 0.5, True, 0.91), (60, 0.5, False, 0.93)],
)
def test_an_interval_holds_the_value_as_often_as_it_says(rows, share, is_money, least):
    """Rare actions and money lean the estimate: its normal interval held the truth in 87 to 90 of a hundred of the first two logs."""
    random, held = np.random.default_rng(3), []
    for _ in range(150):
        taken = random.random(rows) < share
        chance = 0.3 + 0.2 * taken
        outcome = chance * random.lognormal(-1.125, 1.5, rows) if is_money else (random.random(rows) < chance).astype(float)
        found = evaluate("call", np.where(taken, "call", "nothing"), np.where(taken, share, 1 - share), outcome)
        if np.isfinite(found["value"]).all():
            held.append(((found["low"] <= 0.5) & (found["high"] >= 0.5)).tolist())
    assert (np.mean(held, axis=0) >= least).all()


def test_without_lean_an_interval_is_students_and_with_one_decision_there_is_none():
    values = np.array([-1.0, 1.0] * 50)
    assert mean_interval(values, 100) == pytest.approx((0, -1.9842 * 0.100504, 1.9842 * 0.100504), abs=1e-5)
    assert np.isnan(mean_interval(values[:1], 1)[1:]).all()


def test_a_choice_the_log_never_made_has_no_estimate():
    frame, action, propensity, outcome, _ = _world(300, "none", seed=7)
    found = evaluate(["gift"] * 300, action, propensity, outcome, frame)
    assert found["value"].isna().all()
    assert (found["effective_sample_size"] == 0).all()


def test_a_policy_may_only_claim_what_its_interval_clears():
    frame, action, propensity, outcome, truth = _world(6000, "opposite", seed=8)
    personal = np.where(frame["b"] > 0, "call", "nothing")
    found = compare(personal, action, propensity, outcome, frame, control="nothing").set_index("rival")
    assert found.index.tolist() == ["nothing", "call for all", "what was done"]
    assert found["may_claim"].all()
    gain = truth[np.arange(6000), np.where(frame["b"] > 0, 1, 0)].mean() - truth[:, 0].mean()
    assert found.loc["nothing", "low"] < gain < found.loc["nothing", "high"]
    costly = compare(personal, action, propensity, outcome, frame, control="nothing", cost={"call": 0.5}).set_index("rival")
    assert costly.loc["nothing", "verdict"].startswith("worse")
    assert not costly["may_claim"].any()


def test_where_one_action_is_best_for_all_no_policy_may_claim_to_beat_it():
    frame, action, propensity, outcome, _ = _world(6000, "constant", seed=9)
    choices = {"everyone": np.full(6000, "call", dtype=object), "by chance": np.where(frame["b"] > 0, "call", "nothing")}
    for chosen in choices.values():
        found = compare(chosen, action, propensity, outcome, frame, control="nothing").set_index("rival")
        assert found.loc["nothing", "may_claim"]
        assert not found.loc["call for all", "may_claim"]


def test_a_comparison_on_too_few_decisions_is_refused():
    frame, action, propensity, outcome, _ = _world(250, "constant", seed=10)
    found = compare(np.full(250, "mail", dtype=object), action, propensity, outcome, frame, control="nothing")
    assert found["gain"].isna().all()
    assert not found["may_claim"].any()
    assert found["verdict"].str.contains("effective sample size").all()


def test_what_the_log_never_offered_may_not_be_claimed():
    """Half the customers could never be called: calling all of them is judged by the outcome model alone."""
    frame, action, propensity, outcome, _ = _world(6000, "constant", seed=11)
    closed = (frame["a"] > 0).to_numpy() & (action != "nothing")
    kept, share = ~closed, np.where((frame["a"] > 0).to_numpy(), 0.999, propensity)
    found = compare(["call"] * kept.sum(), action[kept], share[kept], outcome[kept], frame[kept], control="nothing").set_index("rival")
    assert not found["may_claim"].any()
    assert "not to be claimed" in found.loc["nothing", "verdict"]
