"""The churn model: raw columns in, calibrated probabilities and exact reasons out."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ml.churn import ChurnModel, reasons, train
from ml.churn.candidates import Rows, fit, named
from ml.churn.training import refit
from ml.encoding import parse
from ml.evaluation import log_losses, roc_auc
from ml.leakage import suspicions
from ml.refusal import Refused


@pytest.fixture(scope="module")
def interacting() -> tuple[pd.DataFrame, np.ndarray]:
    """Customers whose leaving depends on two columns together: no additive model can see it."""
    random = np.random.default_rng(4)
    frame = pd.DataFrame({"a": random.normal(size=1600), "b": random.normal(size=1600), "c": random.choice(["x", "y", None], 1600)})
    return frame, (random.random(1600) < np.where((frame["a"] > 0) == (frame["b"] > 0), 0.7, 0.1)).astype(int)


@pytest.fixture(scope="module")
def boosted(interacting) -> ChurnModel:
    return train(*interacting)


@pytest.fixture(scope="module")
def three_hundred(customers) -> tuple[pd.DataFrame, ChurnModel]:
    frame, label = customers(300)
    return frame, train(frame, label)


def test_it_learns_from_200_raw_rows_and_keeps_the_index(customers):
    frame, label = customers(200)
    model = train(frame, label)
    probability = model.predict(frame)
    assert probability.index.equals(frame.index)
    assert probability.between(0, 1).all()
    fresh, truth = customers(3000, seed=2)
    assert roc_auc(truth, model.predict(fresh)) > 0.72


def test_a_row_alone_scores_as_in_its_batch(three_hundred):
    frame, model = three_hundred
    together = model.predict(frame)
    for position in range(10):
        assert model.predict(frame.iloc[[position]]).iloc[0] == together.iloc[position]
        assert model.predict(frame.iloc[position].to_frame().T).iloc[0] == pytest.approx(together.iloc[position], rel=1e-12)


def test_column_order_unseen_levels_and_missing_columns(three_hundred):
    frame, model = three_hundred
    assert (model.predict(frame[frame.columns[::-1]].assign(new_column=1)) == model.predict(frame)).all()
    assert model.predict(frame.assign(plan="never heard of", region="nowhere")).notna().all()
    with pytest.raises(ValueError, match=r"missing column\(s\) logins_30d, plan"):
        model.predict(frame.drop(columns=["plan", "logins_30d"]))


def test_probabilities_mean_what_they_say(customers):
    frame, label = customers(3000)
    model = train(frame, label)
    fresh, truth = customers(8000, seed=5)
    probability = model.predict(fresh)
    assert probability.mean() == pytest.approx(truth.mean(), abs=0.02)
    top = probability >= probability.quantile(0.9)
    assert probability[top].mean() == pytest.approx(truth[top].mean(), abs=0.06)


def test_noise_gets_the_base_rate(customers):
    frame, _ = customers(400)
    label = np.random.default_rng(3).random(400) < 0.25
    model = train(frame, label)
    assert model.report["chosen"] == "base_rate"
    assert model.predict(frame).nunique() == 1
    assert model.predict(frame).iloc[0] == pytest.approx(label.mean(), abs=0.01)


@pytest.mark.thorough
def test_boosting_is_chosen_where_columns_act_together_only(interacting, boosted, customers):
    assert boosted.report["chosen"].startswith("boosting")
    assert train(*customers(2500)).report["chosen"].startswith("logistic")
    losses = {row["candidate"]: row["log_loss"] for row in boosted.report["candidates"]}
    assert losses[boosted.report["chosen"]] < losses["logistic"] - 0.05


@pytest.mark.thorough
def test_a_line_and_trees_together_are_chosen_where_each_knows_something():
    """Eight columns of a straight line and a bow: trees need many rows for the line, the line never sees the bow."""
    random = np.random.default_rng(12)
    matrix = random.normal(size=(3000, 9))
    log_odds = -0.6 + 0.5 * matrix[:, :8].sum(axis=1) + 1.8 * (np.abs(matrix[:, 8]) > 1)
    frame = pd.DataFrame(matrix, columns=list("abcdefghi"))
    label = (random.random(3000) < 1 / (1 + np.exp(-log_odds))).astype(int)
    model = train(frame[:1500], label[:1500])
    assert model.report["chosen"] == "mixture"
    assert refit(model, frame[:1500], label[:1500]).predict(frame).equals(model.predict(frame))
    described, arrays = model.to_parts()
    assert ChurnModel.from_parts(json.loads(json.dumps(described)), arrays).predict(frame).equals(model.predict(frame))
    parts = model.contributions(frame[:50]).sum(axis=1)
    assert (1 / (1 + np.exp(-parts))).to_numpy() == pytest.approx(model.predict(frame[:50]).to_numpy())
    codes, unseen = model.encoder.codes(parse(frame[:1500])), model.encoder.read(frame[1500:])
    for name in ("logistic", "boosting_pairs"):
        alone = fit(named(name), Rows(model.encoder, codes, label[:1500].astype(float)), 100, 0).score(model.encoder, unseen)
        assert log_losses(label[1500:], model.predict(frame[1500:])).mean() < log_losses(label[1500:], 1 / (1 + np.exp(-alone))).mean()


def test_parts_add_up_to_the_prediction(interacting, boosted, three_hundred):
    for model, frame in ((boosted, interacting[0]), three_hundred[::-1]):
        probability = model.predict(frame).to_numpy()
        assert model.contributions(frame).sum(axis=1).to_numpy() == pytest.approx(np.log(probability / (1 - probability)), abs=1e-9)


def test_reasons_name_the_column_that_was_planted(customers):
    frame, label = customers(2000)
    model = train(frame, label)
    worst = frame.iloc[[0]].assign(logins_30d=1.0)
    first = model.reasons(worst).to_pylist()[0][0]
    assert first.startswith("Logins in 30 days 1 (typical ")
    assert "raises the risk by" in first
    assert "lowers the risk by" in model.reasons(worst.assign(logins_30d=19.0)).to_pylist()[0][0]
    assert all(len(reasons) <= 3 for reasons in model.reasons(frame).to_pylist())


def test_reasons_name_columns_as_people_do():
    assert reasons.humanised("mrr_change_90d") == "MRR change in 90 days"


def test_a_column_that_knows_the_future_is_named_and_kept_out(customers):
    frame, label = customers(600)
    half_told = np.where((label == 1) & (np.arange(600) % 2 == 0), "asked to leave", "no")
    model = train(frame.assign(closed_on=np.where(label == 1, 20250101.0, np.nan), note=half_told), label)
    suspected = {one["feature"]: one for one in model.report["suspicious_features"]}
    assert set(suspected) == {"closed_on", "note"}
    assert suspected["closed_on"]["left_out"]
    assert "closed_on" not in model.required
    assert suspicions(parse(frame), label.to_numpy(dtype=float), 0) == []


def test_an_honest_column_may_be_strong_it_is_reported_and_learnt_from(customers):
    """One that ranks nine leavers of ten alone, and is not the label: left out, next to nothing would be known."""
    frame, label = customers(1200)
    random = np.random.default_rng(3)
    frame = frame.assign(days_silent=np.where(label == 1, 60.0, 20.0) + random.normal(0, 13, 1200))
    model = train(frame.iloc[:800], label.iloc[:800])
    (told,) = model.report["suspicious_features"]
    assert 0.97 <= told["roc_auc"] < 0.999
    assert (told["feature"], told["is_certain"], told["left_out"]) == ("days_silent", True, False)
    assert roc_auc(label.iloc[800:].to_numpy(dtype=float), model.predict(frame.iloc[800:]).to_numpy()) > 0.97


@pytest.mark.thorough
def test_the_same_seed_gives_the_same_model_and_it_survives_being_written_down(interacting, boosted):
    frame, label = interacting
    again = train(frame, label)
    described, arrays = boosted.to_parts()
    restored = ChurnModel.from_parts(json.loads(json.dumps(described)), arrays)
    for other in (again, restored):
        assert (other.predict(frame) == boosted.predict(frame)).all()


@pytest.mark.thorough
def test_rows_of_one_customer_stay_on_one_side_of_a_split():
    """Copies of a customer in both folds would let a random column recognise them."""
    random = np.random.default_rng(0)
    who = np.repeat(np.arange(80), 6)
    frame = pd.DataFrame({"fingerprint": random.normal(size=80)[who], "other": random.normal(size=80)[who]})
    label = (random.random(80) < 0.3)[who]
    assert train(frame, label, groups=who).report["chosen"] == "base_rate"
    assert train(frame, label).report["chosen"] != "base_rate"


def test_what_cannot_be_learnt_is_refused(customers):
    frame, label = customers(300)
    with pytest.raises(Refused, match="at least 200 rows"):
        train(frame.iloc[:150], label.iloc[:150])
    with pytest.raises(Refused, match="3 leavers"):
        train(frame, np.arange(300) < 3)
    with pytest.raises(ValueError, match="one 0 or 1"):
        train(frame, label.replace(1, 2))
    with pytest.raises(ValueError, match="one 0 or 1"):
        train(frame, label.iloc[:-1])
