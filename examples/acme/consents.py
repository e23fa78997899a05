"""crm_consents of a chunk. Pure."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from examples.acme.columns import DAY, Ints, identifiers, pick, table, times
from examples.acme.records import Records
from examples.acme.story import Story


def consent_table(rng: np.random.Generator, story: Story, records: Records) -> pa.Table:
    """crm_consents: what was stated when the record was made, and what was taken back later."""
    people, person, count = story.people, records.person, len(records.person)
    rows = np.arange(count)
    given = {
        0: people.email_ok[person],
        1: rng.random(count) < 0.2,
        2: people.phone_ok[person],
        3: rng.random(count) < 0.9,
        4: rng.random(count) < 0.15,
    }
    parts = [_statements(rows[flags], statement, 0, records.created[flags] + 30 + statement) for statement, flags in given.items()]
    instant = story.withdrawn[person]
    withdrawn = instant > records.created + DAY
    parts.append(_statements(rows[withdrawn], 0, 1, instant[withdrawn]))
    profiling = given[3] & (rng.random(count) < 0.02)
    parts.append(_statements(rows[profiling], 3, 1, records.created[profiling] + rng.integers(30, 500, int(profiling.sum())) * DAY))
    row, statement, status, recorded = (np.concatenate(column) for column in zip(*parts, strict=True))
    columns = {
        "customer_id": identifiers("C", records.number[row]),
        "channel": pick(("email", "sms", "phone", "email", "push"), statement),
        "purpose": pick(("marketing", "marketing", "marketing", "profiling", "service"), statement),
        "status": pick(("granted", "withdrawn"), status),
        "recorded_at": times(recorded),
        "origin": pick(("signup_form", "preference_center"), status),
    }
    return table("crm_consents", columns, story.end)


def _statements(row: Ints, statement: int, status: int, recorded: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    return row, np.full(len(row), statement), np.full(len(row), status), recorded
