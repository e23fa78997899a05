"""Survey invitations and responses of a chunk; whether someone answers depends on how content they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from examples.acme import world
from examples.acme.columns import DAY, Ints, identifiers, pick, table, times
from examples.acme.comments import compose
from examples.acme.people import People
from examples.acme.records import Records, emails
from examples.acme.service import topics
from examples.acme.story import Story

METRICS = ("nps", "csat", "ces")
NPS, CSAT, CES = range(3)
SCALES = np.array([[0, 10], [1, 5], [1, 7]])
TOUCHPOINTS = ("relationship", "support", "onboarding")
EVERY = 6  # months between two relationship surveys


@dataclass(frozen=True)
class Asked:
    """One entry per question asked. answered: whether there is a response; by_mail: the source knows the address only."""

    person: Ints
    step: Ints
    metric: Ints
    touchpoint: Ints
    sent: Ints
    content: NDArray[np.float64]
    answered: NDArray[np.bool_]
    by_mail: NDArray[np.bool_]


def ask(rng: np.random.Generator, story: Story, records: Records, tickets: dict[str, Ints]) -> Asked:
    """Relationship NPS every half year, CSAT after a good third of the tickets, CES once, after the first month."""
    life, months = story.life, slice(0, story.calendar.months)
    known = records.of_person(len(story.people)) >= 0
    turn = (life.tenure[:, months] - 2 - rng.integers(0, EVERY, len(known))[:, None]) % EVERY == 0
    nps = np.nonzero(life.live[:, months] & turn & (life.tenure[:, months] >= 2) & known[:, None])
    ces = np.nonzero(life.live[:, months] & (life.tenure[:, months] == 1) & (life.spell[:, months] == 0) & known[:, None])
    after = np.flatnonzero((rng.random(len(tickets["person"])) < 0.35) & (tickets["solved"] > 0))
    person = np.concatenate([nps[0], ces[0], tickets["person"][after]])
    step = np.concatenate([nps[1], ces[1], tickets["step"][after]])
    counts = (len(nps[0]), len(ces[0]), len(after))
    sent = story.anchor(person, step) + rng.integers(0, 20 * DAY, len(person))
    sent[counts[0] + counts[1] :] = tickets["solved"][after] + 3_600
    content = life.mood[person, step] - 0.5 * np.concatenate([np.zeros(counts[0] + counts[1]), tickets["slow"][after]])
    # The very unhappy and the happy answer; who is neither often does not: the raw score is biased on purpose.
    answers = rng.random(len(person)) < 1 / (1 + np.exp(1.7 - 0.55 * content - 0.35 * content**2))
    touchpoint, metric = np.repeat([0, 2, 1], counts), np.repeat([NPS, CES, CSAT], counts)
    return Asked(person, step, metric, touchpoint, sent, content, answers, rng.random(len(person)) < 0.3)


def invitation_table(story: Story, records: Records, asked: Asked) -> pa.Table:
    """survey_invitations, by customer or by address."""
    columns = {
        "invitation_id": identifiers("inv", story.numbers(len(asked.person))),
        **_whom(story.people, records, asked, np.arange(len(asked.person))),
        "survey_id": pick(("relationship-nps", "support-csat", "onboarding-ces"), asked.touchpoint),
        "sent_at": times(asked.sent),
        "channel": pick(("email",), np.zeros(len(asked.person), dtype=np.int64)),
    }
    return table("survey_invitations", columns, story.end)


def _whom(people: People, records: Records, asked: Asked, row: Ints) -> dict[str, pa.Array]:
    """customer_id, or the address where that is all the survey tool knows; a shared mailbox is never all it knows."""
    place = records.of_person(len(people))[asked.person[row]]
    by_mail = asked.by_mail[row] & ~records.shared[place]
    email = emails(people, asked.person[row])
    return {
        "customer_id": identifiers("C", records.number[place], ~by_mail),
        "email": pc.if_else(pa.array(by_mail), email, pa.scalar(None, pa.string())),
    }


def response_table(rng: np.random.Generator, story: Story, records: Records, asked: Asked) -> tuple[pa.Table, pa.Table]:
    """(survey_responses, truth: response_id, satisfaction, theme, is_happy). A few answers come from people nobody knows."""
    people, row = story.people, np.flatnonzero(asked.answered)
    person, step, metric = asked.person[row], asked.step[row], asked.metric[row]
    score = _scores(rng, asked.content[row], metric)
    theme = topics(rng, story, person, step)
    happy = asked.content[row] + rng.normal(0, 0.3, len(row)) > 0.1
    written = rng.random(len(row)) < 0.45
    stranger = rng.random(len(row)) < 0.01
    whom = _whom(story.people, records, asked, row)
    unknown = pc.binary_join_element_wise("visitor", pa.array(people.first + row).cast(pa.string()), "@elsewhere.example", "")
    identity = identifiers("resp", story.numbers(len(row)))
    columns = {
        "response_id": identity,
        "customer_id": pc.if_else(pa.array(stranger), pa.scalar(None, pa.string()), whom["customer_id"]),
        "email": pc.if_else(pa.array(stranger), unknown, whom["email"]),
        "survey_id": pick(("relationship-nps", "support-csat", "onboarding-ces"), asked.touchpoint[row]),
        "metric": pick(METRICS, metric),
        "score": pa.array(score.astype(np.float64)),
        "scale_min": pa.array(SCALES[metric, 0].astype(np.float64)),
        "scale_max": pa.array(SCALES[metric, 1].astype(np.float64)),
        "responded_at": times(asked.sent[row] + rng.integers(600, 5 * DAY, len(row))),
        "sent_at": times(asked.sent[row]),
        "channel": pick(("email",), np.zeros(len(row), dtype=np.int64)),
        "touchpoint": pick(TOUCHPOINTS, asked.touchpoint[row]),
        "comment": pick(compose(rng, people.language[person], theme, happy), np.arange(len(row)), written),
        "language": pick(world.LANGUAGES, people.language[person], written),
    }
    truth = pa.table({"response_id": identity, "satisfaction": asked.content[row], "theme": pick(world.THEMES, theme), "is_happy": happy})
    return table("survey_responses", columns, story.end), truth


def _scores(rng: np.random.Generator, content: NDArray[np.float64], metric: Ints) -> Ints:
    """Answers on each question's own scale; high effort scores are good here, as the question asks how easy it was."""
    middle, spread = np.array([7.3, 3.8, 5.0])[metric], np.array([1.9, 0.9, 1.2])[metric]
    felt = middle + spread * (content + rng.normal(0, 0.45, len(content)))
    return np.clip(np.round(felt), SCALES[metric, 0], SCALES[metric, 1]).astype(np.int64)
