"""A night of lifetime value, with and without contracts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml import promotions
from ml.nightly import SCHEMAS, score_clv
from ml.nightly.clv_judgement import _chosen

AS_OF = date(1997, 9, 30)
NO_PURCHASES = pd.DataFrame(columns=["customer_key", "frequency", "recency_days", "age_days", "mean_order_value"])
NO_SUBSCRIPTIONS = pd.DataFrame(columns=["customer_key", "segment", "tenure_months", "is_active", "ended", "monthly_margin"])


@pytest.fixture(scope="module")
def purchases(cdnow) -> pd.DataFrame:
    frame = cdnow.reset_index(names="customer_key")
    return pd.DataFrame(
        {
            "customer_key": frame["customer_key"],
            "frequency": frame["frequency"],
            "recency_days": frame["recency"] * 7,
            "age_days": frame["T"] * 7,
            "mean_order_value": frame["mean_value"].fillna(20.0),
        }
    )


@pytest.fixture(scope="module")
def told_apart(purchases, purchase_days) -> pd.DataFrame:
    """The same customers, their last 13 weeks before AS_OF held out."""
    cut = pd.Timestamp(AS_OF) - pd.Timedelta(days=91)
    seen = (
        purchase_days[purchase_days["day"] <= cut].groupby("customer")["day"].agg(["min", "max", "size"]).reindex(purchases["customer_key"])
    )
    later = purchase_days[(purchase_days["day"] > cut) & (purchase_days["day"] <= pd.Timestamp(AS_OF))].groupby("customer")
    return purchases.assign(
        holdout_days=91,
        known_frequency=(seen["size"] - 1).to_numpy(),
        known_recency_days=(seen["max"] - seen["min"]).dt.days.to_numpy(),
        known_age_days=(cut - seen["min"]).dt.days.to_numpy(),
        known_mean_order_value=purchases["mean_order_value"],
        held_out_purchases=later.size().reindex(purchases["customer_key"], fill_value=0).to_numpy(),
        held_out_value=later["amount"].sum().reindex(purchases["customer_key"], fill_value=0).to_numpy(),
    )


def _subscribers(rows: int = 4000) -> pd.DataFrame:
    """Each month a subscriber leaves with a chance of their own; yearly ones only after every twelfth."""
    random = np.random.default_rng(0)
    yearly = np.arange(rows) % 5 == 0
    renewals = random.geometric(random.beta(1.0, 9.0, rows))
    life, age = np.where(yearly, 12 * renewals, renewals), random.integers(1, 60, rows)
    ended = life <= age
    return pd.DataFrame(
        {
            "customer_key": [f"k{number:05d}" for number in range(rows)],
            "segment": np.where(yearly, "year", "month"),
            "tenure_months": np.where(ended, life - 1, age),
            "is_active": ~ended,
            "ended": ended,
            "monthly_margin": 100.0,
        }
    )


def _score(purchases=NO_PURCHASES, subscriptions=NO_SUBSCRIPTIONS, **settings):
    return score_clv(purchases=purchases, subscriptions=subscriptions, **({"as_of": AS_OF} | settings))


def test_purchases_are_valued_by_the_published_fit(purchases, tmp_path):
    result = _score(purchases, artifacts=tmp_path, horizon_days=273, annual_discount_rate=0.0)
    scores = result.tables["clv_scores"].to_pandas()
    assert scores["expected_purchases"].sum() == pytest.approx(1653, abs=1)
    assert scores["clv_predicted"].to_numpy() == pytest.approx((scores["expected_purchases"] * scores["expected_order_value"]).to_numpy())
    assert (scores["clv_predicted_low"] <= scores["clv_predicted"]).all()
    assert (scores["clv_predicted"] <= scores["clv_predicted_high"]).all()
    runs = result.tables["model_runs"].to_pandas().set_index(["candidate", "metric"])["value"]
    assert runs["bgnbd", "alpha"] == pytest.approx(4.414, abs=0.001)


def test_another_model_than_bgnbd_has_to_be_better_for_certain(told_apart, tmp_path):
    result = _score(told_apart, artifacts=tmp_path)
    runs = result.tables["model_runs"].to_pandas().set_index(["candidate", "metric"])["value"]
    likelihoods = runs.xs("holdout_log_likelihood", level="metric")
    assert set(likelihoods.index) == {"bgnbd", "mbg_nbd", "pareto_nbd"}
    best = "bgnbd"
    assert likelihoods.idxmax() != best, "the likeliest by chance is not taken, or this proves nothing"
    assert set(result.tables["clv_scores"].to_pandas()["model"]) == {f"{best}_gamma_gamma"}
    assert runs[best, "holdout_rmse"] < min(runs[best, "holdout_rmse_naive"], runs[best, "holdout_rmse_zero"])
    assert runs[best, "holdout_total_actual"] == told_apart["held_out_purchases"].sum()
    assert runs[best, "holdout_mean_after_0_repeats_expected"] < runs[best, "holdout_mean_after_7_repeats_expected"]
    assert 0.75 < runs[best, "holdout_value_interval_80_coverage"] < 0.97  # most spend nothing, and 0 lies in their interval


@pytest.mark.parametrize(("gain", "chosen"), [(0.02, "pareto_nbd"), (0.0, "bgnbd"), (-0.02, "bgnbd")])
def test_a_model_that_beats_bgnbd_customer_by_customer_is_taken(gain, chosen):
    usual = np.random.default_rng(0).normal(-5, 3, 400)
    by_chance = np.random.default_rng(1).normal(0.05, 1, 400)
    assert _chosen({"bgnbd": usual, "mbg_nbd": usual + by_chance, "pareto_nbd": usual + gain}) == chosen


def test_margin_scales_and_discounting_lowers_value(purchases, tmp_path):
    plain, half, later = (
        _score(purchases, artifacts=tmp_path, annual_discount_rate=rate, gross_margin=margin)
        .tables["clv_scores"]
        .to_pandas()["clv_predicted"]
        for rate, margin in ((0.0, 1.0), (0.0, 0.5), (0.2, 1.0))
    )
    assert (half / plain).to_numpy() == pytest.approx(0.5)
    assert 0.85 < later.sum() / plain.sum() < 0.95  # half a year at 20 % is 0.91


def test_a_refused_fit_keeps_the_last_good_one(purchases, tmp_path):
    good = _score(purchases, artifacts=tmp_path)
    nobody_returns = purchases.assign(frequency=0, recency_days=0)
    kept = _score(nobody_returns, artifacts=tmp_path, as_of=AS_OF + timedelta(days=3))
    assert kept.report["status"] == "kept_last_good"
    assert "3 days old" in kept.report["reason"]
    assert kept.report["model_version"] == good.report["model_version"]
    assert kept.tables["clv_scores"].num_rows == len(purchases)


def test_a_fit_in_another_currency_neither_stays_nor_stands_in_the_way(purchases, tmp_path):
    """Kept, it would pull values in yen towards the mean order in dollars."""
    dollars = _score(purchases, artifacts=tmp_path, reporting_currency="USD")
    nobody_returns = purchases.assign(frequency=0, recency_days=0)
    later = {"artifacts": tmp_path, "as_of": AS_OF + timedelta(days=3)}
    refused = _score(nobody_returns, reporting_currency="JPY", **later)
    assert refused.report["status"] == "refused"
    assert refused.report["reason"].endswith("the last good fit is in USD, and amounts are in JPY")
    assert refused.tables["clv_scores"].num_rows == 0
    kept = _score(nobody_returns, reporting_currency="USD", **later)
    assert (kept.report["status"], kept.report["model_version"]) == ("kept_last_good", dollars.report["model_version"])
    yen = _score(purchases.assign(mean_order_value=150 * purchases["mean_order_value"]), reporting_currency="JPY", **later)
    assert yen.report["status"] == "published"
    assert promotions.recorded(tmp_path, "clv_purchases")[-1].why == "the last good fit is in USD, and amounts are in JPY"


def test_subscribers_are_valued_by_the_shape_they_were_made_with(tmp_path):
    frame = _subscribers()
    result = _score(subscriptions=frame, artifacts=tmp_path, annual_discount_rate=0.0)
    runs = result.tables["model_runs"].to_pandas().set_index(["candidate", "metric"])
    for segment in ("month", "year"):
        assert runs.loc[(segment, "alpha"), "low"] < 1.0 < runs.loc[(segment, "alpha"), "high"]
        assert runs.loc[(segment, "beta"), "low"] < 9.0 < runs.loc[(segment, "beta"), "high"]
    scores = result.tables["clv_scores"].to_pandas().set_index("customer_key")
    frame = frame.set_index("customer_key")
    assert (scores.loc[frame["ended"], "clv_predicted"] == 0).all()
    monthly = frame["is_active"] & (frame["segment"] == "month")
    one = monthly & (frame["tenure_months"] == 1)
    ahead = np.arange(1, 13)
    by_hand = 100 * np.cumprod((9.0 + ahead) / (10.0 + ahead)).sum()  # retention at renewal t is (β + t − 1) ÷ (α + β + t − 1)
    assert scores.loc[one, "clv_predicted"].iloc[0] == pytest.approx(by_hand, rel=0.04)
    young, old = monthly & (frame["tenure_months"] < 5), monthly & (frame["tenure_months"] > 40)
    assert scores.loc[old, "clv_predicted"].mean() > scores.loc[young, "clv_predicted"].mean()


def test_a_yearly_subscriber_cannot_leave_before_the_renewal(tmp_path):
    scores = (
        _score(subscriptions=_subscribers(), artifacts=tmp_path, annual_discount_rate=0.0, horizon_days=61).tables["clv_scores"].to_pandas()
    )
    frame = _subscribers()
    in_term = (frame["segment"] == "year") & frame["is_active"] & (frame["tenure_months"] % 12 < 9)
    assert scores.loc[in_term, "clv_predicted"].to_numpy() == pytest.approx(200)


@pytest.mark.parametrize(("days", "months"), [(7, 0.22998), (30, 1), (45, 1.47844), (90, 3), (92, 3)])
def test_a_horizon_that_ends_within_a_month_is_worth_the_part_before_its_end(tmp_path, days, months):
    """A yearly subscriber who renewed just now pays for all of it; a week was worth a month's margin, and 92 days that of four."""
    scored = _score(subscriptions=_subscribers(), artifacts=tmp_path, annual_discount_rate=0.0, horizon_days=days).tables["clv_scores"]
    frame = scored.to_pandas().set_index("customer_key")["clv_predicted"]
    told = _subscribers().set_index("customer_key")
    renewed = told[(told["segment"] == "year") & told["is_active"] & (told["tenure_months"] % 12 == 0)].index
    assert frame[renewed].to_numpy() == pytest.approx(100 * months, rel=1e-4)


