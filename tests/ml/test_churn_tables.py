"""Tables as they come: columns in every dress, edges that only large trees see, many columns of which few matter, folds through time."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ml.churn import train
from ml.churn.candidates import CHUNK, Rows, base_log_odds, fit, named, staged_scores
from ml.churn.folds import Moments, random_folds, rolling_folds
from ml.encoding import Encoder, parse
from ml.evaluation import roc_auc


@pytest.fixture(scope="module")
def simple() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=300)})
    return frame, (random.random(300) < 1 / (1 + np.exp(0.8 - 1.5 * frame["x"]))).astype(int)


DAYS = [datetime.date(2024, 1, 1) + datetime.timedelta(days=number % 200) for number in range(300)]
AMOUNTS = [f"${1000 + 7.5 * number:,.2f}" for number in range(300)]
DRESSES = {
    "date": pd.Series(DAYS, dtype=pd.ArrowDtype(pa.date32())),
    "number": pd.Series(AMOUNTS),
    "percent": pd.Series([f"{number % 97} %" for number in range(300)]),
    "number or none": pd.Series(["n/a" if number % 3 else str(number % 40) for number in range(300)]),
    "unknown": pd.Series(pd.Categorical([None] * 300)),
    "list": pd.Series([[1]] * 300, dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    "duration": pd.Series(range(300), dtype=pd.ArrowDtype(pa.duration("s"))),
    "lasted": pd.Series([datetime.timedelta(hours=number) for number in range(299)] + [None], dtype=object),
}
NUMBERS = ("number", "percent", "number or none", "duration", "lasted")


def test_columns_are_read_in_every_dress(simple):
    frame, label = simple
    dressed = frame.assign(**DRESSES)
    model = train(dressed, label)
    assert {one.name: one.kind for one in model.encoder.columns} == dict.fromkeys(("x", *NUMBERS), "number") | {"date": "date"}
    assert set(model.report["left_out"]) >= {"list"}
    assert model.predict(dressed).notna().all()
    days = parse(dressed).values
    assert (days["duration"][1], days["lasted"][12]) == pytest.approx((1 / 86_400, 0.5))
    assert np.isnan(days["lasted"][-1])


def test_amounts_keep_their_value():
    read = parse(pd.DataFrame({"amount": ["$1,234.50", "€ 5", "-3", "1,5", None]}), {"amount": "number"}).values["amount"]
    assert read.tolist()[:3] == [1234.5, 5.0, -3.0]
    assert np.isnan(read[3:]).all()  # 1,5 is five tenths to some and fifteen to nobody


@pytest.mark.parametrize("style", ["%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y %H:%M"])
def test_dates_are_read_in_every_style_that_has_one_meaning(style):
    days = pd.date_range("2020-01-01", periods=300)
    read = parse(pd.DataFrame({"since": [*days.strftime(style), None, "31.02.2024"]}))
    assert read.kinds == {"since": "date"}
    assert (read.values["since"][:300] == 18_262 + np.arange(300)).all()
    assert np.isnan(read.values["since"][300:]).all()


def test_a_date_with_two_meanings_is_left_out():
    slashed = pd.Series(pd.date_range("2020-01-01", periods=300)).dt.strftime("%m/%d/%Y")
    assert set(parse(pd.DataFrame({"since": slashed})).left_out) == {"since"}


def test_a_label_is_read_in_words_and_by_its_index(simple):
    frame, label = simple
    plain = train(frame, label).predict(frame)
    words = pd.Series(np.where(label == 1, "Yes", "no"))
    assert (train(frame, words).predict(frame) == plain).all()
    assert (train(frame, pd.Series(label).sample(frac=1, random_state=1)).predict(frame) == plain).all()


def test_few_columns_that_matter_are_found_among_many():
    random = np.random.default_rng(7)
    matrix = random.normal(size=(600, 150))
    label = random.random(600) < 1 / (1 + np.exp(1 - matrix[:, :3] @ [1.0, -0.7, 0.4]))
    frame = pd.DataFrame(matrix).add_prefix("x")
    model = train(frame.iloc[:300], label[:300])
    assert model.report["chosen"] == "logistic_sparse"
    assert roc_auc(label[300:], model.predict(frame.iloc[300:])) > 0.68  # 0.59 to 0.66 with every column shrunk alike


def test_trees_grown_in_steps_are_the_trees_grown_at_once(simple):
    frame, label = simple
    y = label.astype(float)
    parsed = parse(frame)
    encoder = Encoder.fit(parsed, y)
    codes = encoder.codes(parsed)
    candidate = named("boosting_pairs")
    rows = Rows(encoder, codes, y)
    looks = staged_scores(candidate, rows, codes, seed=3)
    first, second = next(looks), next(looks)
    assert [trees for trees, _ in first + second] == list(range(10, 2 * CHUNK + 1, 10))
    at_once = fit(candidate, rows, 2 * CHUNK, seed=3).score(encoder, codes)
    assert second[-1][1] == pytest.approx(at_once, abs=1e-9)
    assert base_log_odds(y) == pytest.approx(np.log((y.sum() + 0.5) / ((1 - y).sum() + 0.5)))


def test_folds_through_time_never_learn_what_was_not_known():
    moment = np.repeat(np.arange(0, 240, 30), 60)
    label = (np.arange(moment.size) % 3 == 0).astype(float)
    folds = rolling_folds(Moments(moment, 90), label)
    assert [int(moment[outside][0]) for _, outside in folds] == [120, 150, 180, 210]
    for inside, outside in folds:
        assert moment[inside].max() + 90 <= moment[outside].min()
    assert rolling_folds(Moments(moment, 210), label) == []  # one such fold alone says too little


def test_random_folds_keep_customers_together_and_cover_everyone():
    groups = np.repeat(np.arange(50), 4)
    label = (groups % 5 == 0).astype(float)
    folds = list(random_folds(label, groups, 5, seed=1))
    assert sorted(np.concatenate([outside for _, outside in folds])) == list(range(200))
    for inside, outside in folds:
        assert not set(groups[inside]) & set(groups[outside])
        assert label[outside].sum() == 8


def test_with_moments_the_report_says_how_calibrated_each_was(customers):
    frame, label = customers(1200)
    moments = Moments(np.repeat(np.arange(0, 240, 30), 150), 90)
    folds = train(frame, label, moments=moments).report["rolling_folds"]
    assert [fold["moment"] for fold in folds] == [120, 150, 180, 210]
    assert all(fold["customers"] == 150 and abs(fold["left"] - fold["expected"]) < 0.12 for fold in folds)
