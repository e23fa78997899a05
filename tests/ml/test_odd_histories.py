"""Purchase histories as callers really have them: in another order, with gaps, of returns, of one opportunity more than there was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.clv import BgBb, GammaGamma, fit_bgnbd, fit_gamma_gamma, fit_mbg_nbd, fit_pareto_nbd
from ml.clv.fitting import maximise
from ml.refusal import Refused


@pytest.fixture(scope="module")
def spend(cdnow) -> GammaGamma:
    return fit_gamma_gamma(cdnow["frequency"], cdnow["mean_value"])


def test_values_are_put_in_the_order_of_frequencies_by_their_labels(cdnow, spend):
    shuffled = cdnow["mean_value"].sample(frac=1, random_state=1)
    assert fit_gamma_gamma(cdnow["frequency"], shuffled).params == spend.params
    told = spend.expected_value(cdnow["frequency"], shuffled)
    assert (told == spend.expected_value(cdnow["frequency"].to_numpy(), cdnow["mean_value"].to_numpy())).all()


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_pareto_nbd])
def test_predictions_put_histories_in_order_by_their_labels(cdnow, fit):
    some = cdnow.iloc[:300]
    x, recency, age = (some[name] for name in ("frequency", "recency", "T"))
    fitted, straight = fit(x, recency, age), (x.to_numpy(), recency.to_numpy(), age.to_numpy())
    mixed = (x, recency[::-1], age.sample(frac=1, random_state=2))
    assert (fitted.p_alive(*mixed) == fitted.p_alive(*straight)).all()
    assert (fitted.expected_purchases(39, *mixed) == fitted.expected_purchases(39, *straight)).all()


def test_of_whom_no_order_value_is_known_the_population_mean_is_expected(spend):
    """Three repeats of an unknown value, or of one that returns have eaten: they are left out of the fit, too."""
    assert spend.expected_value([0, 3, 3, 3], [np.nan, np.nan, 0.0, -50.0]) == pytest.approx(np.full(4, spend.population_mean))
    assert spend.expected_value(3, 30.0) < spend.expected_value(3, 60.0)


@pytest.mark.parametrize(
    ("frequency", "value", "why"),
    [
        (np.arange(100) % 5, ["dear"] * 100, "mean_value: needs numbers"),
        (np.arange(100) % 5, pd.date_range("2024-01-01", periods=100), "mean_value: is a date"),
        (np.arange(100) % 5, np.full(99, 5.0), "differ in length"),
    ],
)
def test_what_is_no_order_value_is_refused_in_one_line(frequency, value, why):
    with pytest.raises(Refused, match=why):
        fit_gamma_gamma(frequency, value)


def test_opportunities_that_cannot_have_been_are_refused_by_predictions_too():
    params = {"alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783}  # as published
    fitted = BgBb(params, log_likelihood=-33_225.6, standard_errors={}, customers=11_104)
    assert 0 < fitted.p_alive(2, 5, 6) < 1
    for impossible in ((5, 3, 6), (2, 7, 6), (0, 1, 6), (1.5, 3, 6)):
        for told in (lambda told: fitted.p_alive(*told), lambda told: fitted.expected_purchases(5, *told)):
            with pytest.raises(Refused, match="frequency <= recency <= T"):
                told(impossible)
    with pytest.raises(Refused, match="t: is below 0"):
        fitted.expected_purchases(-1, 2, 3, 6)


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_mbg_nbd])
def test_of_whom_nothing_is_known_nothing_is_said_and_for_ever_is_no_time(cdnow, fit):
    """A missing frequency counted as no repeat purchase, of which BG/NBD says that everybody is still there."""
    some = cdnow.iloc[:300]
    fitted = fit(some["frequency"], some["recency"], some["T"])
    assert np.isnan(fitted.p_alive([2, np.nan], [3.0, 3.0], [5.0, 5.0])).tolist() == [False, True]
    with pytest.raises(Refused, match="t: is infinite"):
        fitted.expected_purchases(np.inf, 2, 3.0, 5.0)


def test_a_fit_that_did_not_converge_says_how_far_off_it_is():
    """It quoted the search, which was content: "did not converge (CONVERGENCE: …)"."""
    with pytest.raises(Refused, match=r"where the search ended its slope is 1 per customer, at most 0\.0001 is allowed"):
        maximise("BG/NBD", ["r"], lambda params: (0.0, 1 / params), [[1.0]], 1.0)
