"""What the company as a whole has, whoever its customers are: campaigns and exchange rates. Pure."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from examples.acme import world
from examples.acme.columns import DAY, money, pick, table, times
from examples.acme.contacts import campaign_ids
from examples.acme.months import Calendar

MONTHS_BEFORE = 4  # rates start this long before the first month


def campaign_table(rng: np.random.Generator, calendar: Calendar) -> pa.Table:
    """crm_campaigns: the newsletter and one campaign per action, every month."""
    ids = campaign_ids(calendar)
    month, kind = np.divmod(np.arange(len(ids)), len(world.ACTIONS))
    channels = ("email", *world.ACTION_CHANNELS[1:])
    labels = calendar.first_month + month
    columns = {
        "campaign_id": pa.array(ids),
        "name": pa.array([f"{('newsletter', *world.ACTIONS[1:])[k]} {label}" for k, label in zip(kind, labels, strict=True)]),
        "channel": pick(channels, kind),
        "action": pick(world.ACTIONS, kind, kind > 0),
        "cost_amount": money(rng.integers(20_000, 90_000, len(ids))),
        "currency": pick(("USD", "EUR"), kind % 2),
        "started_at": times(calendar.month_days[month] * DAY),
        "ended_at": times(calendar.month_days[month + 1] * DAY + 27 * DAY),
    }
    return table("crm_campaigns", columns, calendar.end_second)


def exchange_rates(rng: np.random.Generator, calendar: Calendar) -> tuple[pa.Table, NDArray[np.float64]]:
    """(exchange_rates by month, the last rate of each of world.CURRENCIES)."""
    months = (calendar.first_month - MONTHS_BEFORE) + np.arange(calendar.months + MONTHS_BEFORE)
    parts, last = [], [1.0]
    for currency, first in world.FIRST_RATES.items():
        rates = np.round(first * np.exp(np.cumsum(rng.normal(0, 0.012, len(months)))), 6)
        last.append(float(rates[-1]))
        dates = pa.array(months.astype("datetime64[D]"))
        parts.append(pa.table({"currency": [currency] * len(months), "rate_date": dates, "rate_to_reporting": rates}))
    return pa.concat_tables(parts), np.array(last)
