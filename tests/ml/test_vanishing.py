"""A column that is rewritten when a customer leaves, and whose history nobody knows, gives itself away tonight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml.churn.vanishing import vanished
from ml.encoding import parse
from ml.nightly import score_churn
from ml.nightly.sides import Sides, told_later

AS_OF, HORIZON, ROWS = date(2026, 10, 31), 90, 3_000
MOMENTS = (0, 117, 147, 177, 207)  # days before tonight
Said = Callable[[pd.DataFrame, int], object]


def company(said: Said, name: str) -> pd.DataFrame:
    """`ml_inputs.customer_features` of customers who came and went; column `name` holds what `said` says of those active at a moment."""
    random = np.random.default_rng(1)
    mood, came = random.normal(size=ROWS), random.uniform(-1_000, 0, ROWS)
    went = came + random.exponential(800 / np.exp(0.8 * mood))
    people = pd.DataFrame({"customer_key": [f"k{number:04d}" for number in range(ROWS)], "mood": mood, "went": went})
    people["odds"], people["size"] = random.random(ROWS), random.choice(["small", "large"], ROWS)
    moments = []
    for ago in MOMENTS:
        there = people[(came <= -ago) & (went > -ago)]
        frame = there[["customer_key", "mood"]].assign(cutoff_date=AS_OF - timedelta(days=ago), is_tonight=ago == 0)
        frame["label_left"] = np.nan if ago == 0 else (there["went"] <= HORIZON - ago).astype(float)
        moments.append(frame.assign(**{name: said(there, ago)}))
    return pd.concat(moments, ignore_index=True)


def given_away(said: Said, name: str) -> str | None:
    frame = company(said, name)
    return Sides.of(frame[~frame["is_tonight"]], frame[frame["is_tonight"]]).given_away


@pytest.mark.parametrize(
    ("name", "said", "value"),
    [
        ("company_size", lambda there, _: np.where(there["went"] <= 0, "closed", there["size"]), "is 'closed'"),
        ("company_size", lambda there, _: np.where((there["went"] <= 0) & (there["odds"] < 0.5), "closed", there["size"]), "is 'closed'"),
        (
            "company_size",  # some who are there tonight were closed once
            lambda there, _: np.where((there["went"] <= 0) | (there["odds"] < 0.01), "closed", there["size"]),
            "is 'closed'",
        ),
        ("region", lambda there, _: pd.Series("north", there.index).where(there["went"] > 0), "is missing"),
        ("is_archived", lambda there, _: there["went"] <= 0, "is true"),
        ("seats", lambda there, _: np.where(there["went"] <= 0, 0.0, np.ceil(9 * there["odds"])), "is 0"),
        ("closed_on", lambda there, _: pd.Timestamp(AS_OF) + pd.to_timedelta(there["went"].where(there["went"] <= 0), "D"), "is stated"),
    ],
)
def test_what_is_written_when_they_leave_is_named(name, said, value):
    told = given_away(said, name)
    assert told is not None
    assert told.startswith(f"{name} {value} for ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("company_size", lambda there, _: there["size"]),
        ("has_requested_cancellation", lambda there, ago: there["went"] <= 30 - ago),  # known then, and tonight some have, too
        ("plan", lambda there, ago: np.where((ago > 0) & (there["odds"] < 0.2), "retired", "new")),  # gone, and no sign of leaving
        ("country", lambda there, _: np.where((there["went"] <= 0) & (there["odds"] < 0.05), "xx", "de")),  # too few to tell
    ],
)
def test_what_was_known_then_is_left_alone(name, said):
    assert given_away(said, name) is None


def test_where_most_leave_a_value_whose_few_customers_all_left_is_chance():
    random = np.random.default_rng(0)
    left, has = (random.random(400) < 0.85).astype(float), np.arange(400) < 14
    left[:14] = 1.0
    then, now = parse(pd.DataFrame({"plan": np.where(has, "old", "new")})), parse(pd.DataFrame({"plan": ["new"] * 400}))
    assert vanished(then, left, now) is None
    assert vanished(then, np.where(has, 1.0, random.random(400) < 0.1), now) is not None


def test_the_night_refuses_what_knows_the_future_and_fits_nothing(tmp_path):
    frame = company(lambda there, _: np.where(there["went"] <= 0, "closed", there["size"]), "company_size")
    for night in (AS_OF, AS_OF + timedelta(days=1)):  # nor is it the last good model on the night after
        scored = score_churn(frame, as_of=night, horizon_days=HORIZON, artifacts=tmp_path)
        assert scored.report["status"] == "base_rate"
        assert scored.report["reason"].startswith("a feature knows the future (company_size is 'closed' for ")
    assert not list(tmp_path.iterdir())


def _on(there: pd.DataFrame, ago: int, days: float) -> pd.Series:
    """A day `days` after the moment, of half of those who are there."""
    return pd.Series(pd.Timestamp(AS_OF) + pd.Timedelta(days=days - ago), there.index).where(there["odds"] < 0.5)


def test_a_fact_dated_after_the_cut_off_is_named_and_a_plan_is_not():
    """What the record says today of the last time they were seen; when they renew, which is known beforehand; when they came."""
    told = given_away(lambda there, ago: _on(there, ago, 30 if ago else -1), "seen_on")
    assert told is not None
    assert told.startswith("seen_on is later than the moment it tells of for ")
    assert given_away(lambda there, ago: _on(there, ago, 30), "renews_on") is None
    assert given_away(lambda there, ago: _on(there, ago, 0), "came_on") is None


def test_what_happened_after_its_moment_refuses_the_night_by_name(tmp_path):
    frame = company(lambda there, ago: np.where(there["odds"] < (0.002 if ago else 0.0), -12.0, 40.0), "days_since_ticket")
    later = int((frame["days_since_ticket"] < 0).sum())
    assert told_later(frame) == f"days_since_ticket is below 0 for {later} rows: what it tells of happened after the moment of the row"
    assert told_later(frame.rename(columns={"days_since_ticket": "days_to_renewal"})) is None
    scored = score_churn(frame, as_of=AS_OF, horizon_days=HORIZON, artifacts=tmp_path)
    assert scored.report["reason"].startswith("a feature knows the future (days_since_ticket is below 0 for ")
