"""A new fit replaces the one that scores unless it is worse for certain, and what was decided is written down."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml import promotions
from ml.artifacts import ArtifactError
from ml.next_best_action import fit_policy
from ml.nightly import clv_survivors as survivors
from ml.nightly import score_churn
from ml.nightly.aims import CONTROL
from ml.nightly.decision_judgement import duel, halved
from ml.nightly.learning import Learnt, Lesson, learn
from ml.nightly.tables import Run
from ml.promotions import Duel, Promotion
from ml.refusal import Refused

NIGHTS = [date(2025, 7, day) for day in (1, 2, 3)]
BETTER, WORSE, ALIKE = (
    Duel("log_loss", 500, *numbers) for numbers in ((0.01, 0.004, 0.02, 0.3), (-0.01, -0.02, -0.001, 0.3), (-0.01, -0.02, 0.001, 0.3))
)


def _night(root, number: int, fingerprint: str, outcome, twin: bool = True) -> tuple[Run, list]:
    """One night that learns a model named by its fingerprint; `outcome` is what comparing gives. What was compared is returned."""
    run, seen = Run("churn", NIGHTS[number]), []
    lesson = Lesson(NIGHTS[number], fingerprint * 64)

    def compare(champion, challenger):
        seen.append((champion, challenger))
        return outcome

    twins = ({"is": f"twin of {fingerprint}"}, {"w": np.array([1.0])}) if twin else None
    fit = lambda: Learnt({"is": fingerprint}, {"w": np.array([2.0])}, ["x"], twin=twins)  # noqa: E731
    described, arrays = learn(run, root, lesson, fit, compare)
    assert (described, arrays["w"].tolist(), list(arrays)) == ({"is": fingerprint}, [2.0], ["w"])
    return run, seen


TRIFLING = Duel("log_likelihood", 9000, -0.0004, -0.0006, -0.0002, -0.8)


@pytest.mark.parametrize("outcome", [BETTER, ALIKE, TRIFLING])
def test_a_new_fit_that_is_not_worse_for_certain_is_promoted(tmp_path, outcome):
    _night(tmp_path, 0, "a", None)
    run, seen = _night(tmp_path, 1, "b", outcome)
    assert [one[0]["is"] for one in seen[0]] == ["twin of a", "twin of b"]
    told = {row["metric"]: row for row in run.measured}
    assert told["is_promoted"]["value"] == 1
    assert told[f"gain_over_champion_in_{outcome.measure}"]["high"] == outcome.high
    first, second = promotions.recorded(tmp_path, "churn")
    assert (first.decision, first.champion) == ("first", None)
    assert second == Promotion("2025-07-02", run.version, first.challenger, "promoted", outcome)


def test_a_new_fit_that_is_worse_for_certain_leaves_the_old_one_scoring(tmp_path):
    good, _ = _night(tmp_path, 0, "a", None)
    for number in (1, 2):  # the second night finds the refused fit in the store, and it is still not the one that scores
        with pytest.raises(Refused, match=r"gain in log loss -0\.0100, from -0\.0200 to -0\.0010, on 500 rows"):
            _night(tmp_path, number, "b", WORSE) if number == 1 else _again(tmp_path)
    assert [(one.as_of, one.decision, one.champion) for one in promotions.recorded(tmp_path, "churn")][1:] == [
        ("2025-07-02", "kept", good.version),
        ("2025-07-03", "kept", good.version),
    ]


def _again(root):
    """The third night, with the lesson of the second."""
    learn(Run("churn", NIGHTS[2]), root, Lesson(NIGHTS[1], "b" * 64), lambda: pytest.fail("it is stored"), lambda *_: WORSE)


def test_the_same_model_is_not_set_against_itself_and_a_night_again_writes_one_line(tmp_path):
    _night(tmp_path, 0, "a", None)
    _night(tmp_path, 1, "b", BETTER)
    _night(tmp_path, 1, "b", BETTER)
    run = Run("churn", NIGHTS[2])
    learn(run, tmp_path, Lesson(NIGHTS[1], "b" * 64), lambda: pytest.fail("it is stored"), lambda *_: pytest.fail("it scored already"))
    assert len(promotions.recorded(tmp_path, "churn")) == 2


def test_without_a_twin_nothing_is_compared_and_the_record_says_so(tmp_path):
    _night(tmp_path, 0, "a", None, twin=False)
    run, seen = _night(tmp_path, 1, "b", WORSE)
    assert seen == []
    assert "judged on nothing" in promotions.recorded(tmp_path, "churn")[-1].why
    assert run.version is not None


def test_a_damaged_record_is_named(tmp_path):
    _night(tmp_path, 0, "a", None)
    (tmp_path / "churn" / "promotions.jsonl").write_text('{"as_of": 1}\n')
    with pytest.raises(ArtifactError, match=r"promotions\.jsonl: not the file that was written"):
        promotions.recorded(tmp_path, "churn")


def _features(as_of: date, forgets: bool, seed: int = 0) -> pd.DataFrame:
    """Customers at six cut-offs and tonight. `forgets`: what the judged fit learns from lacks one of the two columns that tell."""
    random, rows, parts = np.random.default_rng(seed), 500, []
    for age in [0, *(90 + 30 * number for number in range(6))]:
        usage, tickets = random.normal(size=(2, rows))
        left = random.random(rows) < 1 / (1 + np.exp(1.5 + 1.2 * usage - 1.2 * tickets))
        known = {"usage": usage, "tickets": np.full(rows, np.nan) if forgets and age >= 180 else tickets}
        which = {"customer_key": [f"k{number:05d}" for number in range(rows)], "cutoff_date": as_of - timedelta(days=age)}
        parts.append(pd.DataFrame({**which, "is_tonight": age == 0, "label_left": left.astype(float) if age else np.nan, **known}))
    return pd.concat(parts, ignore_index=True)


def test_churn_keeps_the_model_that_foretold_the_newest_cut_off_better(tmp_path):
    first = score_churn(_features(NIGHTS[0], False), as_of=NIGHTS[0], horizon_days=90, artifacts=tmp_path)
    poorer = score_churn(_features(NIGHTS[1], True), as_of=NIGHTS[1], horizon_days=90, artifacts=tmp_path)
    assert poorer.report["status"] == "kept_last_good"
    assert "the new fit is worse than the one that scores: gain in log loss -0." in poorer.report["reason"]
    assert poorer.report["model_version"] == first.report["model_version"]
    whole = score_churn(_features(NIGHTS[2], False, seed=1), as_of=NIGHTS[2], horizon_days=90, artifacts=tmp_path)
    assert whole.report["status"] == "published"
    assert [one.decision for one in promotions.recorded(tmp_path, "churn")] == ["first", "kept", "promoted"]


def test_policies_are_compared_on_customers_of_whom_neither_has_learnt():
    random, rows = np.random.default_rng(0), 4000
    x, action = random.normal(size=rows), random.choice([CONTROL, "call"], rows)
    stayed = random.random(rows) < 0.5 + np.where(action == "call", 0.3 * np.sign(x), 0)
    log = pd.DataFrame(
        {"customer_key": [f"k{n}" for n in range(rows)], "action": action, "propensity": 0.5, "stayed": stayed.astype(float), "x": x}
    )
    learns, judged = halved(log, 0)
    assert not set(learns["customer_key"]) & set(judged["customer_key"])
    good = fit_policy(learns[["x"]], learns["action"], 0.5, learns["stayed"], control=CONTROL)
    turned = fit_policy(-learns[["x"]], learns["action"], 0.5, learns["stayed"], control=CONTROL)
    lost, won = duel(good.to_parts(), turned.to_parts(), log, 0), duel(turned.to_parts(), good.to_parts(), log, 0)
    assert lost.high < 0 < won.low
    assert won.gain == pytest.approx(0.3, abs=0.06)  # half are treated rightly instead of wrongly: 0.15 better and 0.15 less bad
    assert won.judged == len(judged)


def test_subscribers_as_they_stood_and_how_likely_what_they_did_was():
    frame = pd.DataFrame(
        {
            "segment": "month",
            "age_months": [10, 10, 10, 2],
            "tenure_months": [10, 4, 7, 2],
            "ended_months_ago": pd.array([None, 6, 2, None], dtype="Int32"),  # as the warehouse hands integers out
            "ended": [False, True, True, False],
        }
    )
    then = survivors.standing(frame, 4)
    assert then["tenure_months"].tolist() == [6, 4, 6]
    assert then["is_active"].tolist() == [True, False, True]
    assert then["lasted"].tolist()[::2] == [4, 1]
    assert then["left_later"].tolist() == [False, False, True]
    halves = survivors.log_densities(then, lambda _, tenure, ahead: 0.5**ahead, lambda _: 1, 4)
    assert np.exp(halves) == pytest.approx([0.5**4, 0.5 - 0.25])


def test_a_short_history_is_not_held_apart():
    frame = pd.DataFrame({"age_months": np.arange(900) % 5, "tenure_months": 0, "ended_months_ago": np.nan, "ended": False})
    assert survivors.holdout_months(frame) == 0
    assert survivors.holdout_months(frame.assign(age_months=frame["age_months"] + 40)) == 12
