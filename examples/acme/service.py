"""Tickets, logged actions, loyalty and referrals of a chunk. Pure."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from examples.acme import world
from examples.acme.columns import DAY, MISSING, Ints, identifiers, money, pick, table, times
from examples.acme.comments import compose
from examples.acme.people import PAYING
from examples.acme.records import Records
from examples.acme.story import Story

HOUR = 3_600


def action_time(story: Story, person: Ints, step: Ints) -> Ints:
    """When the month's decision falls: within five days of its start, before anyone asks to leave."""
    return story.anchor(person, step) + (person * 7 + step * 3) % 5 * DAY + 5_400


def action_table(story: Story, records: Records) -> pa.Table:
    """crm_actions: every decision with its propensity, `nothing` and the holdout's included (theirs is certain, so 1)."""
    life, place = story.life, records.of_person(len(story.people))
    person, step = np.nonzero((life.action[:, : story.calendar.months] >= 0) & (place >= 0)[:, None])
    action = life.action[person, step].astype(np.int64)
    columns = {
        "action_id": identifiers("a", story.numbers(len(person))),
        "customer_id": identifiers("C", records.number[place[person]]),
        "action": pick(world.ACTIONS, action),
        "decided_at": times(action_time(story, person, step)),
        "propensity": pa.array(np.round(life.propensity[person, step].astype(np.float64), 6)),
        "policy_version": pick((world.POLICY_VERSION,), np.zeros(len(person), dtype=np.int64)),
        "is_holdout": pa.array(story.people.holdout[person]),
        "cost_amount": money(world.ACTION_COST[action]),
        "currency": pick(("USD",), np.zeros(len(person), dtype=np.int64)),
    }
    return table("crm_actions", columns, story.end)


def ticket_rows(rng: np.random.Generator, story: Story, records: Records) -> dict[str, Ints]:
    """One entry per ticket: person, step, opened, replied, solved, slow."""
    life, place = story.life, records.of_person(len(story.people))
    person, step = np.nonzero((life.tickets[:, : story.calendar.months] > 0) & (place >= 0)[:, None])
    count = life.tickets[person, step].astype(np.int64)
    row = np.repeat(np.arange(len(person)), count)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    person, step = person[row], step[row]
    slow = nth < life.slow[person, step]
    opened = story.anchor(person, step) + rng.integers(0, 27 * DAY, len(row))
    replied = opened + (rng.exponential(np.where(slow, 60, 5), len(row)) * HOUR).astype(np.int64) + 120
    solved = replied + (rng.exponential(np.where(slow, 90, 20), len(row)) * HOUR).astype(np.int64) + 60
    never = rng.random(len(row)) < 0.02
    return {"person": person, "step": step, "opened": opened, "replied": replied, "solved": np.where(never, MISSING, solved), "slow": slow}


def ticket_table(rng: np.random.Generator, story: Story, records: Records, tickets: dict[str, Ints]) -> pa.Table:
    """crm_tickets; what they are about follows from what went wrong."""
    people, person, step, end = story.people, tickets["person"], tickets["step"], story.end
    topic = topics(rng, story, person, step)
    solved = (tickets["solved"] != MISSING) & (tickets["solved"] <= end)
    written = rng.random(len(person)) < 0.5
    text = compose(rng, people.language[person], topic, np.zeros(len(person), dtype=bool))
    columns = {
        "ticket_id": identifiers("t", story.numbers(len(person))),
        "customer_id": identifiers("C", records.number[records.of_person(len(people))[person]]),
        "opened_at": times(tickets["opened"]),
        "first_replied_at": times(tickets["replied"]),
        "solved_at": times(tickets["solved"]),
        "status": pick(("open", "pending", "solved"), np.where(solved, 2, tickets["replied"] <= end)),
        "priority": pick(("low", "normal", "high", "urgent"), np.minimum(rng.poisson(0.8 + 0.4 * tickets["slow"]), 3)),
        "channel": pick(("email", "chat", "phone", "web"), rng.integers(0, 4, len(person))),
        "topic": pick(world.THEMES, topic),
        "text": pick(text, np.arange(len(person)), written),
    }
    return table("crm_tickets", columns, end)


