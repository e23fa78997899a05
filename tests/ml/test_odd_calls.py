"""Calls that go wrong in ways of their own: seeds of every kind, frames for columns, arrays for frames, words for numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.churn import train
from ml.churn.training import refit
from ml.clv import BgBb, BgNbd, GammaGamma, ParetoNbd, Sbg, residual_purchases
from ml.logged import checked_numbers
from ml.next_best_action import Policy, fit_policy
from ml.policy_comparison import compare
from ml.policy_evaluation import evaluate
from ml.refusal import Refused

BG_NBD = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
PARETO = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}
BG_BB = {"alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783}
PURCHASES = [kind(params, 0.0, {}, 1.0) for kind, params in ((BgNbd, BG_NBD), (ParetoNbd, PARETO), (BgBb, BG_BB))]
SPEND = GammaGamma({"p": 6.25, "q": 3.74, "v": 15.44}, 0.0, {}, 1.0, correlation=0.1)
RENEWALS = Sbg({"alpha": 0.704, "beta": 1.182}, 0.0, {}, 1.0)


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """A call helps those with a positive x."""
    random = np.random.default_rng(0)
    x, action = random.normal(size=400), random.choice(["nothing", "call"], 400)
    outcome = (random.random(400) < 0.3 + 0.3 * ((action == "call") & (x > 0))).astype(float)
    return pd.DataFrame({"x": x, "action": action, "outcome": outcome})


@pytest.fixture(scope="module")
def some(customers) -> tuple[pd.DataFrame, Any, Any]:
    """A column of two hundred customers, who left, and the model of that."""
    frame, label = customers(200)
    return frame[["logins_30d"]], label, train(frame[["logins_30d"]], label)


@pytest.fixture(scope="module")
def policy(log) -> Policy:
    return fit_policy(log[["x"]], log["action"], 0.5, log["outcome"], control="nothing")


@pytest.mark.parametrize("seed", [None, -1, 2**40, 1.5, "0", np.nan], ids=repr)
def test_a_seed_that_is_none_is_told_in_one_line(log, some, seed):
    (frame, label, model), one = some, log[["x"]]
    calls: tuple[Callable[[], Any], ...] = (
        lambda: train(frame, label, seed=seed),
        lambda: refit(model, frame, label, seed=seed),
        lambda: fit_policy(one, log["action"], 0.5, log["outcome"], control="nothing", seed=seed),
        lambda: evaluate("call", log["action"], 0.5, log["outcome"], one, seed=seed),
        lambda: compare("call", log["action"], 0.5, log["outcome"], one, control="nothing", seed=seed),
    )
    for call in calls:
        with pytest.raises(ValueError, match="seed: needs a whole number from 0 to 4294967295"):
            call()


@pytest.mark.parametrize("seed", [np.int64(0), np.uint32(0), 0.0, False], ids=repr)
def test_nought_is_nought_in_every_type(log, policy, seed):
    again = fit_policy(log[["x"]], log["action"], 0.5, log["outcome"], control="nothing", seed=seed)
    assert again.values(log).equals(policy.values(log))


def test_nought_of_numpy_is_nought_for_churn(some):
    frame, label, model = some
    assert train(frame, label, seed=np.int64(0)).predict(frame).equals(model.predict(frame))


def test_the_largest_seed_is_one(some):
    frame, label, _ = some
    assert train(frame, label, seed=2**32 - 1).predict(frame).between(0, 1).all()


def test_a_frame_of_one_column_is_that_column(log, policy):
    """Judged, the choices of a frame were the texts of a list each, with which no decision agreed: every value was NaN."""
    one, shuffled = log[["x"]], log.sample(frac=1, random_state=1)
    told = evaluate(log["action"], log["action"], 0.5, log["outcome"], one)
    half = pd.DataFrame({"propensity": 0.5}, index=log.index)
    for given in (log, shuffled):
        assert evaluate(given[["action"]], given[["action"]], half, given[["outcome"]], one).equals(told)
    again = fit_policy(one, shuffled[["action"]], half.to_numpy(), shuffled[["outcome"]], control="nothing")
    assert again.values(one).equals(policy.values(one))
    for call in (
        lambda: evaluate(log, log["action"], 0.5, log["outcome"], one),
        lambda: fit_policy(one, log["action"], log, log["outcome"], control="nothing"),
    ):
        with pytest.raises(ValueError, match="has 3 columns; give one value per row"):
            call()


def test_a_label_in_a_frame_is_put_in_order(some):
    frame, label, plain = some
    shuffled = label.to_frame("left").sample(frac=1, random_state=1)
    assert train(frame, shuffled).predict(frame).equals(plain.predict(frame))


def test_folds_are_no_more_than_the_customers_who_left(customers):
    """A fold without a leaver to learn from ended in scikit-learn's complaint of three classes."""
    frame, _ = customers(220)
    left, some = (np.arange(220) < 12).astype(int), frame[["logins_30d", "seats"]]
    three = np.where(left == 1, np.arange(220) % 3, np.arange(220))
    assert train(some, left, groups=three).predict(some).between(0, 1).all()
    for one in (np.zeros(220), np.where(left == 1, 0, np.arange(220))):
        with pytest.raises(Refused, match="the leavers are 1 customer"):
            train(some, left, groups=one)


