"""Subscriptions of a chunk, from the lives its people lived: billing_subscriptions as billing shows them at the end. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from examples.acme import world
from examples.acme.accounts import Accounts, has_trial
from examples.acme.columns import DAY, MISSING, Ints, identifiers, money, pick, table, times
from examples.acme.life import EXPIRED, UNPAID, VOLUNTARY, Life
from examples.acme.people import NEVER_PAID, PAYING, TRIAL_LOST
from examples.acme.prices import billed_steps, prices
from examples.acme.story import Story

STATUSES = ("trialing", "active", "past_due", "paused", "canceled", "incomplete_expired")
TRIALING, ACTIVE, PAST_DUE, PAUSED, CANCELED, INCOMPLETE = range(6)


@dataclass(frozen=True)
class Spans:
    """One entry per subscription: whose it is and which steps it lives through (last -1: never billed in full)."""

    person: Ints
    spell: Ints
    add_on: NDArray[np.bool_]
    first: Ints
    last: Ints


@dataclass(frozen=True)
class Subscriptions(Spans):
    """Spans with their numbers, the account that pays, and their instants in seconds; reason: index into world.LEAVE_REASONS, -1 none."""

    number: Ints
    account: Ints
    started: Ints
    trial_ends: Ints
    requested: Ints
    ended: Ints
    reason: Ints


def subscribe(rng: np.random.Generator, story: Story, accounts: Accounts) -> Subscriptions:
    """Paid subscriptions of both spells, add-ons, trials that came to nothing, and first invoices that failed."""
    spans = _spans(rng, story)
    number = story.shuffled(rng, len(spans.person))
    return Subscriptions(**vars(spans), number=number, account=accounts.payer(spans.person, spans.spell), **_instants(rng, story, spans))


def _spans(rng: np.random.Generator, story: Story) -> Spans:
    people = story.people
    person, spell, first, last = _spells(story.life)
    adds = np.flatnonzero((rng.random(len(person)) < 0.05) & (people.interval[person] == world.MONTH) & (last - first >= 3))
    begins = first[adds] + 1 + rng.integers(0, last[adds] - first[adds])
    lost = np.flatnonzero(np.isin(people.standing, (TRIAL_LOST, NEVER_PAID)))
    return Spans(
        person=np.concatenate([person, person[adds], lost]),
        spell=np.concatenate([spell, spell[adds], np.zeros(len(lost), dtype=np.int64)]),
        add_on=np.repeat([False, True, False], [len(person), len(adds), len(lost)]),
        first=np.concatenate([first, begins, people.start[lost]]),
        last=np.concatenate([last, last[adds], np.full(len(lost), -1)]),
    )


def _spells(life: Life) -> tuple[Ints, Ints, Ints, Ints]:
    """(person, spell, first step, last step) of every stretch of live months."""
    parts = []
    for spell in (0, 1):
        inside = life.live & (life.spell == spell)
        person = np.flatnonzero(inside.any(axis=1))
        first = inside[person].argmax(axis=1)
        parts.append((person, np.full(len(person), spell), first, first + inside[person].sum(axis=1) - 1))
    person, number, first, last = (np.concatenate(column) for column in zip(*parts, strict=True))
    return person, number, first, last


def _instants(rng: np.random.Generator, story: Story, spans: Spans) -> dict[str, Any]:
    people, person, last = story.people, spans.person, np.maximum(spans.last, 0)
    begins = story.anchor(person, spans.first)
    trial = has_trial(people)[person] & (spans.spell == 0) & ~spans.add_on
    why = np.where(spans.last >= 0, story.life.leaves[person, last], 0).astype(np.int64)
    standing = people.standing[person]
    ended = np.where(standing == PAYING, _end(story, spans, begins, why), begins + (standing == NEVER_PAID) * DAY)
    notice = story.anchor(person, last) + rng.integers(6 * DAY, 27 * DAY, len(person))
    return {
        "started": begins - trial * world.TRIAL_DAYS * DAY,
        "trial_ends": np.where(trial, begins, MISSING),
        "requested": np.where(why == VOLUNTARY, np.minimum(notice, ended), MISSING),
        "ended": ended,
        "reason": _reason(rng, story, spans, why),
    }


def _end(story: Story, spans: Spans, begins: Ints, why: Ints) -> Ints:
    """When the paid period is over, or the invoice that stayed unpaid has been chased long enough; MISSING while it runs."""
    weekly = story.people.interval[spans.person] == world.WEEK
    last = np.maximum(spans.last, 0)
    month_over, billed = story.anchor(spans.person, last + 1), story.anchor(spans.person, last)
    over = np.where(weekly, _whole_weeks(begins, month_over), month_over)
    chased = np.where(weekly, _whole_weeks(begins, billed), billed) + world.DUNNING_DAYS * DAY
    return np.select([why == 0, why == UNPAID], [MISSING, chased], over)


def _whole_weeks(begins: Ints, instant: Ints) -> Ints:
    """The first instant at or after `instant` that lies whole weeks after `begins`."""
    return begins + -(-(instant - begins) // (7 * DAY)) * 7 * DAY


def _reason(rng: np.random.Generator, story: Story, spans: Spans, why: Ints) -> Ints:
    """Stated reason, -1 where none: the thrifty say the price, the idle that they do not use it, the unhappy the service."""
    person, at, life = spans.person, np.maximum(spans.last, 0), story.life
    missing, switched = np.full(len(person), 0.3), np.full(len(person), 0.2)
    scores = np.stack(
        [2.2 * story.people.thrift[person], missing, -1.2 * life.use[person, at], -1.2 * life.mood[person, at], switched], axis=1
    )
    stated = (scores + rng.gumbel(0, 0.6, scores.shape)).argmax(axis=1)
    return np.select([why == VOLUNTARY, why == UNPAID, why == EXPIRED], [stated, world.PAYMENT_FAILED, world.TERM_ENDED], -1)


def subscription_table(story: Story, subs: Subscriptions) -> pa.Table:
    """billing_subscriptions at the end: today's plan, price and status."""
    people, person, step = story.people, subs.person, _last_billed(story, subs)
    billed = subs.last >= 0
    plan = np.where(billed, story.life.plan[person, step], people.plan[person]).astype(np.int64)
    seats = np.where(billed, story.life.seats[person, step], people.seats[person])
    columns = {
        "subscription_id": identifiers("sub_", subs.number),
        "billing_customer_id": identifiers("cus_", subs.account),
        "status": pick(STATUSES, _status(story, subs, step)),
        "started_at": times(subs.started),
        "trial_ends_at": times(subs.trial_ends),
        "cancel_requested_at": times(subs.requested),
        "ended_at": times(subs.ended),
        "cancellation_reason": pick(world.LEAVE_REASONS, np.maximum(subs.reason, 0), _end_is_known(subs, story.end) & (subs.reason >= 0)),
        "plan": pick((*world.PLANS, world.ADD_ON), np.where(subs.add_on, len(world.PLANS), plan)),
        "quantity": pa.array(np.where(subs.add_on, 1, seats).astype(np.int64)),
        "unit_amount": money(prices(story, person, plan, step, subs.add_on)),
        "currency": pick(world.CURRENCIES, people.currency[person]),
        "interval": pick(world.INTERVALS, people.interval[person]),
        "interval_count": pa.array(np.ones(len(person), dtype=np.int64)),
        "discount_percent": pa.array(people.discount[person].astype(np.float64)),
    }
    return table("billing_subscriptions", columns, story.end)