def topics(rng: np.random.Generator, story: Story, person: Ints, step: Ints) -> Ints:
    """The theme that weighs most: the price for the thrifty, support after slow answers, billing after a failed payment, and so on."""
    life = story.life
    scores = np.stack(
        [
            1.6 * story.people.thrift[person],
            1.6 * (life.slow[person, step] > 0),
            -0.9 * life.use[person, step],
            np.full(len(person), 0.2),
            0.5 * life.use[person, step],
            1.8 * (life.tenure[person, step] < 2),
            2.2 * (life.failed[person, step] > 0),
        ],
        axis=1,
    )
    return (scores + rng.gumbel(0, 0.7, scores.shape)).argmax(axis=1)


def loyalty_table(rng: np.random.Generator, story: Story, records: Records) -> pa.Table:
    """crm_loyalty_events of the quarter of the customers who join: points per half year, some redeemed or expired, some leave again."""
    life, months, place = story.life, story.calendar.months, records.of_person(len(story.people))
    joins = (rng.random(len(place)) < 0.25) & (place >= 0)
    person, step = np.nonzero(life.live[:, :months] & joins[:, None] & (life.tenure[:, :months] % 6 == 1))
    first = (life.tenure[person, step] == 1) & (life.spell[person, step] == 0)
    chance = rng.random(len(person))
    follow = np.flatnonzero(~first & (chance < 0.45))
    kind = np.concatenate([np.where(first, 0, 1), np.select([chance[follow] < 0.3, chance[follow] < 0.42], [2, 3], 4)])
    person, step = np.concatenate([person, person[follow]]), np.concatenate([step, step[follow]])
    points = np.where(kind == 1, 60 * np.minimum(life.seats[person, step], 50), np.where(kind < 4, 50, 0))
    columns = {
        "loyalty_event_id": identifiers("l", story.numbers(len(person))),
        "customer_id": identifiers("C", records.number[place[person]]),
        "kind": pick(("joined", "earned", "redeemed", "expired", "left"), kind),
        "points": pa.array(points.astype(np.float64), mask=np.isin(kind, (0, 4))),
        "occurred_at": times(story.anchor(person, step) + np.where(kind > 1, 9, 1) * DAY),
    }
    return table("crm_loyalty_events", columns, story.end)


def referral_table(rng: np.random.Generator, story: Story, records: Records) -> pa.Table:
    """crm_referrals: everyone won by referral has a contented referrer who was there before; more referrals lead nowhere."""
    people, calendar = story.people, story.calendar
    place, referral = records.of_person(len(people)), world.ACQUISITION_CHANNELS.index("referral")
    ready = np.flatnonzero((place >= 0) & (people.mood > 0.3) & (people.start < calendar.months - 1))
    order = ready[np.argsort(people.start[ready], kind="stable")]
    won = np.flatnonzero((people.channel == referral) & (place >= 0) & (people.start > 0))
    earlier = np.searchsorted(people.start[order], people.start[won], side="left")
    won, earlier = won[earlier > 0], earlier[earlier > 0]
    referrer = order[(rng.random(len(won)) * earlier).astype(np.int64)]
    lost = order[rng.random(len(order)) < 0.12]
    joined = story.anchor(won, people.start[won])
    # A referral is logged before the referred person's record: fifty days cover record, trial and first paid day.
    made = np.maximum(joined - 50 * DAY, records.created[place[referrer]] + HOUR)
    hopeless = records.created[place[lost]] + rng.integers(60 * DAY, 400 * DAY, len(lost))
    converted = np.where(people.standing[won] == PAYING, np.maximum(joined, made), MISSING)
    known = np.arange(len(won) + len(lost)) < len(won)
    columns = {
        "referral_id": identifiers("r", story.numbers(len(known))),
        "referrer_customer_id": identifiers("C", records.number[place[np.concatenate([referrer, lost])]]),
        "referred_customer_id": identifiers("C", records.number[place[np.concatenate([won, lost])]], known),
        "referred_at": times(np.concatenate([made, hopeless])),
        "converted_at": times(np.concatenate([converted, np.full(len(lost), MISSING)])),
    }
    return table("crm_referrals", columns, story.end)
