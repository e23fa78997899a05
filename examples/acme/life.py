"""Lives the people of a chunk through their billing months: cause first, consequence after. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from examples.acme import hazard, moves, world
from examples.acme.columns import Ints
from examples.acme.months import Calendar
from examples.acme.moves import EXPIRED, STAYS, UNPAID, VOLUNTARY, Flags, Floats, State
from examples.acme.people import People

__all__ = ["EXPIRED", "STAYS", "UNPAID", "VOLUNTARY", "Life", "live_through"]


@dataclass(frozen=True)
class Life:
    """Arrays of people x steps. Before the start and after the end of a subscription `live` is false.

    tenure: months since the subscription started. spell: 0 the first subscription, 1 the one after a return. due: whether an invoice is.
    failed: attempts that failed on the month's first invoice. leaves: STAYS or why it ends with this month. hazard: chance of leaving
    with this month; pull: the same if the paid period ended now. slow: tickets that waited long. action: index, -1 where none was decided.
    """

    live: Flags
    spell: Ints
    tenure: Ints
    due: Flags
    plan: Ints
    seats: Ints
    failed: Ints
    paused: Flags
    leaves: Ints
    hazard: Floats
    pull: Floats
    mood: Floats
    use: Floats
    tickets: Ints
    slow: Ints
    action: Ints
    propensity: Floats
    coupon: Flags


def live_through(rng: np.random.Generator, people: People, calendar: Calendar) -> Life:
    """Every month of everyone, the months after the end included."""
    count, state = len(people), moves.begin(people)
    kinds = {name: _dtype(str(kind)) for name, kind in Life.__annotations__.items()}
    history: dict[str, Any] = {name: np.zeros((count, calendar.steps), dtype=kind) for name, kind in kinds.items()}
    for month in range(calendar.steps):
        for name, values in _month(rng, people, state, month, month >= calendar.rise).items():
            history[name][:, month] = values
    return Life(**history)


def _dtype(annotation: str) -> type:
    return {"Flags": np.bool_, "Ints": np.int16, "Floats": np.float32}[annotation]


def _month(rng: np.random.Generator, people: People, state: State, month: int, risen: bool) -> dict[str, object]:
    moves.arrive(rng, people, state, month)
    live, due = state.live, state.live & (state.tenure % world.INTERVAL_STEPS[people.interval] == 0)
    moves.change_plan(rng, state, due & (state.tenure > 0))
    failed = np.where(due & (state.pause_left == 0), moves.failed_attempts(rng, people), 0)
    tickets, slow = moves.service(rng, state)
    action, propensity = moves.decide(rng, people, state, month)
    coupon = state.coupon_left > 0
    moves.feel(rng, people, state, failed, slow, action)
    odds = hazard.log_odds(people, state.mood, state.use, failed, state.tenure, np.full(len(people), risen), state.effect)
    chance = np.where(live & hazard.may_leave(people, state.tenure), hazard.probability(odds), 0)
    leaves = moves.leave(rng, people, state, chance, failed)
    seen = {
        "live": live,
        "spell": state.spell,
        "tenure": state.tenure,
        "due": due,
        "plan": state.plan,
        "seats": state.seats,
        "failed": failed,
        "paused": state.pause_left > 0,
        "leaves": leaves,
        "hazard": np.where(failed == 3, 1.0, chance),
        "pull": np.where(live, hazard.probability(odds), 0),
        "mood": state.mood,
        "use": state.use,
        "tickets": tickets,
        "slow": slow,
        "action": action,
        "propensity": propensity,
        "coupon": coupon,
    }
    moves.pass_on(rng, state, leaves)
    return seen
