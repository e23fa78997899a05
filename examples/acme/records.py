"""The CRM's records of a chunk's people, duplicates and all: crm_customers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from examples.acme import world
from examples.acme.columns import DAY, MISSING, Ints, identifiers, pick, table, times
from examples.acme.people import LEAD, People
from examples.acme.story import Story

PRIMARY, SAME_EMAIL, SAME_PHONE, MERGED = range(4)
SHARED_GROUP = 8  # records that share one mailbox; above max_shared_contact_records, so never a match


@dataclass(frozen=True)
class Records:
    """One entry per CRM record. kind: PRIMARY or how the duplicate can be told; primary: place of the person's primary record."""

    number: Ints
    person: Ints
    kind: Ints
    primary: Ints
    created: Ints
    deleted: Ints
    shared: NDArray[np.bool_]

    def of_person(self, people: int) -> Ints:
        """Place of the primary record of each person; -1 where the CRM does not know them."""
        place = np.full(people, -1)
        main = np.flatnonzero(self.kind == PRIMARY)
        place[self.person[main]] = main
        return place


def keep(rng: np.random.Generator, story: Story) -> Records:
    """A record for nearly everyone, a second one for some; three in a hundred who pay are known to billing alone."""
    people, calendar = story.people, story.calendar
    known = (people.standing == LEAD) | (rng.random(len(people)) > 0.03)
    main = np.flatnonzero(known)
    twice = np.flatnonzero(rng.random(len(main)) < 0.06)
    person = np.concatenate([main, main[twice]])
    kind = np.concatenate([np.zeros(len(main), dtype=np.int64), rng.integers(SAME_EMAIL, MERGED + 1, len(twice))])
    primary = np.concatenate([np.arange(len(main)), twice])
    first_day = (calendar.month_days[people.start] + people.offset) * DAY + people.second
    created = first_day[person] - rng.integers(15 * DAY, 40 * DAY, len(person)) - DAY * world.TRIAL_DAYS * (people.start[person] == 0)
    created = np.minimum(created, story.end - rng.integers(0, 5 * DAY, len(person)))
    created = np.where(
        kind == PRIMARY, created, np.minimum(created[primary] + rng.integers(DAY, 200 * DAY, len(person)), calendar.end_second)
    )
    number = story.shuffled(rng, len(person))
    candidates = np.flatnonzero((people.size[person] == 1) & (kind == PRIMARY) & (rng.random(len(person)) < 0.02))
    shared = np.zeros(len(person), dtype=bool)
    shared[candidates[: len(candidates) // SHARED_GROUP * SHARED_GROUP]] = True
    return Records(number, person, kind, primary, created, _deleted(rng, story, person, kind, created), shared)


def _deleted(rng: np.random.Generator, story: Story, person: Ints, kind: Ints, created: Ints) -> Ints:
    """Records of people who left are deleted now and then, some months later."""
    life, calendar = story.life, story.calendar
    ever = life.live.any(axis=1)
    last = calendar.steps - 1 - life.live[:, ::-1].argmax(axis=1)
    gone = ever & (last < calendar.months - 3)
    deleted = (calendar.month_days[np.minimum(last + 3, calendar.steps)] * DAY)[person] + rng.integers(0, 60 * DAY, len(person))
    chosen = gone[person] & (rng.random(len(person)) < 0.05) & (kind == PRIMARY)
    return np.where(chosen, np.maximum(deleted, created + DAY), MISSING)


def emails(people: People, person: Ints) -> pa.Array:
    """The person's own address; unique, because it carries the person's number."""
    number = people.first + person
    first = pick([name.lower() for name in world.FIRST_NAMES], number % len(world.FIRST_NAMES))
    last = pick([name.lower() for name in world.LAST_NAMES], number // len(world.FIRST_NAMES) % len(world.LAST_NAMES))
    domain = pick([f"@{word.lower()}.example" for word in world.COMPANY_WORDS], number % len(world.COMPANY_WORDS))
    local = pc.binary_join_element_wise(first, last, pa.array(number).cast(pa.string()), ".")
    return pc.binary_join_element_wise(local, domain, "")


def _addresses(people: People, records: Records) -> pa.Array:
    own = emails(people, records.person)
    other = pc.replace_substring(own, "@", "+work@")
    group = (np.cumsum(records.shared) - 1) // SHARED_GROUP
    office = pc.binary_join_element_wise("office", pa.array(group + people.first).cast(pa.string()), "@shared.example", "")
    cased = pc.if_else(pa.array(records.number % 2 == 0), pc.utf8_upper(own), pc.utf8_capitalize(own))
    choice = np.where(records.shared, 3, np.select([records.kind == SAME_EMAIL, records.kind >= SAME_PHONE], [1, 2], 0))
    return pc.choose(pa.array(choice), own, cased, other, office)


def _phones(people: People, records: Records) -> pa.Array:
    """Everyone's own number; the duplicate that shares it is written without spaces."""
    number = (people.first + records.person) * 10 + np.where(np.isin(records.kind, (SAME_EMAIL, MERGED)), 1, 0)
    digits = pc.utf8_lpad(pa.array(number + 200_000_000).cast(pa.string()), 10, "0")
    code = pick([f"+{row[2]}" for row in world.COUNTRIES], people.country[records.person])
    spaced = pc.binary_join_element_wise(code, pc.utf8_slice_codeunits(digits, 0, 3), pc.utf8_slice_codeunits(digits, 3), " ")
    return pc.if_else(pa.array(records.kind == SAME_PHONE), pc.replace_substring(spaced, " ", ""), spaced)


def customer_table(rng: np.random.Generator, story: Story, records: Records) -> pa.Table:
    """crm_customers, newest versions."""
    people = story.people
    person, number = records.person, people.first + records.person
    updated = np.minimum(records.created + rng.integers(0, 400 * DAY, len(person)), story.end)
    names = [f"{first} {last}" for last in world.LAST_NAMES for first in world.FIRST_NAMES]
    merged = identifiers("C", records.number[records.primary], records.kind == MERGED)
    business = people.size[person] > 0
    columns = {
        "customer_id": identifiers("C", records.number),
        "created_at": times(records.created),
        "updated_at": times(np.where(records.deleted <= story.end, np.maximum(updated, records.deleted), updated)),
        "deleted_at": times(records.deleted),
        "email": _addresses(people, records),
        "phone": _phones(people, records),
        "full_name": pick(names, number % len(names)),
        "company_name": pick(
            [f"{word} {tail}" for word in world.COMPANY_WORDS for tail in ("Ltd", "Group", "Works")], number % 36, business
        ),
        "country": pick([row[0] for row in world.COUNTRIES], people.country[person]),
        "region": pick(world.REGIONS, number % 4),
        "birth_year": pa.array(1955 + number * 7 % 48, mask=number % 3 == 0),
        "gender": pick(world.GENDERS, np.minimum(number % 41 // 20, 2), number % 5 > 0),
        "income_band": pick(world.INCOME_BANDS, number // 3 % 3, ~business),
        "industry": pick(world.INDUSTRIES, people.industry[person], business),
        "company_size": pick(world.COMPANY_SIZES, people.size[person]),
        "acquisition_channel": pick(world.ACQUISITION_CHANNELS, people.channel[person]),
        "owner": pick(world.OWNERS, number % len(world.OWNERS), people.size[person] >= 2),
        "merged_into_customer_id": merged,
    }
    return table("crm_customers", columns, story.end)
