"""The one place that says why customers leave, and what an action changes about it. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from examples.acme import world
from examples.acme.columns import Ints
from examples.acme.people import People

Floats = NDArray[np.float64]
BASE = -3.95
AT_RENEWAL = np.array([0.15, 0.0, 0.95, 1.95])  # a chance that comes quarterly or yearly is taken more often


def action_effects(people: People, mood: Floats, use: Floats) -> Floats:
    """Change in the log-odds of leaving, one column per action of world.ACTIONS; negative keeps the customer.

    A discount keeps the thrifty and wakes the others; a call helps the dissatisfied of some size; training those who
    hardly use the product; an upgrade pleases heavy users and annoys the rest.
    """
    effects = np.zeros((len(people), len(world.ACTIONS)))
    effects[:, world.DISCOUNT] = 0.35 - 1.7 * people.thrift
    effects[:, world.CALL] = -1.3 * _rises(-mood) * (0.4 + 0.2 * people.size)
    effects[:, world.TRAINING] = 0.15 - 1.5 * _rises(-use)
    effects[:, world.UPGRADE] = 0.55 - 1.1 * _rises(use)
    return effects


def log_odds(people: People, mood: Floats, use: Floats, failed: Ints, tenure: Ints, risen: NDArray[np.bool_], effect: Floats) -> Floats:
    """Log-odds of leaving at the end of a billing month, for those who may leave then."""
    pressure = people.thrift * (0.55 * risen + 0.25 * people.plan - 0.03 * people.discount)
    return (
        BASE
        + AT_RENEWAL[people.interval]
        - 0.75 * mood
        - 0.60 * use
        + 0.70 * (failed > 0)
        + 1.0 * pressure
        + 0.7 * np.exp(-tenure / 4)
        + effect
    )


def may_leave(people: People, tenure: Ints) -> NDArray[np.bool_]:
    """Whether the billed period ends with this month: nobody leaves in the middle of what is paid."""
    steps = world.INTERVAL_STEPS[people.interval]
    return (tenure + 1) % steps == 0


def probability(odds: Floats) -> Floats:
    """Log-odds as a probability."""
    return 1 / (1 + np.exp(-odds))


def _rises(value: Floats) -> Floats:
    """From 0 to 1, one half at 0.25, steep."""
    return probability(4 * (value - 0.25))
