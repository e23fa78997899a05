"""Columns that change their dress between training and scoring, and days that lie beyond what clocks count in nanoseconds."""

from __future__ import annotations

import datetime
import io

import numpy as np
import pandas as pd
import pytest

from ml.churn import train
from ml.encoding import parse

ROWS = 300
OPEN_END = np.where(np.arange(ROWS) % 3 == 0, "9999-12-31", "2024-05-01")


@pytest.mark.parametrize(
    "days",
    [
        pd.Series(OPEN_END),
        pd.Series([datetime.date.fromisoformat(day) for day in OPEN_END], dtype=object),
        pd.Series([datetime.datetime.fromisoformat(day) for day in OPEN_END]),
        pd.Series(OPEN_END, dtype="datetime64[s]"),
    ],
    ids=["text", "date", "datetime", "seconds"],
)
def test_an_open_end_in_the_year_9999_is_the_last_of_all_days(days):
    """As nanoseconds since 1970 it would be the year 1816, before everything else."""
    read = parse(pd.DataFrame({"ends_on": days}))
    assert read.kinds == {"ends_on": "date"}
    assert set(read.values["ends_on"]) == {19_844.0, 2_932_896.0}


@pytest.fixture(scope="module")
def customers() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "x": random.normal(size=ROWS),
            "tier": pd.Categorical(random.integers(1, 4, ROWS)),
            "is_partner": random.random(ROWS) < 0.5,
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, ROWS), "D"),
        }
    )
    log_odds = -0.7 + 0.8 * frame["x"] + 2.0 * frame["is_partner"] - 2.0 * (frame["tier"] == 1)
    return frame, (random.random(ROWS) < 1 / (1 + np.exp(-log_odds))).to_numpy(dtype=int)


DRESSES = {
    "a file": lambda frame: pd.read_csv(io.StringIO(frame.to_csv(index=False))),
    "all texts": lambda frame: frame.astype(str),
    "objects": lambda frame: frame.astype(object),
    "nullable": lambda frame: frame.convert_dtypes(),
    "Arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "whole numbers made fractions by a gap": lambda frame: frame.assign(tier=frame["tier"].astype(float)),
    "flags as numbers": lambda frame: frame.assign(is_partner=frame["is_partner"].astype(int)),
    "other columns, another order": lambda frame: frame.assign(new=1)[["new", *frame.columns[::-1]]],
}


@pytest.mark.parametrize("dress", DRESSES)
def test_a_customer_scores_alike_in_every_dress(customers, dress):
    frame, left = customers
    model = train(frame, left)
    assert {column.name for column in model.encoder.columns} >= {"tier", "is_partner"}
    assert model.predict(DRESSES[dress](frame)).to_numpy() == pytest.approx(model.predict(frame).to_numpy(), abs=1e-12)


def test_rows_of_whom_the_customer_is_unknown_are_learnt_from(customers):
    frame, left = customers
    who = pd.Series(np.where(np.arange(ROWS) % 5 == 0, None, np.arange(ROWS) // 2))
    assert train(frame, left, groups=who).predict(frame).nunique() > 100
    with pytest.raises(ValueError, match="groups: needs one customer per row"):
        train(frame, left, groups=who[:-1])


def test_a_whole_number_that_is_larger_than_any_fraction_is_very_large():
    read = parse(pd.DataFrame({"token": pd.Series([1, -(10**400), 10**400, None], dtype=object)})).values["token"]
    assert read[:3].tolist() == [1.0, -1e100, 1e100]
    assert np.isnan(read[3])
