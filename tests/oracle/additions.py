"""What was billed beside a running term, to which it adds (decision 43); days count, not times of the day.

A line is billed beside a term when the term is as long as the subscription's interval and holds the line's period, which is shorter; or is
as long, but was issued when it was over (or on its last day) while the term was billed ahead. Credits that begin on the day on which
something is added count against it, credits for the rest of a period (prorations) too; by themselves they do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import pandas as pd

# Usual length of an interval.
DAYS = {"day": 1, "week": 7, "month": 30.44, "quarter": 91.3, "year": 365.25}


@dataclass(frozen=True)
class Line:
    """A recurring, discount or credit line: what one invoice takes for one period of the subscription."""

    invoice: str
    issued: pd.Timestamp
    start: pd.Timestamp
    end: pd.Timestamp
    amount: Fraction
    currency: str
    is_paid: bool
    is_discount: bool
    is_rest: bool
    is_addition: bool = False

    @property
    def days(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """The first day, and the day of the end."""
        return self.start.normalize(), self.end.normalize()

    def covers(self, moment: pd.Timestamp) -> bool:
        return self.start < moment <= self.end

    def is_of_trial(self, paid_from: pd.Timestamp) -> bool:
        """It says nothing about the price after it."""
        return self.end <= paid_from

    def is_within(self, first: pd.Timestamp, end: pd.Timestamp) -> bool:
        return first.normalize() <= self.days[0] and self.days[1] <= end.normalize()

    def is_late(self) -> bool:
        """Issued when its period was over, or on its last day."""
        return self.issued >= self.end - pd.Timedelta(days=1)


def usual_days(subscription: Mapping[str, Any]) -> float | None:
    """How long one billing period of it usually is."""
    return DAYS[subscription["interval"]] * (subscription["interval_count"] or 1) if subscription["interval"] else None


def told(lines: list[Line], length: float | None) -> list[Line]:
    """The lines of a subscription with what adds to a term marked; credits for the rest of a period are left out where nothing is added."""
    terms = [line for line in lines if not line.is_discount and (length is None or _is_as_long(line, length))]
    beside = {line for line in lines if any(_is_beside(line, term) for term in terms)}
    begun = {(line.days[0], line.currency) for line in beside if not line.is_discount}
    marked = [replace(line, is_addition=line in beside and (line.days[0], line.currency) in begun) for line in lines]
    return [line for line in marked if line.is_addition or not line.is_rest]


def _is_as_long(line: Line, length: float) -> bool:
    return abs((line.end - line.start) / pd.Timedelta(days=1) / length - 1) <= 0.1


def _is_beside(line: Line, term: Line) -> bool:
    if line.currency != term.currency:
        return False
    if line.days == term.days:
        return line.is_late() and term.issued < line.end - pd.Timedelta(days=1)
    return line.is_within(term.start, term.end)


def whole_months(line: Line) -> int | None:
    """How many whole months the line is for, by the day."""
    (first, end), months = line.days, 12 * (line.end.year - line.start.year) + line.end.month - line.start.month
    return months if months and first + pd.DateOffset(months=months) == end else None


def monthly(line: Line, term: Line, length: float | None, months: Fraction) -> Fraction:
    """What an addition is a month: by whole months, else by its share of the term."""
    if whole := whole_months(line):
        return line.amount / whole
    return line.amount / own_months(term, length, months) * Fraction((term.end - term.start).value, (line.end - line.start).value)


def own_months(line: Line, length: float | None, months: Fraction) -> Fraction:
    """How many months a line is for: `months` where it is as long as the subscription's interval, else what its period says."""
    days = Fraction((line.end - line.start).value, 86_400_000_000_000)
    if length and _is_as_long(line, length):
        return months
    usual = {1: (28, 31), 3: (89, 92), 6: (181, 184), 12: (365, 366)}
    if known := [length for length, (least, most) in usual.items() if least <= days <= most]:
        return Fraction(known[0])
    return Fraction(12, 52) if days == 7 else Fraction(whole_months(line) or days * 12 / 365)
