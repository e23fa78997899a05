"""Parts of the learner of effects: ranks, the two priors, what is at stake, and trees on bins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml import outcomes
from ml.additive import MixedScorer, RankedScorer, Ranks, TreeScorer, restore
from ml.additive.boosting import Bins
from ml.encoding import Encoder, parse
from ml.next_best_action import Policy, fit_policy
from ml.next_best_action.belief import believed_means, chance, weighted_means
from ml.next_best_action.differences import few_large, learn_differences, many_small
from ml.next_best_action.evidence import Evidence, Sums, summed
from ml.next_best_action.learners import SMALL_TREES, Grown, Linear
from ml.outcomes import COARSE, Trees, fold_rows, grown


def _evidence(rows: int, effects: np.ndarray, seed: int, stake: float = 1.0) -> tuple[Evidence, np.ndarray]:
    """Two actions and the control at random; `effects`: columns × actions."""
    random = np.random.default_rng(seed)
    design, taken = random.normal(size=(rows, len(effects))), random.integers(0, 3, rows)
    change = np.column_stack([np.zeros(rows), design @ effects])[np.arange(rows), taken]
    left = stake * change + random.normal(0, np.sqrt(stake), rows)
    return Evidence(taken, np.full(rows, 1 / 3), left, np.full(rows, stake)), design


def test_ranks_are_the_same_alone_and_in_a_batch_whatever_the_scale():
    random = np.random.default_rng(0)
    codes = np.column_stack([random.normal(size=500), random.integers(0, 3, 500).astype(float)])
    codes[::7, 0] = np.nan
    ranks = Ranks.fit(codes)
    design = ranks.design(codes)
    assert design[:, :2].std(axis=0) == pytest.approx([np.sqrt(1 - ranks.missing[0]), 1.0], abs=0.01)
    assert design[::7, 0].tolist() == [0.0] * len(design[::7])
    assert (ranks.design(codes[7:8]) == design[7:8]).all()
    assert np.allclose(Ranks.fit(np.exp(codes)).design(np.exp(codes)), design)
    scorer = RankedScorer(0.5, ranks, np.array([1.0, 0.0, 2.0, 0.0]))
    again = restore(scorer.arrays())
    assert (again.score(Encoder(()), codes) == scorer.score(Encoder(()), codes)).all()
    assert scorer.parts(Encoder(()), codes)[:, 0] == pytest.approx(design[:, 0] + 2 * design[:, 2])


def _known(arms: list[Sums]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Information and moments of the arms' slopes."""
    return [one.information() for one in arms], [one.slope() / one.variance() for one in arms]


def test_where_nothing_differs_few_large_says_nothing_and_many_small_little():
    evidence, design = _evidence(4000, np.zeros((30, 2)), seed=1)
    information, moments = _known(summed(evidence, design, np.arange(4000)))
    assert np.abs(few_large(information, moments, np.arange(30))).max() < 0.05
    unshrunk = np.array([np.linalg.solve(known, moment) for known, moment in zip(information, moments, strict=True)])
    varied, _ = many_small(information, moments, np.arange(30))
    assert np.linalg.norm(varied) < 0.5 * np.linalg.norm(unshrunk - unshrunk.mean(axis=0))


def test_what_goes_with_a_column_whatever_is_done_is_no_difference():
    """The outcome model missed half a line: the arms share it, however few decisions one of them has."""
    random = np.random.default_rng(31)
    design, taken = random.normal(size=(5000, 6)), random.choice(3, 5000, p=[0.7, 0.2, 0.1])
    left = 0.5 * design[:, 0] + 0.4 * design[:, 1] * (taken == 2) + random.normal(size=5000)
    evidence = Evidence(taken, np.array([0.7, 0.2, 0.1])[taken], left, np.ones(5000))
    learnt = learn_differences(summed(evidence, design, np.arange(5000)), np.arange(6))
    assert learnt[1, 1] == pytest.approx(0.4, abs=0.1)
    learnt[1, 1] = 0.0
    assert np.abs(learnt).max() < 0.06
    information, moments = _known(summed(evidence, design, np.arange(5000)))
    assert many_small(information, moments, np.arange(6))[1][:2] == pytest.approx([0.5, 0.0], abs=0.15)


def test_of_one_action_the_deviations_are_what_the_difference_of_two_slopes_says():
    """Written out for one column: u ~ N(0, v) per arm about a common slope is a difference of N(0, 2 v) with both arms' errors."""
    errors, slopes = np.array([0.02, 0.05]), np.array([0.1, 0.6])
    information, moments = [np.array([[1 / error]]) for error in errors], [np.array([one]) for one in slopes / errors]
    varied, _ = many_small(information, moments, np.zeros(1, dtype=int))
    likeliest = max(np.linspace(1e-6, 1, 100_000), key=lambda v: -np.log(2 * v + errors.sum()) - 0.25 / (2 * v + errors.sum()))
    assert varied[0, 1] - varied[0, 0] == pytest.approx(0.5 * 2 * likeliest / (2 * likeliest + errors.sum()), abs=2e-3)