def _end_is_known(subs: Subscriptions, end: int) -> NDArray[np.bool_]:
    return ((subs.ended != MISSING) & (subs.ended <= end)) | ((subs.requested != MISSING) & (subs.requested <= end))


def _last_billed(story: Story, subs: Subscriptions) -> Ints:
    """The step of the newest period that began by the end of the export."""
    last = np.where(subs.last >= 0, np.minimum(subs.last, story.calendar.months - 1), subs.first)
    step = np.maximum(subs.first, np.where(story.anchor(subs.person, last) > story.end, last - 1, last))
    size = billed_steps(story, subs.person, subs.add_on)
    return subs.first + (step - subs.first) // size * size


def _status(story: Story, subs: Subscriptions, step: Ints) -> Ints:
    failed = story.life.failed[subs.person, step].astype(np.int64)
    late = story.anchor(subs.person, step) + world.RETRY_DAYS[failed] * DAY > story.end
    over = (subs.ended != MISSING) & (subs.ended <= story.end)
    now = np.minimum(np.maximum(subs.last, 0), story.calendar.months - 1)
    conditions = {
        INCOMPLETE: (story.people.standing[subs.person] == NEVER_PAID) & over,
        CANCELED: over,
        TRIALING: (subs.trial_ends != MISSING) & (subs.trial_ends > story.end),
        PAUSED: (subs.last >= 0) & story.life.paused[subs.person, now],
        PAST_DUE: (failed == 3) | ((failed > 0) & late),
    }
    return np.select(list(conditions.values()), list(conditions), ACTIVE)
