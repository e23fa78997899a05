"""Billing accounts of a chunk: billing_customers, and which account pays for which subscription. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from examples.acme import world
from examples.acme.columns import DAY, MISSING, Ints, identifiers, pick, table, times
from examples.acme.people import LEAD, PAYING, TRIAL_LOST, People
from examples.acme.records import Records, emails
from examples.acme.story import Story


@dataclass(frozen=True)
class Accounts:
    """One entry per billing account; a returning customer sometimes opens a second one."""

    number: Ints
    person: Ints
    second: NDArray[np.bool_]
    created: Ints

    def payer(self, person: Ints, spell: Ints) -> Ints:
        """Number of the account that pays for a person's first (0) or second (1) subscription."""
        place = np.full((max(person.max(initial=0), self.person.max(initial=0)) + 1, 2), -1)
        place[self.person[~self.second]] = self.number[~self.second, None]
        place[self.person[self.second], 1] = self.number[self.second]
        return place[person, spell]


def has_trial(people: People) -> NDArray[np.bool_]:
    """Whether a person's first subscription begins with a trial."""
    return (people.trial & (people.standing == PAYING)) | (people.standing == TRIAL_LOST)


def open_accounts(rng: np.random.Generator, story: Story) -> Accounts:
    """An account for everyone but leads, and a second one for a third of those who came back."""
    people, spell = story.people, story.life.spell
    first = np.flatnonzero(people.standing != LEAD)
    returned = np.flatnonzero((spell == 1).any(axis=1))
    again = returned[rng.random(len(returned)) < 0.3]
    person = np.concatenate([first, again])
    second = np.arange(len(person)) >= len(first)
    step = np.concatenate([people.start[first], (spell[again] == 1).argmax(axis=1)])
    created = story.anchor(person, step) - (has_trial(people)[person] & ~second) * world.TRIAL_DAYS * DAY - 60
    return Accounts(story.shuffled(rng, len(person)), person, second, created)


def account_table(rng: np.random.Generator, story: Story, records: Records, accounts: Accounts) -> pa.Table:
    """billing_customers; one in ten lacks the CRM's id, and only the e-mail address tells who it is."""
    people = story.people
    place = records.of_person(len(people))[accounts.person]
    blank = (rng.random(len(place)) < 0.10) | accounts.second
    linked = (place >= 0) & (~blank | records.shared[place])
    email = emails(people, accounts.person)
    columns = {
        "billing_customer_id": identifiers("cus_", accounts.number),
        "customer_id": identifiers("C", records.number[np.maximum(place, 0)], linked),
        "email": pc.if_else(pa.array(rng.random(len(place)) < 0.05), pc.utf8_upper(email), email),
        "created_at": times(accounts.created),
        "currency": pick(world.CURRENCIES, people.currency[accounts.person]),
        "deleted_at": times(np.full(len(place), MISSING)),
    }
    return table("billing_customers", columns, story.end)
