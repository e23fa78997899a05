"""A night of decisions: gates, capacity, holdout, exploration, and propensities that are what they claim."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml import cards
from ml.nightly import decide
from ml.nightly.choice import choose
from ml.nightly.decision_lift import measure_lift
from ml.nightly.tables import Run, uniform

AS_OF = date(2025, 6, 30)
ROWS = 2000


@pytest.fixture(scope="module")
def night() -> dict[str, pd.DataFrame]:
    """A call keeps those with x > 0; a mail does nothing. Every third customer has not consented to calls; every tenth is held out."""
    random = np.random.default_rng(0)
    keys = np.array([f"k{number:05d}" for number in range(ROWS)])
    number = np.arange(ROWS)
    offers = [("nothing", None, 0.0), ("call", "phone", 20.0), ("mail", "email", 1.0)]
    candidates = [
        pd.DataFrame(
            {
                "customer_key": keys,
                "action": action,
                "channel": channel,
                "cost": cost,
                "gate_removed_by": np.where((number % 3 == 0) & (action == "call"), "consent", None),
                "is_holdout": number % 10 == 0,
            }
        )
        for action, channel, cost in offers
    ]
    rows = 8000
    action, x = random.choice(["nothing", "call", "mail"], rows, p=[0.5, 0.3, 0.2]), random.normal(size=rows)
    log = pd.DataFrame(
        {
            "action_id": [f"a{number:05d}" for number in range(rows)],
            "customer_key": random.choice(keys, rows),
            "action": action,
            "propensity": pd.Series(action).map({"nothing": 0.5, "call": 0.3, "mail": 0.2}),
            "decided_at": pd.Timestamp(AS_OF) - pd.to_timedelta(np.arange(rows) % 60 + 90, "D"),
            "is_holdout": False,
            "outcome_day": pd.Timestamp(AS_OF) - pd.to_timedelta(random.integers(0, 300, rows), "D"),
            "stayed": (random.random(rows) < 0.6 + np.where((action == "call") & (x > 0), 0.25, 0.0)).astype(int),
            "x": x,
            "segment": random.choice(["a", "b"], rows),
        }
    )
    features = pd.DataFrame({"customer_key": keys, "x": random.normal(size=ROWS), "segment": "a"})
    clv = pd.DataFrame({"customer_key": keys, "clv_predicted": 200.0})
    return {"candidates": pd.concat(candidates), "action_log": log, "features_tonight": features, "clv": clv}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def decided(night, models):
    return decide(**night, as_of=AS_OF, artifacts=models)


def test_who_responds_is_called_and_nobody_else(decided, night):
    actions = decided.tables["next_best_actions"].to_pandas().merge(night["features_tonight"])
    assert decided.report["status"] == "published"
    exploited = actions[(actions["propensity"] > 0.5) & ~actions["is_holdout"]]
    called = exploited[exploited["action"] == "call"]
    assert len(called) > 300
    assert (called["x"] > 0).mean() > 0.9
    assert called["expected_uplift"].mean() == pytest.approx(0.25, abs=0.1)
    assert called["expected_value"].to_numpy() == pytest.approx((200 * called["expected_uplift"] - 20).to_numpy())
    assert (exploited["action"] != "mail").all()
    assert called["reason"].str.startswith("Expected to raise the chance of staying by").all()


def test_nobody_is_believed_to_be_kept_more_surely_than_they_would_leave(decided, night, models):
    keys = night["features_tonight"]["customer_key"]
    churn = pd.DataFrame({"customer_key": keys[::2], "churn_probability": np.where(np.arange(len(keys[::2])) % 2 == 0, 0.0, 0.9)})
    capped = decide(**night, churn=churn, as_of=AS_OF, artifacts=models).tables["action_candidates"].to_pandas()
    before = decided.tables["action_candidates"].to_pandas()
    both = before.merge(capped, on=["customer_key", "action"], suffixes=("", "_capped")).merge(churn, how="left")
    both = both[(both["action"] == "call") & both["gate_removed_by"].isna()]
    stays, known = both["churn_probability"] == 0, both["churn_probability"].notna()
    assert (both["score"][stays] > -20).sum() > 100  # a call costs 20
    assert (both["score_capped"][stays] <= -20).all()
    assert both["score_capped"][~stays].equals(both["score"][~stays])  # 0.25 of a chance of 0.9, or of an unknown one
    assert (~known).sum() > 100


def test_everyone_has_one_decision_and_gates_and_holdout_are_kept(decided, night):
    actions = decided.tables["next_best_actions"].to_pandas()
    assert sorted(actions["customer_key"]) == sorted(night["features_tonight"]["customer_key"])
    held = actions[actions["is_holdout"]]
    assert len(held) == ROWS / 10
    assert (held["action"] == "nothing").all()
    assert (held["propensity"] == 1).all()
    candidates = decided.tables["action_candidates"].to_pandas()
    passed = candidates[candidates["gate_removed_by"].isna()]
    assert len(actions.merge(passed, on=["customer_key", "action"])) == ROWS
    assert set(candidates["gate_removed_by"].dropna()) == {"consent", "holdout"}
    assert (passed[passed["action"] == "nothing"]["score"] == 0).all()


def test_the_same_night_again_decides_the_same_in_any_order_of_rows(decided, night, models, tmp_path):
    shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in night.items()}
    again = decide(**shuffled, as_of=AS_OF, artifacts=models)
    for name in ("next_best_actions", "action_candidates"):
        assert again.tables[name].equals(decided.tables[name])
    other = decide(**night, as_of=AS_OF + timedelta(days=1), artifacts=tmp_path).tables["next_best_actions"]
    assert other.column("action").to_pylist() != decided.tables["next_best_actions"].column("action").to_pylist()


def test_without_a_log_nobody_is_treated_but_the_explored_share(night, tmp_path):
    result = decide(**(night | {"action_log": night["action_log"].iloc[:0]}), as_of=AS_OF, artifacts=tmp_path, exploration_share=0.2)
    actions = result.tables["next_best_actions"].to_pandas()
    assert result.report["status"] == "refused"
    assert "at least 200" in result.report["reason"]
    treated = actions[actions["action"] != "nothing"]
    assert 0.05 < len(treated) / ROWS < 0.15
    assert treated["propensity"].isin([0.2 / 3, 0.2 / 2]).all()
    none = decide(**(night | {"action_log": night["action_log"].iloc[:0]}), as_of=AS_OF, artifacts=tmp_path, exploration_share=0.0)
    assert none.tables["next_best_actions"].column("action").unique().to_pylist() == ["nothing"]


def test_a_refused_policy_keeps_the_last_good_one(decided, night, models):
    result = decide(**(night | {"action_log": night["action_log"].iloc[:50]}), as_of=AS_OF + timedelta(days=4), artifacts=models)
    assert result.report["status"] == "kept_last_good"
    assert "4 days old" in result.report["reason"]
    assert (result.tables["next_best_actions"].to_pandas()["action"] == "call").sum() > 300


def test_capacity_goes_to_those_worth_most_and_is_never_exceeded(night, models):
    result = decide(**night, as_of=AS_OF, artifacts=models, capacity=100)
    actions = result.tables["next_best_actions"].to_pandas()
    treated = actions[actions["action"] != "nothing"]
    assert 70 < len(treated) <= 100
    candidates = result.tables["action_candidates"].to_pandas()
    kept = candidates[candidates["gate_removed_by"].isna() & (candidates["action"] == "call")]["score"]
    lost = candidates[(candidates["gate_removed_by"] == "capacity") & (candidates["action"] == "call")]["score"]
    assert kept.min() >= lost.max()


def test_propensities_are_the_frequencies_of_what_is_drawn():
    random = np.random.default_rng(0)
    rows = 60_000
    scores = np.tile([0.0, 3.0, 1.0, 9.0], (rows, 1))
    passed = np.tile([True, True, True, False], (rows, 1))
    choice = choose(scores, passed, np.zeros(rows, dtype=bool), random.random(rows), random.random(rows), 0.3, None)
    for action, chance in ((0, 0.1), (1, 0.8), (2, 0.1)):
        assert (choice.action == action).mean() == pytest.approx(chance, abs=0.01)
        assert choice.propensity[choice.action == action] == pytest.approx(chance)
    assert not (choice.action == 3).any()


def test_no_candidates_give_empty_tables_and_a_reason(night, tmp_path):
    result = decide(**(night | {"candidates": night["candidates"].iloc[:0]}), as_of=AS_OF, artifacts=tmp_path)
    assert result.report["status"] == "refused"
    assert result.tables["next_best_actions"].num_rows == result.tables["action_candidates"].num_rows == 0


def test_hashed_numbers_are_uniform_and_their_purposes_independent():
    keys = pd.Series([f"k{number}" for number in range(20_000)])
    first, second = uniform(keys, 0, AS_OF, "order"), uniform(keys, 0, AS_OF, "exploration")
    assert np.histogram(first, 10, (0, 1))[0] / 20_000 == pytest.approx(np.full(10, 0.1), abs=0.01)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
    assert uniform(keys[::-1], 0, AS_OF, "order")[::-1].tolist() == first.tolist()


def test_the_months_tell_whether_treating_paid():
    """In one month the treated stay 20 points more often than the holdout; in the other nobody was held out."""
    random = np.random.default_rng(4)
    held, call = np.arange(6000) % 10 == 0, random.random(6000) < 0.5
    log = pd.DataFrame(
        {
            "customer_key": np.arange(6000),
            "decided_at": np.where(np.arange(6000) < 5000, pd.Timestamp("2026-03-05"), pd.Timestamp("2026-04-05")),
            "is_holdout": held & (np.arange(6000) < 5000),
            "action": np.where(call & ~held, "call", "nothing"),
            "propensity": np.where(held, 1.0, 0.5),
            "stayed": (random.random(6000) < 0.5 + 0.4 * (call & ~held)).astype(float),
        }
    )
    run = Run("next_best_action", AS_OF)
    measure_lift(run, log)
    found = pd.DataFrame(run.measured).set_index(["candidate", "metric"])
    assert set(found.index.get_level_values("metric")) == {"holdout_lift_2026-03", "holdout_lift_all_months"}
    for name, lift in (("everyone_not_held_out", 0.2), ("call", 0.4), ("nothing", 0.0)):
        row = found.loc[(name, "holdout_lift_2026-03")]
        assert row["low"] < lift < row["high"]
        assert row["high"] - row["low"] < 0.12


def test_months_with_few_held_out_speak_together_and_one_customer_counts_once():
    """Twelve months of 200 decisions, 10 of them held out, for the same 200 customers, who do each month as they did before."""
    random = np.random.default_rng(5)
    customer, month = np.tile(np.arange(200), 12), np.repeat(np.arange(12), 200)
    stays = random.random(200) < np.where(np.arange(200) < 10, 0.5, 0.8)
    log = pd.DataFrame(
        {
            "customer_key": customer,
            "decided_at": pd.Timestamp("2025-01-15") + pd.to_timedelta(30 * month, "D"),
            "is_holdout": customer < 10,
            "action": "nothing",
            "propensity": 1.0,
            "stayed": stays[customer].astype(float),
        }
    )
    told = []
    for rows in (log, log.assign(customer_key=np.arange(2400))):
        run = Run("next_best_action", AS_OF)
        measure_lift(run, rows)
        assert {one["metric"] for one in run.measured} == {"holdout_lift_all_months"}
        told.append(next(one for one in run.measured if one["candidate"] == "everyone_not_held_out"))
    assert told[0]["value"] == told[1]["value"] == pytest.approx(stays[10:].mean() - stays[:10].mean())
    ratio = (told[0]["high"] - told[0]["low"]) / (told[1]["high"] - told[1]["low"])
    assert ratio == pytest.approx(12**0.5, rel=0.01)  # 200 customers, not 2,400


def test_the_stored_policy_tells_what_its_card_needs(models, decided):
    told = cards.facts(models, "next_best_action", decided.report["model_version"])
    counts = dict(told.learnt_from)
    assert counts["decisions"] == 8000
    assert 0 < counts["of them call"] + counts["of them mail"] < 8000
    assert dict(told.settings)["control"] == "nothing"
