"""Tonight's decisions as tables, each with its reason in words.

Comes in: `Night` (customers × actions) and `Choice`. Goes out: `next_best_actions` and `action_candidates`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ml.nightly.aims import Aim
from ml.nightly.choice import Choice
from ml.nightly.tables import build
from ml.plain_numbers import money

Floats = NDArray[np.float64]


PASSED = -1
_DRAWN = "Drawn at random from the actions that passed, so that the policy can be judged"


@dataclass(frozen=True)
class Night:
    """Everything known before the choice; matrices are customers × actions, column 0 is the control.

    `gate`: the place among `gates` of what removed the action, PASSED where nothing did.
    `aims`, `versions`: per action what it aims at (None: the control) and the policy that says how well; `worth`: of one unit of that.
    """

    customers: NDArray[Any]
    actions: list[str]
    channels: list[str | None]
    aims: list[Aim | None]
    versions: list[str | None]
    uplift: Floats
    worth: Floats
    cost: Floats
    gate: NDArray[np.int8]
    gates: list[str]
    offered: NDArray[np.bool_]
    holdout: NDArray[np.bool_]

    @property
    def scores(self) -> Floats:
        """uplift × worth − cost; the control is worth 0."""
        scores = self.uplift * self.worth - self.cost
        scores[:, 0] = 0.0
        return scores

    @property
    def passed(self) -> NDArray[np.bool_]:
        """Offered and removed by no gate."""
        return self.offered & (self.gate == PASSED)


def decisions_table(night: Night, choice: Choice, as_of: date, policy_version: str) -> pa.Table:
    """`next_best_actions`: one row per customer."""
    rows = np.arange(len(night.customers))
    columns = {
        "customer_key": night.customers,
        "as_of_date": as_of,
        "action": pa.array(night.actions).take(pa.array(choice.action)),
        "channel": pa.array(night.channels, pa.string()).take(pa.array(choice.action)),
        "aims_at": pa.array([aim and aim.name for aim in night.aims], pa.string()).take(pa.array(choice.action)),
        "expected_value": night.scores[rows, choice.action],
        "expected_uplift": np.where(choice.action == 0, 0.0, night.uplift[rows, choice.action]),
        "propensity": choice.propensity,
        "is_holdout": night.holdout,
        "reason": _reasons(night, choice),
        "policy_version": policy_version,
        "model_version": pa.array(night.versions, pa.string()).take(pa.array(choice.action)),
    }
    return build("next_best_actions", len(rows), columns)


def candidates_table(night: Night, choice: Choice, as_of: date) -> pa.Table:
    """`action_candidates`: every offered action of every customer, with the gate that removed it, holdout and capacity last."""
    gate = night.gate.copy()
    late = night.passed.copy()
    late[:, 0] = False
    gate[late & night.holdout[:, None]] = len(night.gates)
    gate[late & choice.closed] = len(night.gates) + 1
    removed_by = pa.array([*night.gates, "holdout", "capacity"])
    rows, columns = np.nonzero(night.offered)
    codes = gate[rows, columns]
    named = {
        "customer_key": pa.array(night.customers, pa.string()).take(pa.array(rows)),
        "as_of_date": as_of,
        "action": pa.array(night.actions).take(pa.array(columns)),
        "channel": pa.array(night.channels, pa.string()).take(pa.array(columns)),
        "gate_removed_by": removed_by.take(pa.array(codes, mask=codes == PASSED)),
        "score": night.scores[rows, columns],
    }
    return build("action_candidates", len(rows), named)


def _reasons(night: Night, choice: Choice) -> pa.Array:
    """One sentence per customer: why this action, or why none."""
    rows = np.arange(len(night.customers))
    reason = np.full(len(rows), "No action is expected to pay for its cost", dtype=object)
    reason[~night.passed[:, 1:].any(axis=1)] = (
        "Every action was removed by a gate (consent, suppression, eligibility, cool-down or pressure)"
    )
    missed = choice.closed & (night.scores > 0)  # by the capacity of that action or of the night
    reason[missed.any(axis=1)] = "Tonight's capacity went to customers for whom an action is worth more"
    reason[night.holdout] = "Held out: never treated, so that the effect of treating the others can be measured"
    reason[choice.is_explored] = _DRAWN
    reason[choice.is_explored & (night.scores[rows, choice.action] < 0)] = f"{_DRAWN}; it is believed to bring less than it costs"
    expected = pa.array((choice.action > 0) & ~choice.is_explored)
    return pc.if_else(expected, _expectations(night, rows, choice), pa.array(reason, pa.string()))


def _expectations(night: Night, rows: NDArray[np.int64], choice: Choice) -> pa.Array:
    def of_each(texts: list[str]) -> pa.Array:
        return pa.array(texts).take(pa.array(choice.action))

    points = pc.cast(pa.array(np.round(night.uplift[rows, choice.action] * 100, 1)), pa.string())
    worth, cost, gain = (money(of[rows, choice.action]) for of in (night.worth, night.cost, night.scores))
    begin = of_each([f"Expected to raise {aim.told} by " if aim else "" for aim in night.aims])
    unit = of_each([f" {aim.unit}; worth " if aim else "" for aim in night.aims])
    return pc.binary_join_element_wise(begin, points, unit, worth, ", cost ", cost, ", gain ", gain, "")
