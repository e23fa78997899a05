"""A night of churn: what is published, kept, or refused, and that the tables are exactly the warehouse's."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from ml import cards, promotions
from ml.evaluation import METRICS
from ml.nightly import SCHEMAS, score_churn
from ml.nightly.risk import expected_losses, risk_bands
from orchestration.warehouse import SCORE_TABLES

AS_OF = date(2025, 6, 30)


def _features(signal: float, cutoffs: int = 6, rows: int = 500, seed: int = 0) -> pd.DataFrame:
    """Cut-offs 90, 120 … days before the as-of date, and tonight."""
    random = np.random.default_rng(seed)
    parts = []
    for age in [0, *(90 + 30 * number for number in range(cutoffs))]:
        usage, recency = random.normal(size=rows), random.exponential(30, rows)
        leaves = random.random(rows) < 1 / (1 + np.exp(-(-1.5 - signal * 1.5 * usage)))
        parts.append(
            pd.DataFrame(
                {
                    "customer_key": [f"k{number:05d}" for number in range(rows)],
                    "cutoff_date": AS_OF - timedelta(days=age),
                    "is_tonight": age == 0,
                    "label_left": leaves.astype(float) if age else np.nan,
                    "usage_change": usage,
                    "days_since_engaged": recency,
                    "plan": random.choice(["a", "b"], rows),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def published(models):
    return score_churn(_features(1.0), as_of=AS_OF, horizon_days=90, artifacts=models)


def _metric(result, candidate: str, metric: str) -> float:
    runs = result.tables["model_runs"].to_pandas()
    return float(runs[(runs["candidate"] == candidate) & (runs["metric"] == metric)]["value"].iloc[0])


def test_schemas_are_those_of_the_warehouse():
    connection = duckdb.connect()
    for name, declared in SCORE_TABLES.items():
        connection.execute(f"CREATE TABLE {name} ({declared})")
        arrow = connection.execute(f"SELECT * FROM {name}").to_arrow_table().schema
        assert {field.name: field.type for field in arrow} == SCHEMAS[name]


def test_a_good_model_is_published_with_its_numbers(published):
    assert published.report["status"] == "published"
    scores = published.tables["churn_scores"].to_pandas()
    assert len(scores) == 500
    assert scores["churn_probability"].between(0, 1).all()
    assert set(scores["risk_band"]) == {"high", "medium", "low"}
    assert scores["reasons"].map(len).between(0, 3).all()
    assert (scores["reasons"].map(len) > 0).mean() > 0.98  # whoever is typical in every way has none
    assert scores["model_version"].nunique() == 1
    chosen = published.tables["model_runs"].to_pandas()["candidate"].iloc[1]
    assert _metric(published, "judgement", "is_out_of_time") == 1
    assert _metric(published, chosen, "roc_auc") > 0.75 > _metric(published, "recency_only", "roc_auc")
    assert _metric(published, chosen, "log_loss_gain_over_base_rate") > 0
    runs = published.tables["model_runs"].to_pandas()
    assert set(runs.loc[runs["metric"] == "pr_auc", "candidate"]) == {chosen, "base_rate", "recency_only", "logistic"}
    assert _metric(published, "logistic", "roc_auc") > 0.75


def test_the_same_night_again_gives_the_same_rows(published, models):
    shuffled = _features(1.0).sample(frac=1, random_state=3)
    again = score_churn(shuffled, as_of=AS_OF, horizon_days=90, artifacts=models)
    for name, table in published.tables.items():
        assert again.tables[name].equals(table), name


def test_a_night_of_noise_keeps_the_last_good_model_and_says_how_old_it_is(published, models):
    result = score_churn(_features(0.0), as_of=AS_OF + timedelta(days=2), horizon_days=90, artifacts=models)
    assert result.report["status"] == "kept_last_good"
    assert "2 days old" in result.report["reason"]
    assert result.report["model_version"] == published.report["model_version"]
    assert result.tables["churn_scores"].column("churn_probability").to_pandas().nunique() > 100


def test_a_model_of_another_horizon_does_not_score_under_tonights(published, models, tmp_path):
    models, night = shutil.copytree(models, tmp_path / "models"), AS_OF + timedelta(days=2)
    noise = score_churn(_features(0.0, cutoffs=6), as_of=night, horizon_days=88, artifacts=models)
    assert noise.report["status"] == "base_rate"
    assert "the last good model foretells 90 days, and 88 are asked for" in noise.report["reason"]
    assert set(noise.tables["churn_scores"].column("horizon_days").to_pylist()) == {88}
    learnt = score_churn(_features(1.0), as_of=night, horizon_days=88, artifacts=models)
    assert learnt.report["status"] == "published"
    assert promotions.recorded(models, "churn")[-1].why == "the last good model foretells 90 days, and 88 are asked for"


def test_a_column_that_knows_the_future_refuses_the_model_by_name(tmp_path):
    frame = _features(1.0)
    frame["closed_on"] = np.where(frame["label_left"] == 1, 1.0, np.nan)
    result = score_churn(frame, as_of=AS_OF, horizon_days=90, artifacts=tmp_path)
    assert result.report["status"] == "base_rate"
    assert "closed_on" in result.report["reason"]
    assert result.tables["churn_scores"].column("churn_probability").to_pandas().nunique() == 1


@pytest.mark.parametrize(("signal", "is_published"), [(1.5, True), (-1.5, False)])
def test_a_timid_model_is_corrected_by_the_newest_moment_and_one_that_is_wrong_is_not(tmp_path, signal, is_published):
    """What it learnt from had a quarter of the signal, or the newest moment turned it round."""
    before, now = _features(0.4, cutoffs=5), _features(signal, cutoffs=1, seed=1)
    features = pd.concat([now, before[before["cutoff_date"] <= AS_OF - timedelta(days=120)]], ignore_index=True)
    result = score_churn(features, as_of=AS_OF, horizon_days=90, artifacts=tmp_path)
    measured = result.tables["model_runs"].to_pandas().set_index("metric")["value"]
    assert (result.report["status"] == "published") == is_published
    assert ("corrected_slope" in measured) == is_published
    if is_published:
        scores = result.tables["churn_scores"].to_pandas()["churn_probability"]
        truth = 1 / (1 + np.exp(1.5 + signal * 1.5 * now.loc[now["is_tonight"], "usage_change"]))
        assert measured["corrected_slope"] > 1.5
        assert scores.std() == pytest.approx(truth.std(), rel=0.25)


def test_labels_whose_window_is_not_over_are_never_learnt_from(published, tmp_path):
    frame = _features(1.0)
    early = frame[frame["cutoff_date"] == AS_OF - timedelta(days=90)].assign(cutoff_date=AS_OF - timedelta(days=60))
    early["label_left"] = 1 - early["label_left"]  # wrong on purpose
    result = score_churn(pd.concat([frame, early]), as_of=AS_OF, horizon_days=90, artifacts=tmp_path)
    assert result.tables["churn_scores"].equals(published.tables["churn_scores"])


def test_too_little_history_gets_the_base_rate_with_a_reason(tmp_path):
    result = score_churn(_features(1.0, cutoffs=1, rows=60), as_of=AS_OF, horizon_days=90, artifacts=tmp_path)
    assert result.report["status"] == "base_rate"
    assert "at least 200 rows" in result.report["reason"]
    assert result.tables["churn_scores"].column("risk_band").unique().to_pylist() == ["medium"]


@pytest.mark.parametrize("part", ["nobody", "only tonight"])
def test_without_customers_or_labels_there_are_no_scores_but_a_reason(part, tmp_path):
    frame = _features(1.0)
    rows = frame.iloc[:0] if part == "nobody" else frame[frame["is_tonight"]]
    result = score_churn(rows, as_of=AS_OF, horizon_days=90, artifacts=tmp_path)
    assert result.report["status"] == "refused"
    assert result.report["reason"]
    assert result.tables["churn_scores"].num_rows == 0
    assert result.tables["model_runs"].num_rows == 1


def test_risk_bands_are_shares_of_tonight():
    bands = pd.Series(risk_bands(np.arange(100.0) / 100)).value_counts()
    assert bands.to_dict() == {"low": 60, "medium": 30, "high": 10}
    assert set(risk_bands(np.full(10, 0.2))) == {"medium"}
    assert risk_bands(np.array([0.0] * 8 + [1.0, 2.0])).tolist() == ["low"] * 8 + ["medium", "high"]


def test_what_a_customer_is_worth_decides_the_band_with_the_probability(published, models):
    values = pd.DataFrame({"customer_key": ["b", "c"], "clv_predicted": [10.0, 30.0]})
    losses = expected_losses(pd.Series(["a", "b", "c"]), np.array([0.5, 0.5, 0.1]), values)
    assert losses.tolist() == [10.0, 5.0, 3.0]  # of the first nobody knows the value: the mean of the others
    dear = pd.DataFrame({"customer_key": [f"k{number:05d}" for number in range(500)], "clv_predicted": np.arange(500) ** 4.0})
    scores = score_churn(_features(1.0), dear, as_of=AS_OF, horizon_days=90, artifacts=models).tables["churn_scores"].to_pandas()
    alone = published.tables["churn_scores"].to_pandas()
    assert scores["churn_probability"].equals(alone["churn_probability"])
    assert scores.loc[scores["risk_band"] == "high", "customer_key"].min() > "k00250"
    assert (scores["risk_band"] == "high").sum() == (alone["risk_band"] == "high").sum() == 50


def test_deciles_groups_and_earlier_moments_are_measured(published, tmp_path):
    runs = published.tables["model_runs"].to_pandas()
    chosen = runs.loc[runs["metric"] == "decile_1_expected", "candidate"].iloc[0]
    assert _metric(published, chosen, "decile_1_expected") < _metric(published, chosen, "decile_10_expected")
    assert _metric(published, chosen, "groups_checked") == 2
    gap = runs[runs["metric"] == "gap_where_plan=a"].iloc[0]
    assert gap["low"] < 0 < gap["high"]
    brier = runs[runs["metric"] == "brier_where_plan=a"].iloc[0]
    assert 0 < brier["low"] < _metric(published, chosen, "brier") < brier["high"]
    assert runs["metric"].str.fullmatch(r"out_of_time_\d{4}-\d\d-\d\d_left").sum() == 0  # too short a history to roll through
    longer = score_churn(_features(1.0, cutoffs=9, rows=300), as_of=AS_OF, horizon_days=90, artifacts=tmp_path)
    told = longer.tables["model_runs"].to_pandas()["metric"]
    moments = told.str.extract(r"out_of_time_(\d{4}-\d\d-\d\d)_left")[0].dropna()
    assert len(moments) >= 2
    for name in METRICS:
        assert {f"out_of_time_{moment}_{name}" for moment in moments} <= set(told)


def test_a_column_in_another_unit_keeps_the_last_good_model(models, published):
    changed = _features(1.0, seed=5)
    changed.loc[changed["is_tonight"], "usage_change"] = changed["usage_change"] * 100 + 300
    kept = score_churn(changed, as_of=AS_OF + timedelta(days=1), horizon_days=90, artifacts=models)
    assert kept.report["status"] == "kept_last_good"
    assert "usage_change has moved" in kept.report["reason"]
    assert 0 <= _metric(published, "churn_probability", "psi") < 0.25 < _metric(kept, "churn_probability", "psi")
    assert kept.report["model_version"] == published.report["model_version"]


def test_a_stored_model_tells_what_its_card_needs(models, published):
    told = cards.facts(models, "churn", published.report["model_version"])
    assert told.window == ((AS_OF - timedelta(days=240)).isoformat(), (AS_OF - timedelta(days=90)).isoformat())
    assert dict(told.learnt_from)["rows (customers at past moments)"] == 6 * 500
    assert told.compared[0].name == "base_rate"
    chosen = next(one for one in told.compared if one.is_chosen)
    assert dict(told.settings)["learner"] == chosen.name
    assert chosen.behind <= chosen.error
    assert told.promotions[0].decision == "first"
    assert set(told.columns) == {"usage_change", "days_since_engaged", "plan"}
    weights = published.tables["model_runs"].to_pandas().query("metric == 'share_of_score'").set_index("candidate")["value"]
    assert weights.idxmax() == "usage_change"
    assert weights.sum() == pytest.approx(1)
