"""crm_interactions of a chunk: use of the product, mail, calls, meetings, chat and community, as mood and use drive them. Pure."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from examples.acme import world
from examples.acme.columns import DAY, MISSING, Ints, identifiers, pick, table, times
from examples.acme.months import Calendar
from examples.acme.records import PRIMARY, Records
from examples.acme.service import action_time
from examples.acme.story import Story

# channel, kind, direction (0 inbound, 1 outbound)
SORTS = (
    ("app", "usage", 0),
    ("web", "visit", 0),
    ("web", "login", 0),
    ("email", "sent", 1),
    ("email", "delivered", 1),
    ("email", "opened", 0),
    ("email", "clicked", 0),
    ("email", "bounced", 0),
    ("email", "unsubscribed", 0),
    ("email", "complained", 0),
    ("phone", "call", 1),
    ("phone", "call", 0),
    ("meeting", "visit", 1),
    ("chat", "replied", 0),
    ("community", "post", 0),
    ("social", "mention", 0),
    ("in_person", "visit", 1),
)
USAGE, SENT, DELIVERED, OPENED, CLICKED, BOUNCED, UNSUBSCRIBED, COMPLAINED, CALL_OUT = 0, 3, 4, 5, 6, 7, 8, 9, 10
CHAT_TEXTS = (
    "Where do I find the export?",
    "Thanks, that solved it.",
    "The invoice shows the wrong address.",
    "Can we add two seats?",
    "Still waiting for an answer.",
)
Part = tuple[Ints, Ints, Ints, Ints]  # person, sort, instant, campaign (-1 none)


def interaction_table(rng: np.random.Generator, story: Story, records: Records) -> pa.Table:
    """Every interaction of the people the CRM knows; those of a duplicate are split between both records."""
    place = records.of_person(len(story.people))
    person, step = np.nonzero(story.life.live[:, : story.calendar.months] & (place >= 0)[:, None])
    parts = [*_visits(rng, story, person, step), *_mails(rng, story, person, step)]
    parts += [*_treatments(rng, story, place), _farewell(story, place)]
    person, sort, when, campaign = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(when, kind="stable")
    person, sort, when, campaign = person[order], sort[order], when[order], campaign[order]
    columns = {
        "interaction_id": identifiers("i", story.numbers(len(person))),
        "customer_id": identifiers("C", records.number).take(pa.array(_record(rng, records, place, person, when))),
        "occurred_at": times(when),
        "channel": pick([row[0] for row in SORTS], sort),
        "kind": pick([row[1] for row in SORTS], sort),
        "direction": pick(("inbound", "outbound"), np.array([row[2] for row in SORTS])[sort]),
        "campaign_id": pick(campaign_ids(story.calendar), np.maximum(campaign, 0), campaign >= 0),
        "quantity": _minutes(rng, sort),
        "text": pick(CHAT_TEXTS, rng.integers(0, len(CHAT_TEXTS), len(sort)), (sort == 13) & (rng.random(len(sort)) < 0.3)),
    }
    return table("crm_interactions", columns, story.end)


def campaign_ids(calendar: Calendar) -> list[str]:
    """Ids by month: the newsletter, then one campaign per action that goes by mail or phone."""
    return [f"camp_{month:02d}_{kind}" for month in range(calendar.months) for kind in ("newsletter", *world.ACTIONS[1:])]


def _record(rng: np.random.Generator, records: Records, place: Ints, person: Ints, when: Ints) -> Ints:
    """The record an interaction is logged under: now and then the duplicate, once it is there."""
    other = place.copy()
    twice = np.flatnonzero(records.kind != PRIMARY)
    other[records.person[twice]] = twice
    return np.where((rng.random(len(person)) < 0.3) & (records.created[other[person]] < when), other[person], place[person])


def _repeat(rng: np.random.Generator, rate: np.ndarray, person: Ints, step: Ints) -> tuple[Ints, Ints]:
    row = np.repeat(np.arange(len(person)), rng.poisson(rate))
    return person[row], step[row]


def _at(rng: np.random.Generator, story: Story, person: Ints, step: Ints) -> Ints:
    return story.anchor(person, step) + rng.integers(0, 28 * DAY, len(person))


def _visits(rng: np.random.Generator, story: Story, person: Ints, step: Ints) -> list[Part]:
    """Use, visits, calls, meetings, chat, community: the more of them, the more the product is used; calls and chat by size and trouble."""
    use, trouble = story.life.use[person, step], story.life.tickets[person, step]
    size, lively = story.people.size[person], np.exp(0.6 * use)
    rates = {
        0: np.exp(0.42 + 0.65 * use),
        1: 0.30 * lively,
        2: 0.25 * lively,
        CALL_OUT: 0.02 + 0.03 * size,
        11: 0.02 + 0.15 * trouble,
        12: 0.02 * size,
        13: 0.04 + 0.2 * trouble,
        14: 0.05 * lively,
        15: 0.02 * lively,
        16: 0.005 * size,
    }
    parts = []
    for sort, rate in rates.items():
        who, month = _repeat(rng, rate, person, step)
        parts.append((who, np.full(len(who), sort), _at(rng, story, who, month), np.full(len(who), -1)))
    return parts


def _mails(rng: np.random.Generator, story: Story, person: Ints, step: Ints) -> list[Part]:
    """The newsletter goes to those who allow it, every other month or so."""
    allowed = (step < story.people.mail_ends[person]) & (rng.random(len(person)) < 0.38)
    person, step = person[allowed], step[allowed]
    when = _at(rng, story, person, step)
    return _mail_events(rng, story, person, step, when, step * len(world.ACTIONS))


def _mail_events(rng: np.random.Generator, story: Story, person: Ints, step: Ints, when: Ints, campaign: Ints) -> list[Part]:
    """What becomes of a mail: delivered or bounced, opened, clicked, complained about."""
    chance = rng.random((4, len(person)))
    arrived = chance[0] < 0.97
    opened = arrived & (chance[1] < 0.32 + 0.06 * np.clip(story.life.mood[person, step], -2, 2))
    clicked = opened & (chance[2] < 0.20)
    happened = {
        SENT: np.ones(len(person), dtype=bool),
        DELIVERED: arrived,
        OPENED: opened,
        CLICKED: clicked,
        BOUNCED: ~arrived,
        COMPLAINED: arrived & (chance[3] < 0.0005),
    }
    delay = {SENT: 0, DELIVERED: 20, OPENED: 9_000, CLICKED: 9_300, BOUNCED: 40, COMPLAINED: 12_000}
    return [(person[flag], np.full(int(flag.sum()), sort), when[flag] + delay[sort], campaign[flag]) for sort, flag in happened.items()]


def _farewell(story: Story, place: Ints) -> Part:
    """Whoever takes back the consent to mail does so by the link in the last newsletter."""
    person = np.flatnonzero((place >= 0) & (story.withdrawn != MISSING) & (story.withdrawn <= story.end))
    month = story.people.start[person] + story.people.withdrawal[person]
    return person, np.full(len(person), UNSUBSCRIBED), story.withdrawn[person], (month - 1) * len(world.ACTIONS)


def _treatments(rng: np.random.Generator, story: Story, place: Ints) -> list[Part]:
    """The mails and calls by which the logged actions were carried out."""
    person, step = np.nonzero((story.life.action[:, : story.calendar.months] > world.NOTHING) & (place >= 0)[:, None])
    action = story.life.action[person, step].astype(np.int64)
    when = action_time(story, person, step) + 1_800
    campaign = step * len(world.ACTIONS) + action
    called = action == world.CALL
    mails = _mail_events(rng, story, person[~called], step[~called], when[~called], campaign[~called])
    return [*mails, (person[called], np.full(int(called.sum()), CALL_OUT), when[called], campaign[called])]


def _minutes(rng: np.random.Generator, sort: Ints) -> pa.Array:
    """Minutes of use; NULL where nothing is counted."""
    return pa.array(np.ceil(rng.gamma(2.0, 12.0, len(sort))), mask=sort != USAGE)
