"""Every lifetime-value model against the numbers its paper publishes, to half of the last digit printed there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln, hyperu

from ml.clv import bgnbd, fit_bgbb, fit_bgnbd, fit_gamma_gamma, fit_mbg_nbd, fit_pareto_nbd, fit_sbg, fit_sbg_censored, residual_purchases
from ml.clv.bgnbd import _likelihood
from ml.clv.counted import count_purchases
from ml.clv.forecasts import judge
from ml.clv.intervals import spend_quantiles
from ml.refusal import Refused

DATA = Path(__file__).parent / "data"


def _history(cdnow: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return cdnow["frequency"].to_numpy(float), cdnow["recency"].to_numpy(float), cdnow["T"].to_numpy(float)


@pytest.mark.parametrize(
    ("fit", "published", "log_likelihood"),
    [
        (fit_bgnbd, {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, -9582.4),
        (fit_pareto_nbd, {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, -9595.0),
        (fit_mbg_nbd, {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}, -9582.1),
    ],
)
def test_purchase_models_reproduce_the_published_fits(cdnow, fit, published, log_likelihood):
    fitted = fit(*_history(cdnow))
    assert fitted.params == pytest.approx(published, abs=0.0005)
    assert fitted.log_likelihood == pytest.approx(log_likelihood, abs=0.05)
    assert all(0 < error < 10 for error in fitted.standard_errors.values())


def test_bgnbd_forecasts_the_holdout_as_published(cdnow):
    history = _history(cdnow)
    expected = fit_bgnbd(*history).expected_purchases(39, *history)
    metrics = judge(expected, cdnow["holdout"], history[0]).set_index("metric")["value"]
    assert metrics["total_expected"] == pytest.approx(1653, abs=0.5)
    assert metrics["total_actual"] == 1882
    assert metrics["rmse"] == pytest.approx(1.608, abs=0.0005)
    assert metrics["rmse_naive"] == pytest.approx(1.971, abs=0.0005)
    assert metrics["rmse_zero"] == pytest.approx(2.206, abs=0.0005)


def test_gamma_gamma_reproduces_the_published_fit(cdnow):
    fitted = fit_gamma_gamma(cdnow["frequency"], cdnow["mean_value"])
    assert fitted.customers == 946
    assert fitted.params == pytest.approx({"p": 6.25, "q": 3.74, "v": 15.44}, abs=0.005)
    assert fitted.expected_value(0, np.nan) == pytest.approx(fitted.population_mean)
    assert abs(fitted.expected_value(50, 100.0) - 100) < abs(fitted.expected_value(1, 100.0) - 100)


@pytest.mark.parametrize(("cohort", "alpha", "beta", "error"), [("regular", 0.704, 1.182, 0.29), ("high_end", 0.668, 3.806, 1.19)])
def test_sbg_reproduces_the_published_fit(cohort, alpha, beta, error):
    survivors = pd.read_csv(DATA / "sbg_fader_hardie_2007.csv")[cohort].to_numpy()
    fitted = fit_sbg(survivors[:8])
    assert fitted.params == pytest.approx({"alpha": alpha, "beta": beta}, abs=0.0005)
    assert np.abs(100 * fitted.survival(np.arange(8, 13)) - survivors[8:]).mean() == pytest.approx(error, abs=0.005)


def test_sbg_residual_lifetime_is_the_sum_it_stands_for():
    fitted = fit_sbg([100, 63.1, 46.8, 38.2, 32.6])
    ahead = np.arange(1, 3000)
    by_hand = (fitted.survival_from(2, ahead) * 1.1 ** -(ahead - 1.0)).sum()
    assert fitted.residual_lifetime(2, 0.1) == pytest.approx(by_hand, rel=1e-6)
    assert fitted.retention(3) == pytest.approx(fitted.survival(3) / fitted.survival(2))


def test_sbg_from_tenures_equals_sbg_from_a_curve():
    by_curve = fit_sbg([100, 60, 45, 40])
    by_tenure = fit_sbg_censored([1] * 40 + [2] * 15 + [3] * 5 + [3] * 40, [1] * 60 + [0] * 40)
    assert by_tenure.params == pytest.approx(by_curve.params, rel=1e-5)


def test_bgbb_reproduces_the_published_fit():
    table = pd.read_csv(DATA / "bgbb_donations_2010.csv")
    fitted = fit_bgbb(table["frequency"], table["recency"], table["periods"], weights=table["weights"])
    assert fitted.params == pytest.approx({"alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783}, abs=0.00055)  # 1.2035
    assert fitted.log_likelihood == pytest.approx(-33225.6, abs=0.05)
    assert fitted.expected_purchases(5, [0, 6], [0, 6], [6, 6]) == pytest.approx([0.07, 3.75], abs=0.006)  # table 5 of the paper


def test_the_analytic_gradient_is_the_slope_of_the_likelihood(cdnow):
    counted = count_purchases(*_history(cdnow), None)
    at = np.array([0.4, 6.0, 1.3, 2.0])
    for extra in (0, 1):
        slopes = [
            (_likelihood(at + step, counted, extra)[0] - _likelihood(at - step, counted, extra)[0]) / 2e-5 for step in 1e-5 * np.eye(4)
        ]
        assert _likelihood(at, counted, extra)[1] == pytest.approx(slopes, rel=1e-4)


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_mbg_nbd, fit_pareto_nbd])
def test_drawn_purchases_average_to_the_expected_ones(cdnow, fit):
    fitted = fit(*_history(cdnow))
    x, t_x, age = np.array([0.0, 2.0, 10.0]), np.array([0.0, 20.0, 30.0]), np.array([38.0, 38.0, 32.0])
    drawn = fitted.draw_purchases(52, x, t_x, age, 100_000, seed=3).mean(axis=1)
    assert drawn == pytest.approx(fitted.expected_purchases(52, x, t_x, age), rel=0.03)


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_mbg_nbd, fit_pareto_nbd])
def test_each_customers_likelihood_adds_up_to_the_fits(cdnow, fit):
    fitted = fit(*_history(cdnow))
    assert fitted.log_densities(*_history(cdnow)).sum() == pytest.approx(fitted.log_likelihood)
    low, high = fitted.intervals()["r"]
    assert 0 < low < fitted.params["r"] < high


def test_residual_purchases_agree_with_the_closed_form(cdnow):
    """Fader, Hardie & Lee 2005, RFM and CLV, eq. 8: 15 % a year is 0.0027 a week."""
    fitted = fit_pareto_nbd(*_history(cdnow))
    r, alpha, s, beta = (fitted.params[name] for name in ("r", "alpha", "s", "beta"))
    x, t_x, age, rate = np.array([0.0, 1.0, 7.0]), np.array([0.0, 10.0, 35.0]), np.full(3, 38.86), 0.0027
    parts = gammaln(r + x + 1) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + (s - 1) * np.log(rate)
    parts = parts + np.log(hyperu(s, s, rate * (beta + age))) - (r + x + 1) * np.log(alpha + age)
    by_hand = np.exp(parts - fitted.log_densities(x, t_x, age))
    assert residual_purchases(fitted, rate, x, t_x, age) == pytest.approx(by_hand, rel=1e-4)
    with pytest.raises(ValueError, match="above 0"):
        residual_purchases(fitted, 0.0, x, t_x, age)


def test_many_histories_are_fitted_from_a_rough_start_to_the_same_place(cdnow, monkeypatch):
    whole = fit_bgnbd(*_history(cdnow))
    monkeypatch.setattr(bgnbd, "ROUGH_ROWS", 100)
    started_roughly = fit_bgnbd(*_history(cdnow))
    assert started_roughly.params == pytest.approx(whole.params, rel=1e-4)


def test_expectations_stay_finite_for_heavy_buyers_and_long_horizons(cdnow):
    history = np.array([0.0, 1000.0]), np.array([0.0, 38.0]), np.array([38.0, 39.0])
    for fit in (fit_bgnbd, fit_mbg_nbd, fit_pareto_nbd):
        expected = fit(*_history(cdnow)).expected_purchases(520, *history)
        assert np.isfinite(expected).all()
        assert (expected > 0).all()


def test_interval_covers_what_the_models_themselves_generate(cdnow):
    purchases = fit_bgnbd(*_history(cdnow))
    spend = fit_gamma_gamma(cdnow["frequency"], cdnow["mean_value"])
    one = (np.array([20.0]), np.array([37.5]), np.array([38.0]), np.array([50.0]))  # surely alive: no lump of customers at 0
    low, high = spend_quantiles(purchases, spend, 52, *one, (0.1, 0.9), seed=0)
    random = np.random.default_rng(9)
    count = purchases.draw_purchases(52, *one[:3], 20_000, seed=11)[0]
    rate = random.gamma(spend.params["p"] * 20 + spend.params["q"], size=count.size) / (spend.params["v"] + 1000)
    total = random.gamma(spend.params["p"] * count) / rate
    assert (total < low).mean() == pytest.approx(0.1, abs=0.05)
    assert (total > high).mean() == pytest.approx(0.1, abs=0.05)


def test_what_cannot_be_trusted_is_refused(cdnow):
    x, t_x, age = _history(cdnow)
    with pytest.raises(Refused, match="no customer bought a second time"):
        fit_bgnbd(np.zeros(50), np.zeros(50), np.full(50, 10.0))
    with pytest.raises(Refused, match="contradict"):
        fit_bgnbd(x, age + 1, age)
    with pytest.raises(Refused, match="only 5 customers"):
        fit_pareto_nbd(x[:5], t_x[:5], age[:5])
    with pytest.raises(Refused, match="missing"):
        fit_mbg_nbd(np.append(x, np.nan), np.append(t_x, 1), np.append(age, 1))
    with pytest.raises(Refused, match="correlate"):
        fit_gamma_gamma(np.arange(1, 101), np.arange(1, 101) * 3.0)
    with pytest.raises(Refused, match="never rise"):
        fit_sbg([100, 101, 90])
    with pytest.raises(Refused, match="nobody has left"):
        fit_sbg([100, 100, 100])


def test_whoever_shares_a_history_is_forecast_once_and_alike(cdnow):
    x, t_x, age = (np.tile(column, 5) for column in _history(cdnow))
    for fit in (fit_bgnbd, fit_mbg_nbd):
        fitted = fit(x[: len(cdnow)], t_x[: len(cdnow)], age[: len(cdnow)])
        one_by_one = fitted.expected_purchases(np.full(x.size, 39.0), x, t_x, age)  # a time ahead of each: nothing is shared
        assert fitted.expected_purchases(39.0, x, t_x, age) == pytest.approx(one_by_one, rel=1e-14)


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ({"frequency": ["two"] * 40}, "frequency: needs numbers"),
        ({"T": [0.0] * 40, "recency": [0.0] * 40}, "T: is 0 for everyone"),
        ({"weights": [-1.0] + [2.0] * 39}, "weights: 1 are below 0"),
    ],
)
def test_a_history_that_is_none_is_refused_in_one_line(history, said):
    with pytest.raises(Refused, match=said):
        fit_bgnbd(**{"frequency": [1.0] * 40, "recency": [2.0] * 40, "T": [9.0] * 40} | history)


def test_a_mean_order_value_without_expectation_is_refused():
    random = np.random.default_rng(0)
    rate = random.gamma(0.6, size=4000)  # q = 0.6: infinite mean
    x = random.integers(1, 4, 4000)
    with pytest.raises(Refused, match="q is"):
        fit_gamma_gamma(x, random.gamma(4 * x) / x / rate, max_correlation=1.0)
