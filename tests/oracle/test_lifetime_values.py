"""Values of customers, one by one, beside the equations of the papers: with and without contracts, discounted, with their intervals."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.nightly import score_clv
from tests.oracle import lifetime

AS_OF, DAYS, RATE, MARGIN = date(2025, 6, 30), 200, 0.15, 0.4
NAMES = {1: "month", 3: "quarter", 12: "year"}


def buyers(count: int = 400) -> pd.DataFrame:
    """Who buys at a rate of their own until they leave after some purchase; days, as the night counts them."""
    random = np.random.default_rng(4)
    rows = []
    for number in range(count):
        age, rate, leaves, value = random.integers(20, 700), random.gamma(1.2, 1 / 60), random.beta(0.9, 3), random.gamma(4, 12)
        days, day = [0], 0
        while days[-1] == 0 or random.random() > leaves:
            day += max(1, round(random.exponential(1 / max(rate, 1e-3))))
            if day > age:
                break
            days.append(day)
        spent = random.gamma(6, value / 6, max(len(days) - 1, 1)).mean()
        rows.append((f"k{number:03}", len(days) - 1, days[-1], age, spent))
    return pd.DataFrame(rows, columns=["customer_key", "frequency", "recency_days", "age_days", "mean_order_value"])


def subscribers(count: int = 900) -> pd.DataFrame:
    """Who leaves at a renewal with a chance of their own: every month, quarter or year."""
    random = np.random.default_rng(5)
    every = random.choice([1, 1, 3, 12], count)
    life, age = every * random.geometric(random.beta(1.2, 5, count)), random.integers(1, 60, count)
    ended = life <= age
    return pd.DataFrame({
        "customer_key": [f"k{number:03}" for number in range(count)], "segment": pd.Series(every).map(NAMES),
        "tenure_months": np.where(ended, life - 1, age), "is_active": ~ended, "ended": ended,
        "monthly_margin": random.gamma(2, 40, count).round(2),
    })  # fmt: skip


def scored(folder: Path, horizon_days: int = DAYS, **frames: pd.DataFrame) -> tuple[pd.DataFrame, Any]:
    """Scores by customer, and (candidate, metric) → value."""
    empty = pd.DataFrame(columns=["customer_key"])
    inputs = {"purchases": empty, "subscriptions": empty} | frames
    result = score_clv(as_of=AS_OF, artifacts=folder, horizon_days=horizon_days, annual_discount_rate=RATE, gross_margin=MARGIN, **inputs)
    assert result.report["status"] == "published", result.report["reason"]
    runs = result.tables["model_runs"].to_pandas().set_index(["candidate", "metric"])["value"]
    return result.tables["clv_scores"].to_pandas().set_index("customer_key"), runs


def test_buyers_are_worth_what_the_equations_say(tmp_path: Path) -> None:
    frame = buyers()
    told, runs = scored(tmp_path, purchases=frame)
    told = told.loc[frame["customer_key"]]
    history = [frame[name].to_numpy(float) for name in ("frequency", "recency_days", "age_days")]
    x, t_x, age = history[0], history[1] / 7, history[2] / 7
    fitted = {name: runs["bgnbd", name] for name in ("r", "alpha", "a", "b")}
    best = lifetime.bgnbd_log_likelihood(lifetime.best_bgnbd(x, t_x, age), x, t_x, age)
    assert lifetime.bgnbd_log_likelihood(fitted, x, t_x, age) == pytest.approx(best, abs=1e-3)
    assert told["p_alive"].to_numpy() == pytest.approx(lifetime.p_alive(fitted, x, t_x, age), rel=1e-6)
    expected = lifetime.expected_purchases(fitted, np.array([DAYS / 7]), x, t_x, age)[0]
    assert told["expected_purchases"].to_numpy() == pytest.approx(expected, rel=1e-4)
    money = {name: runs["gamma_gamma", name] for name in ("p", "q", "v")}
    value = lifetime.order_value(money, x, frame["mean_order_value"].to_numpy())
    assert told["expected_order_value"].to_numpy(float) == pytest.approx(value, rel=1e-5)
    predicted = lifetime.discounted_purchases(fitted, DAYS, RATE, x, t_x, age) * value * MARGIN
    assert told["clv_predicted"].to_numpy(float) == pytest.approx(predicted, rel=3e-4)


def test_eight_of_ten_buyers_bring_what_their_interval_holds(tmp_path: Path) -> None:
    """Futures of everybody, drawn purchase by purchase: one in ten above the interval, and one in ten below it at most.

    Whose end was widened to hold the expectation spends more than it less often, and is left out above.
    """
    frame = buyers()
    told, runs = scored(tmp_path, purchases=frame)
    told, random = told.loc[frame["customer_key"]], np.random.default_rng(6)
    r, alpha, a, b = (runs["bgnbd", name] for name in ("r", "alpha", "a", "b"))
    p, q, v = (runs["gamma_gamma", name] for name in ("p", "q", "v"))
    above, below = [], []
    for row, score in zip(frame.itertuples(), told.itertuples(), strict=True):
        draws, x = 200, row.frequency
        rate, leaves = random.gamma(r + x, 1 / (alpha + row.age_days / 7), draws), random.beta(a, b + x, draws)
        money = p / random.gamma(q + p * x, 1 / (v + x * row.mean_order_value if x else v), draws)
        spent, day, is_there = np.zeros(draws), np.zeros(draws), random.random(draws) < score.p_alive
        while is_there.any():
            day += random.exponential(7 / rate)
            is_there &= day < DAYS
            order = random.gamma(p, money / p) * MARGIN * (1 + RATE) ** (-day / 365.25)
            spent += np.where(is_there, order, 0)
            is_there &= random.random(draws) > leaves
        if float(score.clv_predicted_high) > 1.01 * float(score.clv_predicted):
            above.append((spent > float(score.clv_predicted_high)).mean())
        below.append((spent < float(score.clv_predicted_low)).mean())
    assert len(above) > 200
    assert 0.09 < np.mean(above) < 0.11
    assert np.mean(below) < 0.11  # 0 is the lower end of most, below which nobody spends


def test_subscribers_are_worth_what_the_equations_say(tmp_path: Path) -> None:
    frame = subscribers()
    months, every = 7, {name: length for length, name in NAMES.items()}
    told, runs = scored(tmp_path, subscriptions=frame, horizon_days=round(months * 365.25 / 12))
    fitted = {name: {"alpha": runs[name, "alpha"], "beta": runs[name, "beta"]} for name in every}
    by_hand = [
        lifetime.subscriber(fitted[row.segment], every[row.segment], row.tenure_months, row.monthly_margin, RATE, months)
        if row.is_active
        else (0.0, 0.0, 0.0)
        for row in frame.itertuples()
    ]
    told = told.loc[frame["customer_key"]]
    for column, expected in zip(("clv_predicted", "clv_predicted_low", "clv_predicted_high"), np.array(by_hand).T, strict=True):
        assert told[column].to_numpy(float) == pytest.approx(expected, rel=2e-3), column
    assert told["p_alive"].tolist() == frame["is_active"].astype(float).tolist()
