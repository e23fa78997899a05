"""What callers really pass: labels in another order, codes for names, seconds for weeks, costs in every form, and no input at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.churn import train
from ml.clv import fit_bgbb, fit_bgnbd, fit_gamma_gamma, fit_mbg_nbd, fit_pareto_nbd
from ml.logged import as_logged, checked_actions
from ml.next_best_action import Policy, fit_policy
from ml.next_best_action.costs import action_costs
from ml.policy_evaluation import evaluate
from ml.refusal import Refused


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """A call changes the outcome by 1 or −1 with the sign of x; a mail does nothing."""
    random = np.random.default_rng(0)
    x, action = random.normal(size=1200), random.choice(["nothing", "call", "mail"], 1200)
    outcome = np.where(action == "call", np.sign(x), 0.0) + random.normal(0, 0.5, 1200)
    return pd.DataFrame({"x": x, "action": action, "outcome": outcome}, index=[f"k{number}" for number in range(1200)])


def _fitted(log: pd.DataFrame, **changed) -> Policy:
    given = {"action": log["action"], "propensity": 1 / 3, "outcome": log["outcome"], "control": "nothing"} | changed
    return fit_policy(log[["x"]], **given)


def test_series_are_put_in_the_order_of_the_features_by_their_labels(log):
    shuffled = log.sample(frac=1, random_state=1)
    third = pd.Series(1 / 3, index=log.index)
    policy = _fitted(log, action=shuffled["action"], propensity=third[::-1], outcome=shuffled["outcome"])
    assert (policy.values(log) == _fitted(log).values(log)).all().all()
    chosen = pd.Series(np.where(log["x"] > 0, "call", "nothing"), index=log.index)
    told = evaluate(chosen, log["action"], 1 / 3, log["outcome"], log[["x"]])
    again = evaluate(chosen.sample(frac=1, random_state=2), shuffled["action"], third, shuffled["outcome"], log[["x"]])
    assert again.equals(told)
    by_position = evaluate(chosen.reset_index(drop=True), log["action"].tolist(), 1 / 3, log["outcome"].to_numpy(), log[["x"]])
    assert by_position.equals(told)


def test_actions_that_are_numbers_come_back_as_numbers(log):
    codes = log["action"].map({"nothing": 0, "call": 1, "mail": 2})
    policy = _fitted(log, action=codes, control=0)
    chosen = policy.choose(log)
    assert set(chosen) == {0, 1}
    assert policy.values(log).columns.tolist() == [0, 1, 2]
    assert (chosen == (_fitted(log).choose(log) == "call")).all()
    assert (Policy.from_parts(*policy.to_parts()).choose(log) == chosen).all()
    told = evaluate(chosen, codes.astype(float), 1 / 3, log["outcome"])
    assert told.equals(evaluate(chosen.astype(str), codes, 1 / 3, log["outcome"]))
    assert told["effective_sample_size"].iloc[0] > 100


def test_treated_or_not_comes_back_as_it_was_told(log):
    treated = (log["action"] == "call").astype("boolean")
    chosen = _fitted(log, action=treated, propensity=np.where(log["action"] == "call", 1 / 3, 2 / 3), control=False).choose(log)
    assert chosen.dtype == bool
    assert (chosen == (log["x"] > 0)).mean() > 0.9


def test_treated_or_not_is_one_or_nought(log):
    treated, propensity = log["action"] == "call", np.where(log["action"] == "call", 1 / 3, 2 / 3)
    wanted = log["x"] > 0
    as_numbers = evaluate(wanted.astype(int), treated.astype(int), propensity, log["outcome"])
    pd.testing.assert_frame_equal(evaluate(wanted, treated.astype(int), propensity, log["outcome"]), as_numbers)
    pd.testing.assert_frame_equal(evaluate(wanted.astype(int), treated, propensity, log["outcome"]), as_numbers)
    assert _fitted(log, action=treated, propensity=propensity, control=0).choose(log).dtype == bool


@pytest.mark.filterwarnings("error")
def test_a_propensity_of_next_to_nothing_is_no_overflow(log):
    third = np.where(np.arange(1200) == 3, 1e-300, 1 / 3)
    assert _fitted(log, propensity=third).report["suspicious_features"] == []


def test_names_are_of_the_type_of_the_log():
    for given, told in (([2, 0], (0, 2)), ([2.0, 0.0], (0, 2)), ([0.5, -1.0], (-1, 0.5)), (["2", "0"], ("0", "2"))):
        assert as_logged(sorted(checked_actions(given, "action")), given) == told
    nullable = pd.array([1, 0], dtype="Int64")
    assert as_logged(["0", "1"], nullable) == (0, 1)


def test_what_is_no_number_is_named_with_where_it_stands(log):
    yes = np.where(log["outcome"] > 0, "yes", "no")
    for changed, words in (
        ({"outcome": yes}, "outcome: needs numbers .*; '(yes|no)' is none"),
        ({"cost": {"call": "cheap"}}, "cost: needs numbers .*; 'cheap' is none"),
        ({"propensity": [None] * 1199 + ["third"]}, "propensity: needs numbers .*; 'third' is none"),
        ({"outcome": log["outcome"].where(log["x"] < 2, np.inf)}, "outcome: is missing or infinite"),
        ({"outcome": log["outcome"].where(log["x"] < 2, 1e200)}, "outcome: is missing or infinite, or beyond 1e100"),
        ({"cost": {"call": np.inf}}, "cost: that of 'call' is missing or infinite"),
        ({"cost": {"nothing": np.inf}}, "cost: that of 'nothing' is missing or infinite"),
    ):
        with pytest.raises(ValueError, match=words):
            _fitted(log, **changed)


def test_costs_may_be_told_in_every_way(log):
    by_action = {"nothing": 0.0, "call": 0.5, "mail": 0.1}
    per_decision = log["action"].map({"call": 0.5, "mail": 0.1})  # nobody records a cost of nothing
    for cost in (by_action, pd.Series(by_action), per_decision, per_decision.sample(frac=1, random_state=3), per_decision.tolist()):
        assert action_costs(cost, log["action"].to_numpy(), list(by_action), log.index).tolist() == pytest.approx([0.0, 0.5, 0.1])
    assert _fitted(log, cost=by_action).costs.tolist() == pytest.approx([0.0, 0.5, 0.1])
    for cost, words in (({"cal": 1.0}, "'cal'"), ({"call": None}, "'call' is missing"), ([1.0], "one per action")):
        with pytest.raises(ValueError, match=words):
            _fitted(log, cost=cost)


def test_one_action_for_all_can_be_judged_and_a_missing_one_cannot(log):
    told = evaluate("call", log["action"], 1 / 3, log["outcome"])
    assert told.equals(evaluate(["call"] * 1200, log["action"], 1 / 3, log["outcome"]))
    gaps = log["action"].where(log["action"] != "mail")
    for call in (lambda: _fitted(log, action=gaps), lambda: evaluate("call", gaps, 1 / 3, log["outcome"])):
        with pytest.raises(ValueError, match="action: is missing"):
            call()
    with pytest.raises(ValueError, match="one row per logged decision"):
        evaluate("call", log["action"], 1 / 3, log["outcome"], log[["x"]][:-1])
    alone = evaluate(["call"], ["call"], [0.5], [1.0])
    assert alone["value"].tolist() == [2.0, 1.0, 2.0]


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_mbg_nbd, fit_pareto_nbd])
def test_time_may_be_told_in_seconds(cdnow, fit):
    x, recency, age = (cdnow[name] for name in ("frequency", "recency", "T"))
    weeks, seconds = fit(x, recency, age), fit(x, recency * 604_800, age * 604_800)
    scale = {name: 604_800 if name in ("alpha", "beta") else 1 for name in weeks.params}
    assert {name: value / scale[name] for name, value in seconds.params.items()} == pytest.approx(weeks.params, rel=1e-4)
    ahead = seconds.expected_purchases(39 * 604_800, x, recency * 604_800, age * 604_800)
    assert ahead == pytest.approx(weeks.expected_purchases(39, x, recency, age), rel=1e-4)


def test_money_may_be_told_in_rupiah(cdnow):
    dollars = fit_gamma_gamma(cdnow["frequency"], cdnow["mean_value"])
    rupiah = fit_gamma_gamma(cdnow["frequency"], cdnow["mean_value"] * 16_000)
    assert rupiah.params["v"] == pytest.approx(16_000 * dollars.params["v"], rel=1e-4)
    assert rupiah.population_mean == pytest.approx(16_000 * dollars.population_mean, rel=1e-4)


@pytest.mark.parametrize(("used", "opportunities"), [(0.0, 6.0), (1.0, 1.0)])
def test_opportunities_that_tell_nothing_are_refused(used, opportunities):
    """Nobody used one; or there was a single one, which 500 of 1,000 used: a share alone fits four parameters in many ways."""
    x = used * (np.arange(1000) % 2)
    with pytest.raises(Refused, match="used an opportunity, and two"):
        fit_bgbb(x, x, np.full(1000, opportunities))


def test_customers_who_all_leave_at_one_rate_are_no_pareto():
    """Drawn with one rate of leaving for all: s and beta have no end, and no number on the way there is NaN."""
    random = np.random.default_rng(4)
    age, rate = random.uniform(20, 52, 400), random.gamma(0.8, 1 / 6, 400)
    there = np.minimum(random.exponential(40, 400), age)
    x = random.poisson(rate * there).astype(float)
    t_x = np.array([there[one] * random.random(int(many)).max() if many else 0.0 for one, many in enumerate(x)])
    with np.errstate(invalid="raise"), pytest.raises(Refused, match="s ran to the edge"):
        fit_pareto_nbd(x, t_x, age)


def test_durations_are_refused_with_what_to_give_instead(cdnow):
    with pytest.raises(Refused, match="recency: is a date or a duration"):
        fit_bgnbd(cdnow["frequency"], pd.to_timedelta(cdnow["recency"], "D"), cdnow["T"])


def test_numbers_beyond_measure_harm_nobody_and_an_array_is_refused(customers):
    frame, label = customers(300)
    frame["huge"] = np.where(np.arange(300) % 2, 1e300, -1e300) * np.random.default_rng(0).random(300)
    predicted = train(frame, label).predict(frame)
    assert predicted.between(0, 1).all()
    assert predicted.nunique() > 100
    for call in (lambda: train(frame[["seats"]].to_numpy(), label), lambda: fit_policy(frame.to_numpy(), [], 0.5, [], control="a")):
        with pytest.raises(TypeError, match="pandas DataFrame"):
            call()


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_pareto_nbd])
def test_predictions_refuse_what_cannot_have_been(cdnow, fit):
    fitted = fit(cdnow["frequency"], cdnow["recency"], cdnow["T"])
    with pytest.raises(Refused, match="t: is below 0"):
        fitted.expected_purchases(-1, 2, 3.0, 4.0)
    for impossible in ((2, 5.0, 4.0), (0, 1.0, 4.0), (-1, 0.0, 4.0)):
        with pytest.raises(Refused, match="1 customers contradict 0 <= recency <= T"):
            fitted.p_alive(*impossible)
        with pytest.raises(Refused, match="contradict"):
            fitted.expected_purchases(39, *impossible)


def test_histories_are_put_in_order_by_their_labels_and_are_whole(cdnow):
    some = cdnow.iloc[:300]
    straight = fit_bgnbd(some["frequency"], some["recency"], some["T"]).params
    assert fit_bgnbd(some["frequency"], some["recency"][::-1], some["T"].sample(frac=1, random_state=0)).params == straight
    with pytest.raises(Refused, match="300 customers have a fraction of a purchase"):
        fit_bgnbd(some["frequency"] + 0.5, some["recency"].clip(lower=0.1), some["T"])


@pytest.mark.parametrize(
    ("value", "why"), [(-1.0, "no customer has a repeat purchase and a mean value above 0"), (9.0, "exactly the same")]
)
def test_order_values_that_tell_nothing_are_refused(value, why):
    with pytest.raises(Refused, match=why):
        fit_gamma_gamma(np.arange(100) % 5, np.full(100, value))


def test_without_a_column_an_action_is_for_all_or_for_nobody():
    random = np.random.default_rng(0)
    action = random.choice(["nothing", "call"], 2000)
    outcome = (random.random(2000) < np.where(action == "call", 0.7, 0.4)).astype(float)
    nobody_differs = pd.DataFrame(index=range(2000))
    policy = fit_policy(nobody_differs, action, 0.5, outcome, control="nothing", cost={"call": 0.1})
    assert (policy.choose(nobody_differs) == "call").all()
    assert policy.uplifts(nobody_differs)["call"].iloc[0] == pytest.approx(0.3, abs=0.07)
