"""A policy learnt from logged decisions: what each action is worth for each customer, the control included.

Comes in: features, action, propensity and outcome of past decisions. Goes out: `Policy` (choose, values, uplifts).
An action is chosen only where its believed effect beats its cost; else the control is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.additive import Floats, restore, scores_of
from ml.encoding import Encoder, parse, require_frame
from ml.logged import as_logged, checked_actions, checked_log, checked_seed
from ml.next_best_action.apart import EVEN, beyond_lines
from ml.next_best_action.costs import action_costs
from ml.next_best_action.effects import Effect, learn_effects
from ml.next_best_action.evidence import Evidence, Stakes
from ml.next_best_action.hindsight import Doubt, follow_the_decision, told_the_end
from ml.next_best_action.surprises import tamed
from ml.outcomes import OutcomeModel, cross_fitted, fit_outcomes
from ml.refusal import Refused
from ml.threads import alone

FEWEST_DECISIONS = 200
FEWEST_PER_ACTION = 30
_LEAST_PROPENSITY = 0.01  # below it one decision would outweigh a hundred
_BATCH = 100_000  # rows scored at a time


@dataclass(frozen=True)
class Policy:
    """`actions`: the control first, then those with enough decisions; of the type the log has them in. `costs`: in units of the outcome.

    `report`: JSON-able dictionary with `control`, `decisions`, `effects` (per action) and `suspicious_features` (columns that seem to have
    been known only afterwards, each with the reason, whether that `is_certain` enough not to publish, and whether it was `left_out`).
    """

    actions: tuple[str | float, ...]
    costs: Floats
    outcome: OutcomeModel
    effects: tuple[Effect, ...]
    stakes: Stakes
    report: dict[str, Any]

    @property
    def encoder(self) -> Encoder:
        """The columns that all of it reads."""
        return self.outcome.encoder

    @property
    def control(self) -> str | float:
        """The action of doing nothing."""
        return self.actions[0]

    def uplifts(self, features: pd.DataFrame) -> pd.DataFrame:
        """Believed change of the outcome against the control, before cost: one column per action, the control's all 0."""
        return self._told(features)[1]

    def values(self, features: pd.DataFrame) -> pd.DataFrame:
        """Expected outcome minus cost: one column per action, index kept."""
        untreated, uplifts = self._told(features)
        return uplifts.add(untreated, axis=0) - self.costs

    def _told(self, features: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
        require_frame(features)
        batches = [self._of_codes(self.encoder.read(features.iloc[at : at + _BATCH])) for at in range(0, max(len(features), 1), _BATCH)]
        untreated, uplifts = (np.concatenate(side) for side in zip(*batches, strict=True))
        return untreated, pd.DataFrame(uplifts, index=features.index, columns=list(self.actions))

    def _of_codes(self, codes: Floats) -> tuple[Floats, Floats]:
        untreated = self.outcome.of_codes(codes)[:, 0]
        stake = self.stakes.of(untreated)
        scores = scores_of([effect.scorer for effect in self.effects], self.encoder, codes)
        uplifts = [effect.expected(score, stake) for effect, score in zip(self.effects, scores.T, strict=True)]
        return untreated, np.column_stack([np.zeros(len(codes)), *uplifts])

    def choose(self, features: pd.DataFrame) -> pd.Series:
        """The action with the highest believed effect net of cost; the control where none beats it."""
        net = (self.uplifts(features) - self.costs).to_numpy()
        better = net - net[:, :1] > 1e-12
        best = np.where(better, net, -np.inf)[:, 1:].argmax(axis=1) + 1 if len(self.actions) > 1 else np.zeros(len(net), dtype=int)
        chosen = np.where(better.any(axis=1), best, 0)
        return pd.Series(np.asarray(self.actions)[chosen], index=features.index, name="action")

    def to_parts(self) -> tuple[dict[str, Any], dict[str, NDArray]]:
        """JSON-able description and arrays, for `ml.artifacts.save`."""
        scorers = {"outcome": self.outcome.scorer, **{str(number): effect.scorer for number, effect in enumerate(self.effects)}}
        arrays = {f"{prefix}.{name}": values for prefix, scorer in scorers.items() for name, values in scorer.arrays().items()}
        described = {
            "actions": list(self.actions),
            "costs": self.costs.tolist(),
            "outcome_columns": self.outcome.encoder.to_json(),
            "shifts": self.outcome.shifts.tolist(),
            "effects": [[one.constant, one.slope, one.centre, one.mean, one.error, one.evidence] for one in self.effects],
            "least_stake": self.stakes.least,
            "unit": self.stakes.unit,
            "report": self.report,
        }
        return described, arrays

    @staticmethod
    def from_parts(described: dict[str, Any], arrays: dict[str, NDArray]) -> Policy:
        """The policy that `to_parts` described."""

        def scorer(prefix: str) -> Any:
            own = {name.partition(".")[2]: values for name, values in arrays.items() if name.partition(".")[0] == prefix}
            return restore(own)

        outcome = OutcomeModel(Encoder.from_json(described["outcome_columns"]), scorer("outcome"), np.asarray(described["shifts"]))
        effects = tuple(
            Effect(one[0], one[1], one[2], scorer(str(number)), one[3], one[4], one[5]) for number, one in enumerate(described["effects"])
        )
        stakes = Stakes(described["least_stake"], described.get("unit", 1.0))  # what was stored before there were units has none
        costs = np.asarray(described["costs"])
        return Policy(tuple(described["actions"]), costs, outcome, effects, stakes, described["report"])


@alone
def fit_policy(
    features: pd.DataFrame,
    action: ArrayLike,
    propensity: ArrayLike,
    outcome: ArrayLike,
    *,
    cost: Mapping[Any, float] | ArrayLike | None = None,
    control: str | float,
    seed: int = 0,
) -> Policy:
    """Learn from one row per past decision. `propensity`: probability of the action that was taken; `cost`: per action, or per decision.

    Series are put in the order of `features` by their labels, if those are the same. An action without a cost in a mapping costs nothing.
    Raises ValueError for propensities outside (0, 1], missing actions, outcomes or costs; Refused when there are fewer than
    FEWEST_DECISIONS decisions, the control was taken fewer than FEWEST_PER_ACTION times, or no other action was taken that often.
    """
    require_frame(features)
    seed = checked_seed(seed)
    taken_names, propensities, outcomes = checked_log(action, propensity, outcome, features.index)
    if len(features) != outcomes.size:
        raise ValueError("features: needs one row per logged decision")
    actions = _learnable(taken_names, str(checked_actions(control, "control")[0]))
    kept = np.flatnonzero(np.isin(taken_names, actions))
    taken = np.array([actions.index(name) for name in taken_names[kept]], dtype=np.int64)
    costs = action_costs(cost, taken_names, actions, features.index)
    y, p = outcomes[kept], np.maximum(propensities[kept], _LEAST_PROPENSITY)
    read = parse(features.iloc[kept])
    doubts = [*told_the_end(read, y, seed), *follow_the_decision(read, taken_names[kept], propensities[kept])]
    parsed = read.without({one.feature for one in doubts if one.left_out}, "it knows the outcome; see suspicious_features")
    outcome_model = fit_outcomes(parsed, taken, y, len(actions), seed)
    expected = cross_fitted(parsed, taken, y, len(actions), seed)[:, 0]
    is_chance = bool(np.isin(y, (0.0, 1.0)).all())
    left = y - expected if is_chance else tamed(y - expected)
    stakes = Stakes.learnt(expected, left, is_chance=is_chance)
    evidence, encoder = Evidence(taken, p, left, stakes.of(expected)), outcome_model.encoder
    codes, apart = encoder.codes(parsed), None
    if encoder.columns and evidence.evenness < EVEN:
        beyond = beyond_lines(encoder, codes, taken, y, seed)
        apart = evidence.without_propensities(beyond if is_chance else tamed(beyond))
    effects = learn_effects(encoder, codes, evidence, costs[1:] - costs[0], seed, apart)
    return Policy(as_logged(actions, action), costs, outcome_model, tuple(effects), stakes, _report(actions, taken, effects, doubts))


def _learnable(taken: NDArray[Any], control: str) -> list[str]:
    names, counts = np.unique(taken.astype(str), return_counts=True)
    often = {str(name) for name, count in zip(names, counts, strict=True) if count >= FEWEST_PER_ACTION}
    if taken.size < FEWEST_DECISIONS or control not in often or len(often) < 2:
        raise Refused(
            f"policy: {taken.size} decisions, {int((taken == control).sum())} of them {control!r}; at least {FEWEST_DECISIONS} are needed, "
            f"with {FEWEST_PER_ACTION} of {control!r} and of one other action"
        )
    return [control, *sorted(often - {control})]


def _report(actions: list[str], taken: NDArray[np.int64], effects: list[Effect], doubts: list[Doubt]) -> dict[str, Any]:
    counts = np.bincount(taken, minlength=len(actions))
    rows = [
        {
            "action": name,
            "decisions": int(counts[position + 1]),
            "mean_effect": effect.mean,
            "standard_error": effect.error,
            "evidence_of_differences": effect.evidence,
            "is_personal": effect.slope > 0,
        }
        for position, (name, effect) in enumerate(zip(actions[1:], effects, strict=True))
    ]
    suspicious = [one._asdict() for one in doubts]
    return {"control": actions[0], "decisions": int(taken.size), "effects": rows, "suspicious_features": suspicious}
