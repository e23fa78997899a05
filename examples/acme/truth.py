"""What only the author of the example can know, written beside the exports and never into them. Pure."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from examples.acme import hazard, world
from examples.acme.accounts import Accounts
from examples.acme.columns import MISSING, Ints, identifiers, pick
from examples.acme.months import FUTURE
from examples.acme.people import People
from examples.acme.prices import prices
from examples.acme.records import Records
from examples.acme.story import Story
from examples.acme.subscriptions import Subscriptions

Floats = NDArray[np.float64]


def person_ids(people: People, person: Ints) -> pa.Array:
    """The true id of a person; it appears in no export."""
    return identifiers("person", people.first + person)


def identity_table(story: Story, records: Records, accounts: Accounts) -> pa.Table:
    """identities: record_type ('crm', 'billing'), source_customer_id, person_id, kind. One row per exported record."""
    people, there = story.people, pa.array(accounts.created <= story.end)
    kinds = ("primary", "same_email", "same_phone", "merged")
    crm = pa.table(
        {
            "record_type": pick(("crm",), np.zeros(len(records.person), dtype=np.int64)),
            "source_customer_id": identifiers("C", records.number),
            "person_id": person_ids(people, records.person),
            "kind": pick(kinds, records.kind),
            "is_shared_mailbox": pa.array(records.shared),
        }
    )
    billing = pa.table(
        {
            "record_type": pick(("billing",), np.zeros(len(accounts.person), dtype=np.int64)),
            "source_customer_id": identifiers("cus_", accounts.number),
            "person_id": person_ids(people, accounts.person),
            "kind": pick(("primary", "second_account"), accounts.second.astype(np.int64)),
            "is_shared_mailbox": pa.array(np.zeros(len(accounts.person), dtype=bool)),
        }
    )
    return pa.concat_tables([crm, billing.filter(there)])


def month_table(story: Story, rates: Floats) -> pa.Table:
    """customer_months: hazard (of leaving with the month), pull (were the paid period over), value expected of the next 12 months."""
    people, life, calendar = story.people, story.life, story.calendar
    person, step = np.nonzero(life.live[:, : calendar.months])
    monthly = _monthly_usd(story, person, step, rates)
    steady = np.clip(life.pull[person, step] / world.INTERVAL_STEPS[people.interval[person]], 1e-4, 1)
    return pa.table(
        {
            "person_id": person_ids(people, person),
            "month": pa.array((calendar.first_month + step).astype("datetime64[D]")),
            "hazard": life.hazard[person, step],
            "pull": life.pull[person, step],
            "mood": life.mood[person, step],
            "use": life.use[person, step],
            "expected_value_usd": monthly * (1 - (1 - steady) ** 12) / steady,
        }
    )


def _monthly_usd(story: Story, person: Ints, step: Ints, rates: Floats) -> Floats:
    """Recurring revenue a month in US dollars, at the last exchange rate."""
    people = story.people
    unit = prices(story, person, story.life.plan[person, step].astype(np.int64), step)
    net = story.life.seats[person, step] * unit * (1 - people.discount[person] / 100)
    return net / 100 / world.MONTHS_OF_INTERVAL[people.interval[person]] * rates[people.currency[person]]


def customer_table(story: Story, records: Records, subs: Subscriptions) -> pa.Table:
    """customers, one row per person: how they stand at the end, their true risk, what then happened, and the effect of each action."""
    people, life, step = story.people, story.life, story.calendar.months - 1
    active, left = _fate(len(people), subs, story.end)
    mood, use = life.mood[:, step].astype(np.float64), life.use[:, step].astype(np.float64)
    effects = hazard.action_effects(people, mood, use)
    stays = np.stack([_stays(story, mood, use, effects[:, action]) for action in range(len(world.ACTIONS))], axis=1)
    columns: dict[str, object] = {
        "person_id": person_ids(people, np.arange(len(people))),
        "is_known_to_crm": records.of_person(len(people)) >= 0,
        "is_holdout": people.holdout,
        "standing": pick(("paying", "trial_lost", "never_paid", "lead"), people.standing),
        "is_active_at_end": active,
        "left_within_90_days": pa.array(left, mask=~active),
        "leave_probability_90_days": pa.array(1 - stays[:, world.NOTHING], mask=~active),
    }
    for action, name in enumerate(world.ACTIONS):
        columns[f"log_odds_effect_{name}"] = pa.array(effects[:, action], mask=~active)
        columns[f"retention_effect_{name}"] = pa.array(stays[:, action] - stays[:, world.NOTHING], mask=~active)
    return pa.table(columns)


def _fate(count: int, subs: Subscriptions, end: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(has a paid subscription at the end, has none any more 90 days later)."""
    paid = (subs.last >= 0) & ~subs.add_on & (np.where(subs.trial_ends == MISSING, subs.started, subs.trial_ends) <= end)
    live = paid & ((subs.ended == MISSING) | (subs.ended > end))
    lasting = live & ((subs.ended == MISSING) | (subs.ended > end + 90 * 86_400))
    active, stays = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    active[subs.person[live]], stays[subs.person[lasting]] = True, True
    return active, active & ~stays


def _stays(story: Story, mood: Floats, use: Floats, effect: Floats) -> Floats:
    """Probability of staying through the last month and the two that follow, had the action been taken now and nothing else changed."""
    people, step = story.people, story.calendar.months - 1
    failed, risen = story.life.failed[:, step].astype(np.int64), np.ones(len(people), dtype=bool)
    stays, tenure = np.ones(len(people)), story.life.tenure[:, step].astype(np.int64)
    for ahead in range(FUTURE):
        odds = hazard.log_odds(people, mood, use, failed, tenure + ahead, risen, effect)
        stays *= np.where(hazard.may_leave(people, tenure + ahead), 1 - hazard.probability(odds), 1)
    return stays