@pytest.mark.thorough
def test_of_many_actions_none_is_measured_by_the_noise_of_the_control():
    """Nine arms of 900 decisions: measured by the control alone, 62 % of the best policy's gain were reached."""
    random = np.random.default_rng(34)
    frame, others = (pd.DataFrame(random.normal(size=(rows, 8))).add_prefix("x") for rows in (8_000, 10_000))

    def effects(customers: pd.DataFrame) -> np.ndarray:
        return np.column_stack([np.zeros(len(customers)), *(0.1 * np.tanh(customers[f"x{number}"]) for number in range(8))])

    taken = random.integers(0, 9, len(frame))
    outcome = (random.random(len(frame)) < 0.4 + effects(frame)[np.arange(len(frame)), taken]).astype(float)
    policy = fit_policy(frame, taken, 1 / 9, outcome, control=0)
    gains = effects(others)
    assert gains[np.arange(len(others)), policy.choose(others)].mean() > 0.7 * gains.max(axis=1).mean()


def test_the_few_columns_that_matter_are_found_and_their_size():
    effects = np.zeros((40, 2))
    effects[3], effects[7, 1] = (0.4, -0.4), 0.3
    evidence, design = _evidence(6000, effects, seed=2)
    learnt = learn_differences(summed(evidence, design, np.arange(6000)), np.arange(40))
    assert learnt[[3, 7]] == pytest.approx(effects[[3, 7]], abs=0.1)
    assert np.abs(np.delete(learnt, [3, 7], axis=0)).max() < 0.06


def test_differences_are_per_unit_of_what_is_at_stake():
    effects = np.zeros((5, 2))
    effects[0] = (2.0, -2.0)
    evidence, design = _evidence(6000, effects, seed=3, stake=0.04)
    assert learn_differences(summed(evidence, design, np.arange(6000)), np.arange(5))[0] == pytest.approx([2.0, -2.0], abs=0.5)


def test_sums_of_folds_give_what_the_rows_give():
    """The slope of least squares on weighted rows, and the error of the mean."""
    evidence, design = _evidence(3000, np.full((6, 2), 0.3), seed=7)
    random = np.random.default_rng(7)
    evidence = Evidence(evidence.taken, random.uniform(0.1, 1, 3000), evidence.left, random.uniform(0.1, 0.25, 3000))
    parts = [summed(evidence, design + 2.0, rows) for rows in np.array_split(random.permutation(3000), 4)]
    for action, arm in enumerate(sum(part[1:], start=part[0]) for part in zip(*parts, strict=True)):
        rows, weight, unexplained = evidence.arm(action)
        mine = design[rows] - weight @ design[rows]
        assert arm.information() * arm.variance() == pytest.approx(mine.T @ (mine * weight[:, None]))
        assert arm.slope() == pytest.approx(mine.T @ (weight * unexplained))
        assert arm.variance() == pytest.approx(weight**2 @ unexplained**2)


def test_what_is_said_out_of_fold_has_not_seen_the_fold():
    """One fold's outcomes are turned round: what is said of that fold must stay the same, what is said of the others must not."""
    evidence, design = _evidence(4000, np.array([[1.0, -1.0], [0.0, 0.5]]), seed=8)
    splits = list(fold_rows(4000, 0))
    outside = splits[2][1]
    left = evidence.left.copy()
    left[outside] *= -1
    turned = Evidence(evidence.taken, evidence.propensity, left, evidence.stake)
    rows = Encoder.fit(parse(pd.DataFrame(design, columns=["a", "b"])), evidence.left), design, Bins.of(design, COARSE)
    for before, after in (
        (Linear(design, evidence), Linear(design, turned)),
        (Grown(*rows, evidence, 0, SMALL_TREES), Grown(*rows, turned, 0, SMALL_TREES)),
    ):
        for said, said_then in zip(before.unseen(splits), after.unseen(splits), strict=True):
            assert (said[outside] == said_then[outside]).all()
            assert (np.delete(said, outside) != np.delete(said_then, outside)).mean() > 0.9


