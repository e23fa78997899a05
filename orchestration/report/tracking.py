"""Whether the model of lifetime value keeps pace: what it expected of everybody together beside what came, in all and step by step.

Comes in: rows of `model_quality` of one model. Goes out: two figures; none where the history was too short to hold a part of it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from orchestration.report import measured, words
from orchestration.report.charts import Chart, Series, lines
from orchestration.report.content import Block
from orchestration.report.marts import Row


def tracking(rows: Sequence[Row]) -> list[Block]:
    """The cumulative curve and its steps; the model behind the expectation has not seen the held-out part."""
    found = sorted(measured.pairs(rows, "tracking", "expected", "actual").items(), key=lambda one: one[0][1])
    held_out = next((row["value"] for row in rows if row["metric"] == "holdout_days"), None)
    if len(found) < 3 or held_out is None:
        return []
    what = words.capitalised(words.label(found[0][0][0]))
    ends = [date.fromisoformat(place) for (_, place), _ in found]
    begins = rows[0]["as_of_date"] - timedelta(days=int(held_out))
    totals = [[sides[side]["value"] for _, sides in found] for side in ("expected", "actual")]
    steps = [[b - a for a, b in pairwise(total)] for total in totals]
    seen = f"Expected by a fit that has seen nothing after {words.day(begins)}."
    days = (ends[1] - ends[0]).days
    return [
        _figure(f"{what}, all together", seen, ends, totals),
        _figure(f"{what}, step by step", f"{seen} Each step is {words.days(days)}.", ends[1:], steps),
    ]


def _figure(title: str, description: str, ends: Sequence[date], sides: Sequence[Sequence[float]]) -> Block:
    full = [words.day(end) for end in ends]
    chart = Chart(title, description, [f"{end:%d %b %y}" for end in ends], words.whole, full, "Until", narrow_steps=len(ends))
    expected, actual = sides
    return lines(chart, [Series("Expected", "c3", expected), Series("Actual", "c1", actual)], low=0)
