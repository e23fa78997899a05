"""Columns of a log that knew too much when it was decided are named, and nothing is learnt from them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml.encoding import parse
from ml.next_best_action import fit_policy
from ml.next_best_action.hindsight import follow_the_decision, told_the_end
from ml.nightly import decide
from ml.nightly.tables import Result

AS_OF, ROWS = date(2026, 6, 30), 3000


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """Decisions by a rule on x, with chance in one of three; a call can only be had from tenure 100 on, and keeps those with y > 0."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"x": random.normal(size=ROWS), "y": random.normal(size=ROWS), "tenure": random.uniform(0, 400, ROWS)})
    frame["plan"] = random.choice(["a", "b", None], ROWS)
    can_call = frame["tenure"] >= 100
    chances = np.column_stack([np.full(ROWS, 0.1), np.where(can_call, 0.1, 0.0), np.full(ROWS, 0.1)])
    chances[np.arange(ROWS), np.where(frame["x"] > 0, np.where(can_call, 1, 2), 0)] += 1 - chances.sum(axis=1)
    taken = (random.random((ROWS, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    frame["action"] = np.array(["nothing", "call", "mail"])[taken]
    frame["propensity"] = chances[np.arange(ROWS), taken]
    stays = 0.6 + 0.2 * ((taken == 1) & (frame["y"] > 0))
    frame["stayed"] = (random.random(ROWS) < stays).astype(float)
    return frame


def _contacted(log: pd.DataFrame) -> np.ndarray:
    """Contacts of 30 days, counted after the decision: a call, and half of the mails, are among them."""
    random = np.random.default_rng(4)
    done = (log["action"] == "call") | ((log["action"] == "mail") & (random.random(ROWS) < 0.5))
    return random.poisson(0.5, ROWS) + done.to_numpy()


AFTERWARDS = {
    "contacts_30d": lambda log: _contacted(log),
    "has_discount": lambda log: (log["action"] == "mail").to_numpy() & (np.arange(ROWS) % 2 == 0),
    "last_channel": lambda log: np.where(log["action"] == "call", "phone", None),
    "was_left_alone": lambda log: log["action"] == "nothing",
}


@pytest.mark.parametrize("name", AFTERWARDS)
def test_what_was_measured_after_the_decision_is_named(log, name):
    told = follow_the_decision(parse(log[["x", "y"]].assign(**{name: AFTERWARDS[name](log)})), log["action"], log["propensity"].to_numpy())
    assert [one.feature for one in told] == [name]
    assert "times as often as its propensities say" in told[0].reason


def test_what_was_known_before_is_left_alone(log):
    """By a rule, by who can be called at all, by what foretells the outcome: none of it tells which way chance went."""
    known = log[["x", "y", "tenure", "plan"]].assign(
        can_call=log["tenure"] >= 100, treated=log["x"] > 0, few=np.where(np.arange(ROWS) < 12, "rare", "usual")
    )
    assert follow_the_decision(parse(known), log["action"], log["propensity"].to_numpy()) == []
    assert told_the_end(parse(known), log["stayed"].to_numpy(), 0) == []


def test_chance_alone_names_nothing():
    """Four hundred columns of noise in a log of five actions, of which each has its own propensity."""
    random = np.random.default_rng(6)
    share = np.array([0.6, 0.25, 0.1, 0.04, 0.01])
    taken = random.choice(5, 4000, p=share)
    noise = pd.DataFrame(random.normal(size=(4000, 400))).add_prefix("n")
    assert follow_the_decision(parse(noise), taken, share[taken]) == []


def test_where_decisions_were_left_out_by_what_was_done_nothing_is_concluded(log):
    own = log[log["action"] != "mail"]
    assert follow_the_decision(parse(own[["x", "y"]]), own["action"].to_numpy(), own["propensity"].to_numpy()) == []


def test_a_column_that_knows_the_outcome_is_named_and_kept_out(log):
    knows = log[["x", "y"]].assign(closed_on=np.where(log["stayed"] == 0, 20_260_101.0, np.nan))
    policy = fit_policy(knows, log["action"], log["propensity"], log["stayed"], control="nothing")
    (told,) = policy.report["suspicious_features"]
    assert (told["feature"], told["left_out"]) == ("closed_on", True)
    assert "ranks bad outcomes before good ones" in told["reason"]
    assert {column.name for column in policy.encoder.columns} == {"x", "y"}
    assert policy.choose(log[["x", "y"]]).nunique() > 1


def _silent(rows: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """(features, action, stayed): who is silent for long leaves, others stay; a call saves those in between and nobody else."""
    random = np.random.default_rng(12)
    frame = pd.DataFrame({"days_silent": random.uniform(0, 300, rows), "x": random.normal(size=rows)})
    action, days = random.choice(["nothing", "call"], rows), frame["days_silent"].to_numpy()
    stays = np.where(days < 140, 0.995, np.where(days > 170, 0.005, np.where(action == "call", 0.95, 0.05)))
    return frame, action, (random.random(rows) < stays).astype(float)


def test_a_column_that_nearly_tells_the_outcome_is_named_and_learnt_from():
    """Left out, an honest one took with it whom a call saves: nobody was called."""
    features, action, stayed = _silent(3000)
    policy = fit_policy(features, action, 0.5, stayed, cost={"call": 0.2}, control="nothing")
    (told,) = policy.report["suspicious_features"]
    assert (told["feature"], told["is_certain"], told["left_out"]) == ("days_silent", True, False)
    assert told["roc_auc"] > 0.97
    called = policy.choose(pd.DataFrame({"days_silent": [60.0, 155.0, 250.0], "x": 0.0})) == "call"
    assert called.tolist() == [False, True, False]


def test_money_that_was_spent_before_stays_and_money_that_came_is_kept_out(log):
    before = np.exp(log["y"].to_numpy())
    outcome = 20 * before * np.random.default_rng(5).lognormal(0, 0.1, ROWS)
    policy = fit_policy(log[["x"]].assign(spent=before, revenue=outcome), log["action"], log["propensity"], outcome, control="nothing")
    assert {one["feature"]: one["left_out"] for one in policy.report["suspicious_features"]} == {"spent": False, "revenue": True}


def _night(log: pd.DataFrame, tmp_path, **more) -> Result:
    keys = np.array([f"k{number:05d}" for number in range(ROWS)])
    actions = log.assign(
        customer_key=keys, action_id=[f"a{number:05d}" for number in range(ROWS)], is_holdout=False,
        decided_at=pd.Timestamp(AS_OF) - pd.Timedelta(days=120), outcome_day=pd.Timestamp(AS_OF) - pd.Timedelta(days=30),
    )  # fmt: skip
    offers = [
        pd.DataFrame({"customer_key": keys, "action": name, "channel": None, "cost": 0.0, "gate_removed_by": None, "is_holdout": False})
        for name in ("nothing", "call", "mail")
    ]
    tonight = actions.drop(columns=["action", "propensity", "stayed", "action_id", "is_holdout", "decided_at", "outcome_day"])
    tonight = tonight.assign(cutoff_date=AS_OF)
    values = pd.DataFrame({"customer_key": keys, "clv_predicted": 100.0})
    given = {"candidates": pd.concat(offers), "action_log": actions, "features_tonight": tonight, "clv": values} | more
    return decide(**given, as_of=AS_OF, artifacts=tmp_path)


def test_without_a_leak_the_night_publishes(log, tmp_path):
    assert _night(log, tmp_path).report["status"] == "published"


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("contacts_30d", _contacted, "contacts_30d: among "),
        ("closed_on", lambda log: np.where(log["stayed"] == 0, 1.0, np.nan), "closed_on: alone it ranks bad outcomes before good ones"),
        (
            "nearly",
            lambda log: np.where(np.arange(ROWS) % 50 == 0, 0.5, log["stayed"]),
            "nearly: alone it ranks bad outcomes before good ones",
        ),
        ("days_since_last_call", lambda log: np.where(np.arange(ROWS) == 7, -3.0, 40.0), "days_since_last_call is below 0 for 1 rows"),
    ],
)
def test_the_night_refuses_what_knows_the_future_by_name(log, tmp_path, name, values, told):
    result = _night(log.assign(**{name: values(log)}), tmp_path)
    assert result.report["status"] == "refused"
    assert result.report["reason"].startswith(f"a feature knows the future ({told}")
    assert set(result.tables["next_best_actions"].column("model_version").to_pylist()) == {None}


@pytest.mark.parametrize(
    ("name", "then", "told"),
    [
        ("size", lambda left: np.where(left, "closed", "small"), "size is 'closed' for "),
        ("last_seen_on", lambda _: pd.Timestamp(AS_OF) - pd.Timedelta(days=60), "last_seen_on is later than the moment it tells of for "),
    ],
)
@pytest.mark.thorough
def test_the_night_refuses_what_only_customers_of_the_past_have(log, tmp_path, name, then, told):
    """An attribute that is rewritten when they leave, and a fact dated after the cut-off, both as the record says them today."""
    now = {"size": "small", "last_seen_on": pd.Timestamp(AS_OF) - pd.Timedelta(days=1)}[name]
    left = np.random.default_rng(8).random(ROWS) < 0.2
    before = log[["x", "y", "tenure", "plan"]].assign(
        customer_key=[f"k{number:05d}" for number in range(ROWS)], cutoff_date=AS_OF - timedelta(days=100), is_tonight=False,
        label_left=left.astype(float), **{name: then(left)},
    )  # fmt: skip
    result = _night(log.assign(**{name: now}), tmp_path, features_before=before)
    assert result.report["status"] == "refused"
    assert told in result.report["reason"]
    honest = before.assign(**{name: now if name == "size" else before["cutoff_date"] - timedelta(days=1)})
    assert _night(log.assign(**{name: now}), tmp_path, features_before=honest).report["status"] == "published"