def test_too_few_departures_and_no_customers_are_refused(tmp_path):
    nobody_left = _score(subscriptions=_subscribers().assign(ended=False, is_active=True), artifacts=tmp_path)
    for result, words in ((nobody_left, "0 subscribers have ended"), (_score(artifacts=tmp_path), "no customer")):
        assert result.report["status"] == "refused"
        assert words in result.report["reason"]
        assert result.tables["clv_scores"].num_rows == 0
        assert result.tables["clv_scores"].schema.names == list(SCHEMAS["clv_scores"])


def _of_two_plans(rows: int, differ: bool) -> pd.DataFrame:
    """Monthly subscribers; where plans `differ`, those of `team` leave four times as often."""
    random = np.random.default_rng(1)
    plan, age = random.choice(["team", "pro"], rows), random.integers(1, 40, rows)
    rate = np.where((plan == "team") & differ, 0.12, 0.03)
    life = random.geometric(rate)
    ended = life <= age
    columns = {"segment": "month", "plan": plan, "tenure_months": np.where(ended, life - 1, age), "age_months": age}
    state = {"ended_months_ago": np.where(ended, age - life, np.nan), "is_active": ~ended, "ended": ended, "monthly_margin": 100.0}
    return pd.DataFrame({"customer_key": [f"k{number:05d}" for number in range(rows)], **columns, **state})


def test_segments_are_parted_by_a_covariate_only_where_it_foretells_who_stays(tmp_path):
    for differ in (True, False):
        result = _score(subscriptions=_of_two_plans(3000, differ), artifacts=tmp_path / str(differ))
        runs = result.tables["model_runs"].to_pandas().set_index(["candidate", "metric"])
        gain = runs.loc[("parted_by_plan", "holdout_log_likelihood_gain")]
        assert (gain["low"] > 0) == differ
        parted = "month, team" in runs.index.get_level_values("candidate")
        assert parted == differ
        assert ("month" in runs.index.get_level_values("candidate")) != differ
        assert result.report["status"] == "published"
