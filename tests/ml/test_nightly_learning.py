"""A model is fitted when what it learns from has changed, and only then; every night gives the same tables, whichever ran first."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV

from ml import artifacts as store
from ml import fingerprint as fingerprints
from ml.nightly import Result, clv, clv_contractual, decide, score_churn, score_clv

pytestmark = pytest.mark.thorough


NIGHT, NEXT = date(2025, 6, 30), date(2025, 7, 1)
NEWEST = NIGHT - timedelta(days=94)  # the newest day of the grid whose window of 90 days is over on both nights
LEARNT_BY = NEWEST + timedelta(days=90)
Score = Callable[..., Result]


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the estimators that were fitted, in order."""
    called: list[str] = []
    for estimator in (HistGradientBoostingClassifier, HistGradientBoostingRegressor, LogisticRegression, RidgeCV):
        monkeypatch.setattr(estimator, "fit", _counted(estimator.fit, estimator.__name__, called))
    monkeypatch.setattr(clv_contractual, "fit", _counted(clv_contractual.fit, "sbg", called))
    assert clv.contractual is clv_contractual
    return called


def _counted(fit: Callable[..., Any], name: str, called: list[str]) -> Callable[..., Any]:
    def counted(*arguments: Any, **settings: Any) -> Any:
        called.append(name)
        return fit(*arguments, **settings)

    return counted


def _customers(cutoff: date, signal: float, *, is_tonight: bool = False, rows: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(cutoff.toordinal())
    usage = random.normal(size=rows)
    left = random.random(rows) < 1 / (1 + np.exp(1.5 - signal * 1.5 * usage))
    return pd.DataFrame(
        {
            "customer_key": [f"k{number:05d}" for number in range(rows)],
            "cutoff_date": cutoff,
            "is_tonight": is_tonight,
            "label_left": np.nan if is_tonight else left.astype(float),
            "usage_change": usage,
            "days_since_engaged": random.exponential(30, rows),
            "plan": random.choice(["a", "b"], rows),
        }
    )


def churn(night: date, artifacts: Path, signal: float = 1.0, label: float | None = None, **settings: Any) -> Result:
    """A night of churn whose past is that of every night; `label` replaces the label of one past row."""
    past = [_customers(NEWEST - timedelta(days=30 * number), signal) for number in range(5)]
    frame = pd.concat([*past, _customers(night, signal, is_tonight=True)], ignore_index=True)
    if label is not None:
        frame.loc[7, "label_left"] = label
    return score_churn(frame, **({"as_of": night, "horizon_days": 90, "artifacts": artifacts} | settings))


def decisions(night: date, artifacts: Path, label: float | None = None, **settings: Any) -> Result:
    """A night of decisions whose log is that of every night; `label` replaces the outcome of one past decision."""
    random = np.random.default_rng(0)
    rows, keys = 1400, np.array([f"k{number:05d}" for number in range(400)])
    action, x = random.choice(["nothing", "call"], rows), random.normal(size=rows)
    stayed = (random.random(rows) < 0.6 + np.where((action == "call") & (x > 0), 0.3, 0.0)).astype(int)
    stayed[7] = stayed[7] if label is None else label
    log = pd.DataFrame(
        {
            "action_id": [f"a{number:05d}" for number in range(rows)],
            "customer_key": random.choice(keys, rows),
            "decided_at": pd.Timestamp(LEARNT_BY),
            "is_holdout": False,
            "outcome_day": pd.Timestamp(LEARNT_BY) - pd.to_timedelta(np.arange(rows) % 300, "D"),
            "action": action,
            "propensity": 0.5,
            "stayed": stayed,
            "cost": float(night.day),  # what is not learnt from may change
            "x": x,
        }
    )
    offers = [{"action": "nothing", "channel": None, "cost": 0.0}, {"action": "call", "channel": "phone", "cost": 20.0}]
    candidates = pd.concat(
        [pd.DataFrame({"customer_key": keys, "gate_removed_by": None, "is_holdout": False}).assign(**offer) for offer in offers]
    )
    tonight = pd.DataFrame({"customer_key": keys, "x": np.random.default_rng(night.toordinal()).normal(size=keys.size)})
    values = pd.DataFrame({"customer_key": keys, "clv_predicted": 200.0})
    frames = {"candidates": candidates, "action_log": log, "features_tonight": tonight, "clv": values}
    return decide(**frames, **({"as_of": night, "artifacts": artifacts} | settings))


@pytest.fixture(scope="module")
def learn_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Score], tuple[Result, Path]]:
    """The night's tables and where its model lies, learnt once for all tests that begin with it."""

    @cache
    def learnt(score: Score) -> tuple[Result, Path]:
        folder = tmp_path_factory.mktemp("learnt")
        return score(NIGHT, folder), folder

    return learnt


@pytest.fixture
def first(score: Score, learn_once: Callable[[Score], tuple[Result, Path]], fits: list[str], tmp_path: Path) -> Result:
    """What the night gave, and its model in `tmp_path`, as if it had just been learnt there."""
    result, folder = learn_once(score)
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    fits.clear()
    return result


