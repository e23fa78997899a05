"""Adds one more day to exports that are there: new, changed, corrected and late rows, as further part files. Nothing is rewritten.

Changed rows repeat a key with new content; only crm_customers has a column that orders versions, so elsewhere the later load wins:
land the exports before a night is added to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from examples.acme import night_rows as rows_of
from examples.acme import world
from examples.acme.columns import DAY
from examples.acme.exports import NIGHTS, write_part
from examples.acme.months import Calendar
from examples.acme.night_rows import Night, edited

NEW_SHARE, TICKET_SHARE, SURVEY_SHARE, ACTION_SHARE = 0.10, 0.10, 0.08, 0.10  # of the customers touched
WITHDRAWAL_SHARE, CANCEL_SHARE = 0.02, 0.10
SETTLED = 10  # tickets and payments that wait are settled this many times as often as customers are touched


def next_night(out: Path | str, night: date | str, *, seed: int = 7, share: float = 0.01) -> dict[str, int]:
    """Add the day `night` to the exports in `out`; `share` of the customers have something to tell. Returns rows added per table.

    Raises FileNotFoundError when there are no exports, ValueError when the night was added before or `share` is no share.
    """
    out, day = Path(out), date.fromisoformat(str(night))
    if not 0 < share <= 1:
        raise ValueError(f"share {share}: must lie above 0 and at most at 1")
    if not (out / "crm_customers" / "part-00000.parquet").is_file():
        raise FileNotFoundError(f"{out}: no exports to add a night to; generate them first")
    if list(out.glob(f"*/part-*-{day}.parquet")):
        raise ValueError(f"{out}: the night of {day} was added before")
    ends = Calendar(13, day).end_second
    added = {}
    for name, rows in _rows(Night(np.random.default_rng([seed, day.toordinal()]), ends - DAY + 1, ends, f"{day:%Y%m%d}"), out, share):
        write_part(out, name, rows, NIGHTS + day.toordinal() - 730_000, f"-{day}")
        added[name] = rows.num_rows
    return added


def _sample(night: Night, out: Path, name: str, share: float, status: str | None = None) -> pa.Table:
    """A random share of a table's main rows, of one status if given, read part by part."""
    parts = []
    for path in sorted((out / name).glob("part-0*.parquet")):
        rows = pq.read_table(path)
        parts.append(night.some(rows.filter(pc.equal(rows["status"], status)) if status else rows, min(share, 1)))
    return pa.concat_tables(parts)


def _rows(night: Night, out: Path, share: float) -> Iterator[tuple[str, pa.Table]]:
    """(table, rows to add) of the day."""
    customers = _sample(night, out, "crm_customers", share)
    ids = customers["customer_id"]
    owner = world.OWNERS[int(night.stamp) % len(world.OWNERS)]
    changed = edited(night, night.some(customers, 0.5), "updated_at", owner=owner, region="North")
    new = rows_of.newcomers(night, night.some(customers, NEW_SHARE))
    yield "crm_customers", pa.concat_tables([changed, new])
    yield "crm_interactions", rows_of.interactions(night, ids)
    withdrawn = rows_of.consents(night, night.few(ids, WITHDRAWAL_SHARE), "withdrawn")
    yield "crm_consents", pa.concat_tables([rows_of.consents(night, new["customer_id"], "granted"), withdrawn])
    yield "crm_actions", rows_of.actions(night, night.few(ids, ACTION_SHARE))
    solved = edited(night, _sample(night, out, "crm_tickets", SETTLED * share, "pending"), "solved_at", status="solved")
    yield "crm_tickets", pa.concat_tables([rows_of.tickets(night, night.few(ids, TICKET_SHARE)), solved])
    asked = night.few(ids, SURVEY_SHARE)
    yield "survey_invitations", rows_of.invitations(night, asked)
    yield "survey_responses", rows_of.responses(night, asked.slice(0, len(asked) // 4))
    yield from _billing(night, out, new, share)


def _billing(night: Night, out: Path, new: pa.Table, share: float) -> Iterator[tuple[str, pa.Table]]:
    """Newcomers buy; some subscriptions end at once; money that was on its way arrives."""
    leaving = _sample(night, out, "billing_subscriptions", share * CANCEL_SHARE, "active")
    ended = edited(night, leaving, "cancel_requested_at", "ended_at", status="canceled", cancellation_reason="switched_provider")
    arrived = edited(night, _sample(night, out, "billing_payments", SETTLED * share, "pending"), status="succeeded")
    changed = {"billing_subscriptions": ended, "billing_payments": arrived}
    for name, rows in rows_of.first_purchases(night, new).items():
        yield name, pa.concat_tables([rows, changed[name]]) if name in changed else rows
