"""Actions that aim at something else than keeping the customer are learnt, judged and valued by that, and by nothing else."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import cards
from ml.nightly import decide
from ml.nightly.aims import AIMS, RETENTION, aims_of
from ml.nightly.tables import Result
from orchestration.configuration.actions import Action

AS_OF = date(2025, 6, 30)
ROWS = 1000
AIMED = {"call": "retention", "recommend": "referral", "upgrade": "expansion"}
WORTH = {"recommend": 100.0, "upgrade": 300.0}  # of one referral; of everything the customer brings


@pytest.fixture(scope="module")
def night() -> dict:
    """A call keeps those with x > 0. Asking for a recommendation brings referrals where x < 0, an upgrade a rise where x > 0.5.

    Whoever is asked to recommend stays, too: that is not what it is done for.
    """
    random = np.random.default_rng(0)
    keys = np.array([f"k{number:05d}" for number in range(ROWS)])
    offers = {"nothing": 0.0, "call": 20.0, "recommend": 5.0, "upgrade": 6.0}
    candidates = [
        pd.DataFrame(
            {"customer_key": keys, "action": name, "channel": None if name == "nothing" else "email", "cost": cost,
             "worth": WORTH.get(name, np.nan), "gate_removed_by": None, "is_holdout": np.arange(ROWS) % 10 == 0}
        )
        for name, cost in offers.items()
    ]  # fmt: skip
    rows = 6000
    action, x = random.choice(list(offers), rows), random.normal(size=rows)
    stays = 0.5 + 0.25 * ((action == "call") & (x > 0)) + 0.3 * (action == "recommend")
    refers = 0.1 + 0.3 * ((action == "recommend") & (x < 0))
    log = pd.DataFrame(
        {
            "action_id": [f"a{number:05d}" for number in range(rows)],
            "customer_key": random.choice(keys, rows),
            "action": action,
            "propensity": 0.25,
            "decided_at": pd.Timestamp("2025-01-31"),
            "outcome_day": pd.Timestamp("2025-05-01"),
            "is_holdout": False,
            "stayed": (random.random(rows) < stays).astype(int),
            "outcome_referral": (random.random(rows) < refers).astype(int),
            "outcome_expansion": np.where(random.random(rows) < 0.1, np.nan, random.normal(0.3 * ((action == "upgrade") & (x > 0.5)), 0.3)),
            "outcome_survey_response": 0,
            "x": x,
        }
    )
    features = pd.DataFrame({"customer_key": keys, "x": random.normal(size=ROWS)})
    clv = pd.DataFrame({"customer_key": keys, "clv_predicted": 200.0})
    return {"candidates": pd.concat(candidates), "action_log": log, "features_tonight": features, "clv": clv, "as_of": AS_OF}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def decided(night, models) -> Result:
    return decide(**night, artifacts=models, aims=AIMED)


@pytest.fixture(scope="module")
def by_staying(night, tmp_path_factory) -> tuple[dict, Path, Result]:
    """What is given, where its models lie, and the night in which every action is judged by staying."""
    plain, home = night | {"candidates": night["candidates"].drop(columns="worth")}, tmp_path_factory.mktemp("by_staying")
    return plain, home, decide(**plain, artifacts=home)


def _chosen(decided: Result, night: dict) -> pd.DataFrame:
    chosen = decided.tables["next_best_actions"].to_pandas().merge(night["features_tonight"])
    return chosen[(chosen["propensity"] > 0.5) & ~chosen["is_holdout"]]


def test_each_action_goes_to_those_with_whom_it_reaches_its_aim(decided, night):
    chosen = _chosen(decided, night)
    side = {name: (chosen.loc[chosen["action"] == name, "x"] > 0).mean() for name in AIMED}
    assert side["recommend"] < 0.15
    assert side["upgrade"] > 0.95
    assert (chosen["action"] == "recommend").sum() > 200
    named = chosen[["action", "aims_at"]].drop_duplicates().set_index("action")["aims_at"]
    assert named.drop("nothing").to_dict() == AIMED
    assert pd.isna(named["nothing"])


def test_what_an_action_brings_besides_its_aim_is_worth_nothing(decided, night, by_staying):
    """Seen by staying alone, everybody would be asked to recommend: 0.3 × 200 − 5."""
    assert (_chosen(by_staying[2], night)["action"] == "recommend").mean() > 0.6
    asked = _chosen(decided, night).query("action == 'recommend'")
    assert asked["expected_uplift"].mean() == pytest.approx(0.3, abs=0.08)
    assert asked["expected_value"].to_numpy() == pytest.approx((100 * asked["expected_uplift"] - 5).to_numpy())
    candidates = decided.tables["action_candidates"].to_pandas().merge(night["features_tonight"])
    idle = candidates[(candidates["action"] == "recommend") & (candidates["x"] > 1)]
    assert idle["score"].mean() < 5  # of 55 by staying


def test_reasons_and_runs_name_the_aim(decided, models):
    actions = decided.tables["next_best_actions"].to_pandas()
    begins = {
        "recommend": "Expected to raise the chance of a referral that converts by ",
        "upgrade": "Expected to raise what they bring by ",
    }
    versions = {}
    for action, words in begins.items():
        mine = actions[(actions["action"] == action) & (actions["propensity"] > 0.5)]
        assert mine["reason"].str.startswith(words).all()
        (versions[AIMED[action]],) = set(mine["model_version"])
    assert actions.loc[actions["action"] == "upgrade", "reason"].str.contains(" percent; worth 300").any()
    harmful = actions[(actions["expected_value"] < 0) & ~actions["is_holdout"]]
    assert harmful["reason"].str.endswith("; it is believed to bring less than it costs").all()
    assert (harmful["reason"].str.startswith("Drawn at random")).sum() == len(harmful) > 5
    runs = decided.tables["model_runs"].to_pandas()
    assert set(runs["model"]) == {"next_best_action", "next_best_action_referral", "next_best_action_expansion"}
    told = runs.set_index(["model", "candidate", "metric"])["value"]
    assert told["next_best_action_referral", "recommend", "mean_effect_on_referring"] == pytest.approx(0.15, abs=0.05)
    assert told["next_best_action_expansion", "policy", "gain_in_expanding_over_nothing"] > 0.03
    assert told["next_best_action", "call", "mean_effect_on_staying"] == pytest.approx(0.125, abs=0.05)
    assert ("next_best_action", "recommend", "mean_effect_on_staying") not in told.index
    facts = cards.facts(models, "next_best_action_referral", versions["referral"])
    assert [name for name, _ in facts.learnt_from] == ["decisions", "of them recommend"]
    assert all(version in actions["policy_version"].iloc[0] for version in versions.values())


def test_an_aim_of_which_the_log_knows_too_little_leaves_the_others_alone(decided, models, night, tmp_path):
    shutil.copytree(models, tmp_path / "models", ignore=shutil.ignore_patterns("next_best_action_referral"))  # what it knows of is known
    log = night["action_log"].assign(outcome_referral=np.nan)
    result = decide(**(night | {"action_log": log}), artifacts=tmp_path / "models", aims=AIMED)
    status = result.tables["model_runs"].to_pandas().groupby("model")["status"].first()
    assert status["next_best_action_referral"] == "refused"
    assert status["next_best_action"] == status["next_best_action_expansion"] == result.report["status"] == "published"
    assert "recommend" not in set(_chosen(result, night)["action"])
    assert (_chosen(result, night)["action"] == "upgrade").sum() > 60


def test_who_names_no_aim_decides_as_before(by_staying):
    plain, home, without = by_staying
    learnt = sorted(home.rglob("*"))
    named = decide(**plain, artifacts=home, aims=dict.fromkeys(AIMED, "retention"))
    assert named.tables["next_best_actions"].equals(without.tables["next_best_actions"])
    assert sorted(home.rglob("*")) == learnt  # the same lesson: nothing was learnt anew
    assert set(without.tables["model_runs"].column("model").to_pylist()) == {"next_best_action"}


def test_the_aims_of_the_models_are_those_of_the_configuration():
    assert set(Action.model_fields["aims_at"].annotation.__args__) == {aim.name for aim in AIMS}
    assert list(aims_of(["nothing", "b", "a"], {"b": "referral"})) == [RETENTION, AIMS[2]]
    assert aims_of(["nothing"], {}) == {RETENTION: []}
    with pytest.raises(ValueError, match="'referal' is none of retention, expansion, referral, survey_response"):
        aims_of(["a"], {"a": "referal"})