def test_what_cannot_be_a_level_is_unknown_and_half_an_emoji_is_a_question_mark(customers):
    frame, label = customers(200)
    regions = pd.Series(["half \ud83d" if place % 3 else "whole" for place in range(200)], dtype=object, index=frame.index)
    some = frame[["logins_30d"]].assign(region=regions)
    model = train(some, label)
    assert next(column for column in model.encoder.columns if column.name == "region").typical == "half ?"
    assert len(model.reasons(some)) == 200
    listed = some.assign(region=[["north"]] * 200)
    assert (model.predict(listed) == model.predict(some.assign(region=None))).all()


def test_an_array_for_a_frame_is_told_of(log, policy):
    for call in (
        lambda: policy.values(log[["x"]].to_numpy()),
        lambda: policy.choose(log[["x"]].to_numpy()),
        lambda: evaluate("call", log["action"], 0.5, log["outcome"], log[["x"]].to_numpy()),
    ):
        with pytest.raises(TypeError, match="features: needs a pandas DataFrame, one row per customer, not ndarray"):
            call()


@pytest.mark.parametrize("odd", [pd.Timestamp("2024-01-01"), pd.Timedelta(1, "D"), [1, 2], {"a": 1}, 1 + 2j], ids=repr)
def test_what_pandas_cannot_read_as_a_number_is_named(odd):
    """Looking for the odd one among dates found none, and ended in a StopIteration without a word."""
    given = np.empty(2, dtype=object)
    given[:] = [1.0, odd]
    with pytest.raises(ValueError, match=r"outcome: needs numbers .* is none"):
        checked_numbers(given, "outcome")


@pytest.mark.parametrize("fitted", PURCHASES, ids=lambda fitted: type(fitted).__name__)
def test_what_is_no_number_is_named_by_predictions_too(fitted):
    history = (2, 3, 5)
    for call, words in (
        (lambda: fitted.p_alive(["two"], [3], [5]), "frequency: needs numbers"),
        (lambda: fitted.p_alive([2], [3], pd.to_datetime(["2024-01-01"])), "T: is a date or a duration; give numbers"),
        (lambda: fitted.p_alive([2, 2, 2], [3, 3], [5, 5]), "frequency, recency, T: differ in length"),
        (lambda: fitted.expected_purchases("soon", *history), "t: needs numbers"),
        (lambda: fitted.expected_purchases(pd.Timedelta(5, "D"), *history), "t: (is a date|needs numbers)"),
        (lambda: fitted.expected_purchases([1, 2, 3], [2, 2], [3, 3], [5, 5]), "t: has 3 values for 2 customers"),
    ):
        with pytest.raises(Refused, match=words):
            call()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("fitted", PURCHASES, ids=lambda fitted: type(fitted).__name__)
def test_of_whom_nothing_is_known_nothing_is_said_without_a_warning(fitted):
    for told in ([2, None], pd.array([2, None], dtype="Int64")):
        assert np.isnan(fitted.p_alive(told, [3, 3], [5, 5])).tolist() == [False, True]
        assert np.isnan(fitted.expected_purchases(4, told, [3, 3], [5, 5])).tolist() == [False, True]
    assert fitted.expected_purchases([1, 4], 2, 3, 5).shape == (2,)
    assert fitted.expected_purchases(4, [2, 0], [3, 0], 5).shape == (2,)


def test_values_and_renewals_are_told_of_likewise():
    for call, words in (
        (lambda: SPEND.expected_value(["x"], [5.0]), "frequency: needs numbers"),
        (lambda: SPEND.expected_value([1, 2, 3], [5.0, 6.0]), "frequency, mean_value: differ in length"),
        (lambda: RENEWALS.survival("long"), "t: needs numbers"),
        (lambda: RENEWALS.survival(-1), "t: is below 0"),
        (lambda: RENEWALS.retention(0), "t: is below 1"),
        (lambda: RENEWALS.survival_from(-2, 1), "tenure: is below 0"),
        (lambda: RENEWALS.residual_lifetime(1, -0.1), "discount_rate: is below 0"),
    ):
        with pytest.raises(Refused, match=words):
            call()
    with pytest.raises(ValueError, match="rate: must be above 0"):
        residual_purchases(PURCHASES[0], -0.1, 2, 3.0, 5.0)
