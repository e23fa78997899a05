"""The calendar of the example: months before the end, and the days billing periods start on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from examples.acme.columns import DAY, Ints

FUTURE = 3  # months simulated past the end, so that the truth knows who leaves within 90 days


@dataclass(frozen=True)
class Calendar:
    """`months` calendar months, the last of which holds `end`; step m is the billing month that begins in month m."""

    months: int
    end: date

    @property
    def steps(self) -> int:
        """Months that are lived through, the ones after the end included."""
        return self.months + FUTURE

    @property
    def end_second(self) -> int:
        """The last second of the last day, UTC."""
        return int((np.datetime64(self.end) - np.datetime64(0, "D")).astype(np.int64) + 1) * DAY - 1

    @cached_property
    def first_month(self) -> np.datetime64:
        """Month 0."""
        return np.datetime64(self.end, "M") - (self.months - 1)

    @cached_property
    def month_days(self) -> Ints:
        """First day (since 1970) of month 0, 1, ...; long enough for the end of any annual period."""
        months = self.first_month + np.arange(self.steps + 14)
        return months.astype("datetime64[D]").astype(np.int64)

    @property
    def rise(self) -> int:
        """The month from which the risen price list holds."""
        return self.months // 2
