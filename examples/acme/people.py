"""Draws the people of one chunk: who they are, what they buy, and the hidden traits that drive them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examples.acme import world
from examples.acme.columns import Ints
from examples.acme.months import Calendar
from examples.acme.world import TRIAL_DAYS

PAYING, TRIAL_LOST, NEVER_PAID, LEAD = range(4)
FIRST_MONTH_SHARE = 0.25
NEVER = 10_000  # a month that never comes


@dataclass(frozen=True)
class People:
    """One entry per person in every array; `first` is the number of the first person of the chunk.

    standing: PAYING, TRIAL_LOST, NEVER_PAID (first invoice failed) or LEAD. start: month of the first paid day, offset: its day in
    the month less one, second: of that day. withdrawal: months after the start in which the consent to mail is taken back.
    Hidden traits: mood, appetite (for use), thrift in [0, 1], card_risk (chance that a first attempt to charge fails).
    """

    first: int
    standing: Ints
    start: Ints
    offset: Ints
    second: Ints
    country: Ints
    size: Ints
    industry: Ints
    channel: Ints
    plan: Ints
    interval: Ints
    seats: Ints
    discount: Ints
    fixed_term: NDArray[np.bool_]
    trial: NDArray[np.bool_]
    holdout: NDArray[np.bool_]
    email_ok: NDArray[np.bool_]
    phone_ok: NDArray[np.bool_]
    withdrawal: Ints
    mood: NDArray[np.float64]
    appetite: NDArray[np.float64]
    thrift: NDArray[np.float64]
    card_risk: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.start)

    @property
    def currency(self) -> Ints:
        """Index into world.CURRENCIES."""
        return np.array([world.CURRENCIES.index(row[1]) for row in world.COUNTRIES])[self.country]

    @property
    def mail_ends(self) -> Ints:
        """The month from which nothing is mailed: the one before consent is withdrawn, as billing months reach into the next."""
        return np.where(self.email_ok, self.start + self.withdrawal - 1, 0)

    @property
    def tax_percent(self) -> Ints:
        """Value-added tax of the person's country."""
        return np.array([row[4] for row in world.COUNTRIES])[self.country]

    @property
    def language(self) -> Ints:
        """Index into world.LANGUAGES."""
        return np.array([world.LANGUAGES.index(row[3]) for row in world.COUNTRIES])[self.country]


def choose(rng: np.random.Generator, shares: Any, size: int) -> Ints:
    """`size` draws of an index, with these probabilities."""
    bounds = np.cumsum(np.asarray(shares, dtype=float))
    return np.searchsorted(bounds / bounds[-1], rng.random(size), side="right").astype(np.int64)


def draw(rng: np.random.Generator, count: int, first: int, calendar: Calendar) -> People:
    """`count` people. A quarter is there from the first month; new ones come faster every month."""
    size = choose(rng, world.SIZE_SHARES, count)
    start, offset = _starts(rng, count, calendar)
    return People(
        first=first,
        standing=choose(rng, (0.87, 0.06, 0.02, 0.05), count),
        start=start,
        offset=offset,
        second=rng.integers(0, 86_400, count),
        country=choose(rng, [row[5] for row in world.COUNTRIES], count),
        size=size,
        industry=rng.integers(0, len(world.INDUSTRIES), count),
        **_purchase(rng, count, size, start == calendar.months),
        **_permissions(rng, count),
        **_traits(rng, count, size),
    )


def _starts(rng: np.random.Generator, count: int, calendar: Calendar) -> tuple[Ints, Ints]:
    """Month and day of the first paid day; the last one in a hundred is on trial when the export is made."""
    growth = np.linspace(1, 2, calendar.months - 1)
    shares = np.concatenate([[FIRST_MONTH_SHARE], (0.99 - FIRST_MONTH_SHARE) * growth / growth.sum(), [0.01]])
    start, offset = choose(rng, shares, count), rng.integers(0, 28, count)
    return start, np.where(start == calendar.months, offset % (TRIAL_DAYS - 2), offset)


def _purchase(rng: np.random.Generator, count: int, size: Ints, on_trial: NDArray[np.bool_]) -> dict[str, Any]:
    median = np.array(world.SIZE_SEATS)[size]
    wanted = 0.45 * size + rng.normal(0, 0.7, count)
    return {
        "channel": choose(rng, world.CHANNEL_SHARES, count),
        "plan": np.clip(np.round(wanted), 0, 2).astype(np.int64),
        "interval": choose(rng, world.INTERVAL_SHARES, count),
        "seats": np.maximum(1, np.round(median * rng.lognormal(0, 0.35, count))).astype(np.int64),
        "discount": np.where(rng.random(count) < 0.15, rng.choice([5, 10, 15, 20], count), 0),
        "fixed_term": rng.random(count) < 0.02,
        "trial": (rng.random(count) < 0.4) | on_trial,
    }


def _permissions(rng: np.random.Generator, count: int) -> dict[str, Any]:
    withdraws = rng.random(count) < 0.15
    return {
        "holdout": rng.random(count) < world.HOLDOUT_SHARE,
        "email_ok": rng.random(count) < 0.75,
        "phone_ok": rng.random(count) < 0.55,
        "withdrawal": np.where(withdraws, rng.integers(2, 40, count), NEVER),
    }


def _traits(rng: np.random.Generator, count: int, size: Ints) -> dict[str, Any]:
    return {
        "mood": rng.normal(0.1, 0.8, count),
        "appetite": rng.normal(0, 0.7, count) + 0.08 * size,
        # Small companies look at the price: that is what makes the effect of a discount predictable.
        "thrift": rng.beta(2, 2, count) * 0.5 + 0.5 * (size <= 1),
        "card_risk": rng.beta(1.2, 30, count),
    }
