"""What every table of a chunk is told from: its people, the lives they lived, and the calendar they lived by. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from examples.acme.columns import DAY, MISSING, Ints
from examples.acme.life import Life
from examples.acme.months import Calendar
from examples.acme.people import People

IDS_PER_CHUNK = 10_000_000  # numbers of ids that a chunk may use up, per kind of row


@dataclass(frozen=True)
class Story:
    """Chunk `number` of the company."""

    number: int
    people: People
    life: Life
    calendar: Calendar

    @property
    def end(self) -> int:
        """The last second that the exports know of."""
        return self.calendar.end_second

    def anchor(self, person: Ints, step: Ints) -> Ints:
        """The instant the person's billing month `step` begins, in seconds."""
        return (self.calendar.month_days[step] + self.people.offset[person]) * DAY + self.people.second[person]

    @property
    def withdrawn(self) -> Ints:
        """The instant each person takes back the consent to mail; MISSING where it never was given or is kept."""
        people, month = self.people, np.minimum(self.people.start + self.people.withdrawal, self.calendar.steps)
        day = self.calendar.month_days[month] + (people.first + np.arange(len(people))) * 37 % 27
        return np.where(people.email_ok & (month < self.calendar.steps), day * DAY + people.second, MISSING)

    def numbers(self, count: int) -> Ints:
        """Numbers for the ids of `count` rows, in their order."""
        return self.number * IDS_PER_CHUNK + np.arange(count)

    def shuffled(self, rng: np.random.Generator, count: int) -> Ints:
        """The same numbers in an order that gives nothing away."""
        return self.number * IDS_PER_CHUNK + rng.permutation(count)