def _measured(result: Result, *, anew: bool) -> list[dict[str, Any]]:
    """What a model was judged by; or what is measured of each night `anew`."""
    rows = result.tables["model_runs"].drop(["as_of_date"]).to_pylist()
    return [row for row in rows if (row["metric"] in ("psi", "share_of_score", "customers_decided")) == anew]


BOTH = pytest.mark.parametrize("score", [churn, decisions])


@BOTH
def test_the_next_night_loads_what_the_first_one_learnt_and_its_judgement(
    score: Score, first: Result, fits: list[str], tmp_path: Path
) -> None:
    second = score(NEXT, tmp_path)
    assert fits == []
    assert second.report["status"] == "published"
    assert _measured(second, anew=False) == _measured(first, anew=False)
    assert {row["trained_as_of"] for row in _measured(first, anew=False)} == {LEARNT_BY}
    assert len(_measured(second, anew=True)) == len(_measured(first, anew=True)) > 0
    assert _measured(second, anew=True) != _measured(first, anew=True)


@BOTH
def test_a_night_does_not_depend_on_which_nights_ran_before_it(
    score: Score, learn_once: Callable[[Score], tuple[Result, Path]], tmp_path: Path
) -> None:
    alone, empty_home = learn_once(score)
    score(NEXT, tmp_path)
    after_a_newer_one, again = score(NIGHT, tmp_path), score(NIGHT, tmp_path)
    for name, table in alone.tables.items():
        assert after_a_newer_one.tables[name].equals(table), name
        assert again.tables[name].equals(table), name
    folders = [next(home.glob("*/*-2*")) for home in (empty_home, tmp_path)]
    assert folders[0].name == folders[1].name
    for name in ("model.json", "arrays.npz", "manifest.json"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


@BOTH
def test_one_changed_label_is_learnt_from(score: Score, fits: list[str], tmp_path: Path) -> None:
    versions = set()
    for label in (0, 1):
        fits.clear()
        versions.add(score(NIGHT, tmp_path, label=label).report["model_version"])
        assert len(fits) > 3
    assert len(versions) == 2


@BOTH
def test_changed_settings_or_code_learn_anew(
    score: Score, first: Result, fits: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = {first.report["model_version"]}
    versions.add(score(NIGHT, tmp_path, seed=1).report["model_version"])
    assert len(fits) > 3
    fits.clear()
    monkeypatch.setattr(fingerprints, "code_hash", lambda: "of tomorrow")
    versions.add(score(NIGHT, tmp_path).report["model_version"])
    assert len(fits) > 3
    assert len(versions) == 3


@BOTH
@pytest.mark.parametrize("file", ["model.json", "arrays.npz", "manifest.json"])
def test_a_damaged_model_is_told_in_one_line_and_learnt_again(
    score: Score, file: str, first: Result, fits: list[str], tmp_path: Path
) -> None:
    damaged = next(tmp_path.glob(f"*/*-2*/{file}"))
    written = damaged.read_bytes()
    damaged.write_bytes(written[: len(written) // 2])
    again = score(NIGHT, tmp_path)
    assert len(fits) > 3
    assert len(again.report["notes"]) == 1
    assert "was fitted again" in again.report["notes"][0]
    assert str(damaged) in again.report["notes"][0]
    assert damaged.read_bytes() == written
    for name, table in first.tables.items():
        assert again.tables[name].equals(table), name
    assert score(NIGHT, tmp_path).report["notes"] == []


def test_a_refused_night_never_falls_back_on_a_model_of_a_newer_one(tmp_path: Path) -> None:
    alone = churn(NIGHT, tmp_path / "empty home", signal=0.0)
    assert alone.report["status"] == "base_rate"
    newer = churn(NEXT, tmp_path / "home")
    again = churn(NIGHT, tmp_path / "home", signal=0.0)
    for name, table in alone.tables.items():
        assert again.tables[name].equals(table), name
    later = churn(NEXT + timedelta(days=1), tmp_path / "home", signal=0.0)
    assert later.report["status"] == "kept_last_good"
    assert later.report["model_version"] == newer.report["model_version"]


def test_lifetime_value_is_fitted_once_a_night(fits: list[str], tmp_path: Path) -> None:
    rows = np.arange(300)
    subscriptions = pd.DataFrame(
        {
            "customer_key": [f"k{number:05d}" for number in rows],
            "segment": "month",
            "tenure_months": rows % 17,
            "is_active": rows % 3 > 0,
            "ended": rows % 3 == 0,
            "monthly_margin": 100.0,
        }
    )
    nobody = pd.DataFrame(columns=["customer_key", "frequency", "recency_days", "age_days", "mean_order_value"])
    nights = [score_clv(purchases=nobody, subscriptions=subscriptions, as_of=night, artifacts=tmp_path) for night in (NIGHT, NIGHT, NEXT)]
    assert fits == ["sbg", "sbg"]
    assert nights[0].tables["clv_scores"].equals(nights[1].tables["clv_scores"])
    assert nights[0].tables["model_runs"].equals(nights[1].tables["model_runs"])
    assert [store.last_good(tmp_path, "clv_contractual", day).trained_as_of for day in (NEXT, NEXT + timedelta(days=1))] == [
        str(NIGHT), str(NEXT),
    ]  # fmt: skip
