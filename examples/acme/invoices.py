"""Invoices of a chunk: what is billed when, for how much, and how it is settled. Pure.

Per invoice: recurring amount = seats x price less the contract's discount; a coupon, a set-up fee and tax come on top, each by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examples.acme import world
from examples.acme.columns import DAY, MISSING, Ints
from examples.acme.people import NEVER_PAID, PAYING
from examples.acme.prices import billed_steps, prices
from examples.acme.story import Story
from examples.acme.subscriptions import Subscriptions

STATUSES = ("paid", "open", "uncollectible", "void")
PAID, OPEN, UNCOLLECTIBLE, VOID = range(4)


@dataclass(frozen=True)
class Bills:
    """One entry per invoice: the subscription it bills (its place), the month, from when to when, how many seats, proration or renewal."""

    sub: Ints
    step: Ints
    issued: Ints
    ends: Ints
    seats: Ints
    proration: NDArray[np.bool_]

    def where(self, keep: NDArray[np.bool_]) -> Bills:
        """Those bills only."""
        return Bills(*(getattr(self, each.name)[keep] for each in fields(Bills)))


@dataclass(frozen=True)
class Invoices(Bills):
    """Bills with their amounts in cents. failed: failed attempts; paid: when the money comes, MISSING if never; status at the end."""

    number: Ints
    plan: Ints
    net: Ints
    coupon: Ints
    one_off: Ints
    tax: Ints
    failed: Ints
    paid: Ints
    status: Ints

    @property
    def total(self) -> Ints:
        """What is to be paid, in cents."""
        return self.net - self.coupon + self.one_off + self.tax


def issue(rng: np.random.Generator, story: Story, subs: Subscriptions) -> Invoices:
    """Every invoice up to the end of the export, renewals and prorations."""
    parts = [*_renewals(story, subs), _prorations(rng, story, subs)]
    bills = Bills(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Bills)))
    bills = bills.where(bills.issued <= story.end)
    amounts, settled = _amounts(story, subs, bills), _settled(rng, story, subs, bills)
    return Invoices(**vars(bills), **amounts, **settled, number=story.shuffled(rng, len(bills.sub)))


def _renewals(story: Story, subs: Subscriptions) -> list[Bills]:
    """The billed periods: by calendar months, and by weeks."""
    billed = np.flatnonzero((subs.last >= 0) | (story.people.standing[subs.person] == NEVER_PAID))
    last = np.minimum(np.maximum(subs.last[billed], subs.first[billed]), story.calendar.months - 1)
    row, nth = _counted(np.maximum(0, last - subs.first[billed] + 1))
    sub = billed[row]
    step = subs.first[sub] + nth
    size = billed_steps(story, subs.person[sub], subs.add_on[sub])
    weekly = story.people.interval[subs.person[sub]] == world.WEEK
    due = (nth % size == 0) & ~weekly
    return [_by_month(story, subs, sub[due], step[due], size[due]), _by_week(story, subs, sub[weekly], step[weekly])]


def _counted(counts: Ints) -> tuple[Ints, Ints]:
    """(place, 0 ... count - 1) for every place as often as it counts."""
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)


def _by_month(story: Story, subs: Subscriptions, sub: Ints, step: Ints, size: Ints) -> Bills:
    person = subs.person[sub]
    return _renewed(story, subs, sub, step, story.anchor(person, step), story.anchor(person, step + size))


def _by_week(story: Story, subs: Subscriptions, sub: Ints, step: Ints) -> Bills:
    begins = story.anchor(subs.person[sub], subs.first[sub])
    low, high = (-(-(story.anchor(subs.person[sub], month) - begins) // (7 * DAY)) for month in (step, step + 1))
    row, nth = _counted(high - low)
    issued = begins[row] + (low[row] + nth) * 7 * DAY
    ended = subs.ended[sub[row]]
    keep = (ended == MISSING) | (issued < ended)
    return _renewed(story, subs, sub[row][keep], step[row][keep], issued[keep], issued[keep] + 7 * DAY)


def _renewed(story: Story, subs: Subscriptions, sub: Ints, step: Ints, issued: Ints, ends: Ints) -> Bills:
    person = subs.person[sub]
    seats = np.where(story.people.standing[person] == PAYING, story.life.seats[person, step], story.people.seats[person])
    return Bills(sub, step, issued, ends, np.where(subs.add_on[sub], 1, seats).astype(np.int64), np.zeros(len(sub), dtype=bool))


def _prorations(rng: np.random.Generator, story: Story, subs: Subscriptions) -> Bills:
    """Half of the monthly subscriptions that grow do so some days before the period ends, and pay for those days."""
    person, step = np.nonzero(_grown_early(rng, story)[:, : story.calendar.months])
    place = np.full((len(story.people), 2), -1)
    main = np.flatnonzero((subs.last >= 0) & ~subs.add_on)
    place[subs.person[main], subs.spell[main]] = main
    ends = story.anchor(person, step)
    issued = ends - rng.integers(3, 21, len(person)) * DAY
    seats = (story.life.seats[person, step] - story.life.seats[person, step - 1]).astype(np.int64)
    return Bills(place[person, story.life.spell[person, step]], step - 1, issued, ends, seats, np.ones(len(person), dtype=bool))


def _grown_early(rng: np.random.Generator, story: Story) -> NDArray[np.bool_]:
    """Months whose additional seats were added before the month began."""
    life, grown = story.life, np.zeros(story.life.live.shape, dtype=bool)
    now, before = np.s_[:, 1:], np.s_[:, :-1]
    grown[now] = (life.seats[now] > life.seats[before]) & (life.tenure[now] > 0) & life.live[now] & life.live[before]
    grown &= (story.people.interval == world.MONTH)[:, None] & (rng.random(grown.shape) < 0.5) & ~life.paused
    grown[now] &= ~life.paused[before] & (life.plan[now] == life.plan[before])
    return grown


def _amounts(story: Story, subs: Subscriptions, bills: Bills) -> dict[str, Any]:
    people, person, step, proration = story.people, subs.person[bills.sub], bills.step, bills.proration
    add_on = subs.add_on[bills.sub]
    plan = np.where(people.standing[person] == PAYING, story.life.plan[person, step], people.plan[person]).astype(np.int64)
    net = (bills.seats * prices(story, person, plan, step, add_on) * (100 - people.discount[person]) + 50) // 100
    share = (bills.ends - bills.issued) / (story.anchor(person, step + 1) - story.anchor(person, step))
    net = np.where(proration, np.maximum(1, np.round(net * share)).astype(np.int64), net)
    coupon = np.where(story.life.coupon[person, step] & ~proration & ~add_on, (net * world.COUPON_PERCENT + 50) // 100, 0)
    opening = (bills.issued == story.anchor(person, subs.first[bills.sub])) & (plan == 2) & ~add_on & ~proration
    one_off = np.where(opening & (person % 3 == 0), world.ONBOARDING_PRICE, 0)
    tax = ((net - coupon + one_off) * people.tax_percent[person] + 50) // 100
    return {"plan": plan, "net": net, "coupon": coupon, "one_off": one_off, "tax": tax}


def _settled(rng: np.random.Generator, story: Story, subs: Subscriptions, bills: Bills) -> dict[str, Any]:
    """How often a payment failed, when it came if ever, and the invoice's status at the end of the export."""
    person, ended = subs.person[bills.sub], subs.ended[bills.sub]
    main = ~bills.proration & ~subs.add_on[bills.sub]
    first = (bills.issued < story.anchor(person, bills.step) + 7 * DAY) & main
    never = story.people.standing[person] == NEVER_PAID
    failed = np.where(never, 1, np.where(first, story.life.failed[person, bills.step], 0)).astype(np.int64)
    # Whoever is let go for not paying leaves the second weekly invoice of those fourteen days unpaid, too.
    stranded = (ended - bills.issued <= world.DUNNING_DAYS * DAY) & (subs.reason[bills.sub] == world.PAYMENT_FAILED) & main
    unpaid = never | (failed == 3) | stranded
    transfer = np.where((person % 12 == 0) & (failed == 0), 5 * DAY, 0)
    paid = bills.issued + world.RETRY_DAYS[failed] * DAY + transfer + rng.integers(5, 600, len(person))
    paused = story.life.paused[person, bills.step] & ~never
    conditions = [paused, unpaid & (ended <= story.end), unpaid | (paid > story.end)]
    return {
        "failed": np.where(paused, 0, np.where(stranded & (failed == 0), 1, failed)),
        "paid": np.where(paused | unpaid, MISSING, paid),
        "status": np.select(conditions, [VOID, UNCOLLECTIBLE, OPEN], PAID),
    }
