"""What happens in one month of the customers' lives, move by move; each changes the state it is given. Pure otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from examples.acme import hazard, world
from examples.acme.columns import Ints
from examples.acme.people import PAYING, People, choose

STAYS, VOLUNTARY, UNPAID, EXPIRED = range(4)
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass
class State:
    """What a month hands to the next, one entry per person."""

    live: Flags
    spell: Ints
    tenure: Ints
    gone: Ints
    plan: Ints
    seats: Ints
    mood: Floats
    use: Floats
    effect: Floats
    effect_left: Ints
    upgrade_left: Ints
    coupon_left: Ints
    pause_left: Ints


def begin(people: People) -> State:
    """Before the first month: nobody is a customer yet."""
    count = len(people)
    zeros = np.zeros(count, dtype=np.int64)
    return State(
        live=np.zeros(count, dtype=bool),
        spell=zeros - 1,
        tenure=zeros - 1,
        gone=zeros.copy(),
        plan=people.plan.copy(),
        seats=people.seats.copy(),
        mood=people.mood.copy(),
        use=people.appetite.copy(),
        effect=np.zeros(count),
        effect_left=zeros.copy(),
        upgrade_left=zeros.copy(),
        coupon_left=zeros.copy(),
        pause_left=zeros.copy(),
    )


def arrive(rng: np.random.Generator, people: People, state: State, month: int) -> None:
    """The month's new customers, and the few who come back, once, two months or more after they left."""
    new = (people.standing == PAYING) & (people.start == month)
    back = ~state.live & (state.spell == 0) & (state.gone >= 2) & (rng.random(len(people)) < 0.008)
    state.live = state.live | new | back
    state.spell = state.spell + (new | back)
    state.tenure = np.where(new | back, 0, state.tenure)
    state.mood = np.where(back, np.maximum(state.mood, 0.2), state.mood)


def change_plan(rng: np.random.Generator, state: State, due: Flags) -> None:
    """Plans and seats change when a period is billed; use and offers move them up, disuse down."""
    chance = rng.random(len(due))
    up = due & (chance < 0.008 + 0.006 * (state.use > 0.5) + 0.05 * (state.upgrade_left > 0) * (state.use > 0))
    down = due & (chance > 0.994 - 0.010 * (state.use < -0.5))
    state.plan = np.clip(state.plan + up.astype(np.int64) - down, 0, len(world.PLANS) - 1)
    seats = rng.random(len(due))
    grow = due & (seats < 0.02 + 0.02 * (state.use > 0))
    shrink = due & (seats > 0.985)
    step = 1 + rng.poisson(0.08 * state.seats)
    state.seats = np.maximum(1, state.seats + np.where(grow, step, 0) - np.where(shrink, step, 0))


def failed_attempts(rng: np.random.Generator, people: People) -> Ints:
    """Attempts that fail on an invoice: 0 to 3; three mean that it stays unpaid and the subscription ends."""
    first = rng.random(len(people)) < people.card_risk
    second, third = rng.random(len(people)) < 0.35, rng.random(len(people)) < 0.35
    return first.astype(np.int64) + (first & second) + (first & second & third)


def service(rng: np.random.Generator, state: State) -> tuple[Ints, Ints]:
    """Tickets of the month, and how many of them wait long for an answer."""
    rate = np.where(state.live, 0.07 + 0.06 * np.exp(-0.6 * state.mood) * (state.use > -1), 0)
    tickets = np.minimum(rng.poisson(rate), 6)
    return tickets, rng.binomial(tickets, 0.3)


def decide(rng: np.random.Generator, people: People, state: State, month: int) -> tuple[Ints, Floats]:
    """Action and the probability it was drawn with; -1 where nothing was decided. The holdout is left alone, always."""
    chances = policy(people, state.use, month)
    drawn = (rng.random((len(people), 1)) > np.cumsum(chances, axis=1)).sum(axis=1).clip(0, len(world.ACTIONS) - 1)
    decided = state.live & (state.effect_left == 0) & (rng.random(len(people)) < world.DECISION_SHARE)
    action = np.where(people.holdout, world.NOTHING, drawn)
    propensity = np.where(people.holdout, 1.0, chances[np.arange(len(people)), drawn])
    return np.where(decided, action, -1), np.where(decided, propensity, 0)


def policy(people: People, use: Floats, month: int) -> Floats:
    """The probabilities the logging policy draws with; an action whose channel lacks consent is never drawn."""
    chances = np.tile([0.36, 0.16, 0.16, 0.16, 0.16], (len(people), 1))
    chances[use < -0.3, world.TRAINING] += 0.16
    chances[people.size >= 3, world.CALL] += 0.16
    by_email = people.mail_ends > month
    chances[~by_email, world.DISCOUNT] = chances[~by_email, world.TRAINING] = chances[~by_email, world.UPGRADE] = 0
    chances[~people.phone_ok, world.CALL] = 0
    return chances / chances.sum(axis=1, keepdims=True)


def feel(rng: np.random.Generator, people: People, state: State, failed: Ints, slow: Ints, action: Ints) -> None:
    """Mood and use move towards the person's own level; slow answers, failed payments and actions push them."""
    count, taken = len(people), action >= 0
    state.mood = state.mood + 0.2 * (people.mood - state.mood) + rng.normal(0, 0.25, count) - 0.35 * slow - 0.15 * (failed > 0)
    state.use = state.use + 0.2 * (people.appetite + 0.3 * state.mood - state.use) + rng.normal(0, 0.22, count)
    effects = hazard.action_effects(people, state.mood, state.use)
    state.effect = np.where(taken, effects[np.arange(count), np.maximum(action, 0)], state.effect)
    state.effect_left = np.where(taken, world.EFFECT_STEPS, state.effect_left)
    state.upgrade_left = np.where(action == world.UPGRADE, world.EFFECT_STEPS, state.upgrade_left)
    accepts = (action == world.DISCOUNT) & (rng.random(count) < 0.3 + 0.5 * people.thrift)
    state.coupon_left = np.where(accepts, world.EFFECT_STEPS + 1, state.coupon_left)  # from the next invoice on


def leave(rng: np.random.Generator, people: People, state: State, chance: Floats, failed: Ints) -> Ints:
    """Why the subscription ends with this month; STAYS where it does not."""
    leaves = np.where(rng.random(len(people)) < chance, VOLUNTARY, STAYS)
    leaves = np.where(state.live & people.fixed_term & (state.tenure == 11), EXPIRED, leaves)
    return np.where(failed == 3, UNPAID, leaves)


def pass_on(rng: np.random.Generator, state: State, leaves: Ints) -> None:
    """The month is over: count down what lasts, start pauses, let those go who leave."""
    for name in ("effect_left", "upgrade_left", "coupon_left", "pause_left"):
        setattr(state, name, np.maximum(0, getattr(state, name) - 1))
    state.effect = np.where(state.effect_left > 0, state.effect, 0.0)
    pauses = state.live & (state.tenure > 2) & (rng.random(len(leaves)) < 0.003)
    state.pause_left = np.where(pauses, choose(rng, (0, 0.5, 0.3, 0.2), len(leaves)), state.pause_left)
    state.live = state.live & (leaves == STAYS)
    state.tenure = state.tenure + state.live
    state.gone = np.where(state.live, 0, state.gone + 1)
