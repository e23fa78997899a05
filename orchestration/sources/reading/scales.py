"""On which scale an answer was given: a question tells only the one that it has now, and may have been asked on others before.

Whoever reads a survey leaves each question's scale in its position, with the moment of the reading. A scale that has changed since was
that of all answers until then; those between that reading and the change, which nothing tells, count on the new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestration.sources.reading.newest import milliseconds


@dataclass(frozen=True)
class Scale:
    """Lowest and highest score of a question now, and before: until when (milliseconds since 1970, exclusive) and what, oldest first."""

    low: float
    high: float
    earlier: tuple[tuple[int, float, float], ...] = ()

    def at(self, moment: Any) -> tuple[float, float]:
        """The scale of an answer of that moment, as the vendor writes it; one without a moment is on the present scale."""
        answered = milliseconds(moment)
        past = ((low, high) for until, low, high in self.earlier if 0 < answered < until)
        return next(past, (self.low, self.high))

    def after(self, told: Sequence[Any] | None, read_at: int | None) -> Scale:
        """This one, with what `as_told` left of the question at the last reading; None: it was not read before."""
        if told is None or read_at is None:
            return self
        before = remembered(told)
        if (before.low, before.high) == (self.low, self.high):
            return before
        return replace(self, earlier=(*before.earlier, (read_at, before.low, before.high)))


def remembered(told: Sequence[Any]) -> Scale:
    """The scale of a question of which `as_told` left this."""
    low, high, earlier = told
    return Scale(low, high, tuple((until, once_low, once_high) for until, once_low, once_high in earlier))


def as_told(scales: Mapping[str, Scale]) -> dict[str, list[Any]]:
    """What a position keeps of each question."""
    return {question: [scale.low, scale.high, [list(span) for span in scale.earlier]] for question, scale in scales.items()}
