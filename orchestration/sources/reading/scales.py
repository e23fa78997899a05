"""On which scale an answer was given: a question tells only the one that it has now, and may have been asked on others before.

Whoever reads a survey leaves each question's scale in its position, with the moment of the reading. A scale that has changed since was
that of all answers until then, and until the survey was last changed where the vendor says when that was and it was after that reading.
Whatever is not on the scale of its time was answered on the next one: of several changes in a day the vendor tells the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from orchestration.sources.base import Position
from orchestration.sources.reading.columns import Columns
from orchestration.sources.reading.newest import milliseconds


@dataclass(frozen=True)
class Scale:
    """Lowest and highest score of a question now, and before: until when (milliseconds since 1970, exclusive) and what, oldest first."""

    low: float
    high: float
    earlier: tuple[tuple[int, float, float], ...] = ()

    def at(self, moment: Any, score: float) -> tuple[float, float]:
        """The scale of an answer of that moment, as the vendor writes it; one without a moment is on the present scale."""
        if not self.earlier:  # nearly always, and to read a moment takes longer than all else
            return self.low, self.high
        answered = milliseconds(moment)
        past = ((low, high) for until, low, high in self.earlier if 0 < answered < until and low <= score <= high)
        return next(past, (self.low, self.high))

    def columns(self, moments: list[Any], scores: list[Any]) -> Columns:
        """The scales of answers."""
        if not self.earlier:
            return {"scale_min": self.low, "scale_max": self.high}
        told = list(map(self.at, moments, scores))
        return {"scale_min": [low for low, _ in told], "scale_max": [high for _, high in told]}


def remembered(question: str, known: Position) -> Scale | None:
    """The scale of a question as `as_told` left it in the position; None: it was not read before."""
    if question not in known.get("scales", {}):
        return None
    low, high, earlier = known["scales"][question]
    return Scale(low, high, tuple((until, once_low, once_high) for until, once_low, once_high in earlier))


def with_past(scale: Scale, question: str, known: Position, changed: Any = None) -> Scale:
    """The scale that a question has now, with those that it had before. `changed`: when the survey was last, as the vendor writes it."""
    before = remembered(question, known)
    if before is None or (before.low, before.high) == (scale.low, scale.high):
        return before or scale
    return replace(scale, earlier=(*before.earlier, (max(known["asked_at"], milliseconds(changed)), before.low, before.high)))


def as_told(scales: Mapping[str, Scale], known: Position, now: datetime) -> dict[str, Any]:
    """What a position keeps: the scales of each question, of those no longer asked for as well, and when they were told."""
    told = {question: [scale.low, scale.high, [list(span) for span in scale.earlier]] for question, scale in scales.items()}
    return {"scales": {**known.get("scales", {}), **told}, "asked_at": int(now.timestamp() * 1000)}