@pytest.mark.parametrize(("decisions", "actions", "folds"), [(2_000, 2, 2), (2_000, 8, 5), (500, 2, 5)])
def test_half_the_log_teaches_enough_only_where_there_are_many_decisions_of_each_action(monkeypatch, decisions, actions, folds):
    """Of 30,000 decisions among twelve actions two folds left half of the best policy's gain untaken, five found it."""
    monkeypatch.setattr(outcomes, "MANY", 1_000)
    monkeypatch.setattr(outcomes, "MANY_EACH", 500)
    asked = []
    unseen = Linear.unseen
    monkeypatch.setattr(Linear, "unseen", lambda self, splits: asked.append(len(splits)) or unseen(self, splits))
    random = np.random.default_rng(0)
    frame, taken = pd.DataFrame(random.normal(size=(decisions, 2)), columns=["a", "b"]), random.integers(0, actions, decisions)
    fit_policy(frame, taken, 1 / actions, random.normal(size=decisions), control=0)
    assert asked == [folds]


def test_the_learners_share_what_each_foretells():
    """A straight line and a bow of which only trees know the edges: both kinds have weight, and the mixture is what was saved."""
    random = np.random.default_rng(9)
    frame = pd.DataFrame({"line": random.normal(size=6000), "bow": random.normal(size=6000)})
    called = random.random(6000) < 0.5
    effect = 0.8 * frame["line"] + 0.7 * (frame["bow"].abs() > 1)
    policy = fit_policy(frame, np.where(called, "call", "nothing"), 0.5, called * effect + random.normal(size=6000), control="nothing")
    (scorer,) = (one.scorer for one in policy.effects)
    assert isinstance(scorer, MixedScorer)
    shares = {
        kind: sum(scorer.weights[n] for n, part in enumerate(scorer.scorers) if type(part) is kind) for kind in (RankedScorer, TreeScorer)
    }
    assert min(shares.values()) > 0.1
    assert np.corrcoef(policy.uplifts(frame)["call"], effect)[0, 1] > 0.95
    again = Policy.from_parts(*policy.to_parts())
    assert again.uplifts(frame).equals(policy.uplifts(frame))
    codes = policy.encoder.read(frame[:50])
    assert scorer.base + scorer.parts(policy.encoder, codes).sum(axis=1) == pytest.approx(scorer.score(policy.encoder, codes))


def test_what_helps_some_and_harms_others_is_given_to_those_it_helps():
    """Four actions whose means are next to nothing, so that none of them is believed for everybody."""
    random = np.random.default_rng(6)
    frame = pd.DataFrame(random.normal(size=(8000, 6)), columns=list("abcdef"))
    effects = np.column_stack([np.zeros(8000), *(0.08 * np.sign(frame[name]) for name in "abcd")])
    taken = random.integers(0, 5, 4000)
    outcome = (random.random(4000) < 0.5 + effects[np.arange(4000), taken]).astype(float)
    policy = fit_policy(frame[:4000], taken, 0.2, outcome, control=0)
    reached = effects[np.arange(4000, 8000), policy.choose(frame[4000:])].mean()
    assert reached > 0.5 * effects[4000:].max(axis=1).mean()


@pytest.mark.thorough
def test_faint_evidence_is_acted_on_for_what_it_is_worth():
    """Six logs of 500 decisions: where the whole policy had to pay out of fold first, 13 % of the best policy's gain were reached."""
    reached, most = [], []
    for seed in range(6):
        random = np.random.default_rng(60 + seed)
        frame = pd.DataFrame(random.normal(size=(4500, 8))).add_prefix("x")
        effects = np.column_stack([np.zeros(4500), *(0.12 * np.tanh(frame[f"x{number}"]) for number in range(3))])
        taken = random.integers(0, 4, 500)
        outcome = (random.random(500) < 0.5 + effects[np.arange(500), taken]).astype(float)
        chosen = fit_policy(frame[:500], taken, 0.25, outcome, control=0).choose(frame[500:])
        reached.append(effects[np.arange(500, 4500), chosen].mean())
        most.append(effects[500:].max(axis=1).mean())
    assert np.mean(reached) > 0.2 * np.mean(most)


def _nothing(seed: int, rows: int = 600, actions: int = 4) -> Evidence:
    """A log in which no action does anything."""
    random = np.random.default_rng(seed)
    return Evidence(random.integers(0, actions + 1, rows), np.full(rows, 1 / (actions + 1)), random.normal(size=rows), np.ones(rows))


def test_of_many_actions_that_do_nothing_one_is_believed_no_more_often_than_of_one():
    free = np.zeros(4)
    believed = [believed_means(weighted_means(_nothing(seed)), free).max() > 0 for seed in range(400)]
    assert np.mean(believed) == pytest.approx(0.1, abs=0.04)  # each for itself: 0.27, as they share a control


def test_one_mean_that_is_certain_makes_room_for_the_next():
    taken, left = np.repeat([0, 1, 2], 400), np.random.default_rng(0).normal(size=1200)
    for action, effect in enumerate((0.0, 0.5, 0.11)):
        left[taken == action] += effect - left[taken == action].mean()
    log = Evidence(taken, np.full(1200, 1 / 3), left, np.ones(1200))
    certain, faint = believed_means(weighted_means(log), np.zeros(2))
    assert certain == pytest.approx(0.5, abs=0.02)
    assert 0 < faint < 0.11  # 1.5 standard errors
    apart = np.where(taken == 1, left - 0.5, left)
    assert believed_means(weighted_means(Evidence(taken, log.propensity, apart, log.stake)), np.zeros(2)).tolist() == [0.0, 0.0]
    assert believed_means(weighted_means(log), np.array([0.3, 0.3]))[1] < 0.3  # less than it costs


def test_what_is_said_of_an_action_counts_by_how_likely_it_is_so():
    """As good as certain, as good as wrong, and as likely as not where the outcomes lie halfway between what was said and nothing."""
    random = np.random.default_rng(2)
    said, noise, taken = random.choice([-1.0, 1.0], 4000), random.normal(size=4000), np.arange(4000) % 2
    for arm in (0, 1):
        for side in (-1, 1):
            noise[(taken == arm) & (said == side)] -= noise[(taken == arm) & (said == side)].mean()
    for share, told in ((1.0, 1.0), (0.0, 0.0), (0.5, 0.5)):
        left = noise + share * said * np.where(taken == 1, 0.5, -0.5)
        assert chance(Evidence(taken, np.full(4000, 0.5), left, np.ones(4000)), 1, said) == pytest.approx(told, abs=1e-3)
    assert chance(_nothing(0), 1, np.zeros(600)) == 0  # nothing was said


def test_who_cannot_leave_is_not_believed_to_be_kept():
    """Half the customers are bound for a year; a call keeps the others. A constant effect would be half as large for everyone."""
    random = np.random.default_rng(4)
    frame = pd.DataFrame({"bound": random.random(6000) < 0.5, "x": random.normal(size=6000)})
    called = random.random(6000) < 0.5
    stays = np.where(frame["bound"], 1.0, np.where(called, 0.8, 0.6))
    policy = fit_policy(frame, np.where(called, "call", "nothing"), 0.5, (random.random(6000) < stays).astype(float), control="nothing")
    uplift = policy.uplifts(frame)["call"].groupby(frame["bound"]).mean()
    assert uplift[False] == pytest.approx(0.2, abs=0.04)
    assert uplift[True] < 0.04


def test_a_rare_outcome_is_not_promised_to_those_who_had_it_more_often():
    """Two in a thousand refer somebody, of the keen three in ten; a call adds a point for all. By their odds the keen would gain nine."""
    random = np.random.default_rng(11)
    frame = pd.DataFrame({"keen": random.random(3000) < 0.02, "x": random.normal(size=3000)})
    called = random.random(3000) < 0.5
    chance = np.where(frame["keen"], 0.3, 0.002) + 0.012 * called
    policy = fit_policy(frame, np.where(called, "call", "nothing"), 0.5, (random.random(3000) < chance).astype(float), control="nothing")
    mean = policy.report["effects"][0]["mean_effect"]
    assert mean > 0.005
    assert policy.uplifts(frame)["call"].max() < 7 * mean


def test_trees_on_bins_of_weighted_rows_split_the_values_themselves():
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"a": np.where(random.random(3000) < 0.2, np.nan, random.lognormal(size=3000)), "b": random.normal(size=3000)})
    target = np.where(frame["a"].isna(), 2.0, np.where(frame["a"] > 1, 1.0, 0.0))
    parsed = parse(frame)
    encoder = Encoder.fit(parsed, target)
    codes = encoder.codes(parsed)
    scorer = grown(codes, target, 0, Trees(60, 4, 25), np.full(3000, 0.7), Bins.of(codes, COARSE))
    edge = np.abs(np.nan_to_num(codes[:, 0], nan=9.0) - 1) > 0.15  # within a bin of the step nobody can tell
    assert np.abs(scorer.score(encoder, codes) - target)[edge].max() < 0.1


@pytest.mark.parametrize("weight", [None, np.where(np.arange(200) < 150, 0.7, 0.0)])
def test_a_column_that_is_missing_in_all_rows_that_count_is_one_nobody_splits_by(weight):
    told, silent = np.arange(200) % 20.0, np.where(np.arange(200) < 150, np.nan, 5.0 if weight is not None else np.nan)
    scorer = grown(np.column_stack([told, silent]), (told > 9) * 1.0, 0, Trees(30, 3, 15), weight)
    assert set(scorer.feature) == {-1, 0}
