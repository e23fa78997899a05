"""Values that give themselves away: those who are about to leave have them, and tonight's customers do not.

Comes in: the newest customers whose outcome is known, that outcome, and tonight's customers. Goes out: `Vanished`, or None.
What a record says today it seems to have said at every past moment, as long as nothing else is known of it: a status, a band or a region
that is set or emptied when a customer goes then knows, in the past, who is going to. No judgement on past moments can find that, since all
of them are alike. Tonight is not: who has not gone yet has not got it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.additive import Floats
from ml.encoding import Parsed
from ml.encoding.kinds import CATEGORY, DATE, FLAG

LEFT, TIMES, SURPRISE = 0.5, 3.0, 4.0  # of those who had it so many left at least, so many times the share of all, by so many errors
# So many of tonight's would have it, were it as frequent as then; of those at most this share does, and fewer by so many errors. Some still
# do: who came back, or is there under another record, was closed once, too.
EXPECTED, STILL, FEWER = 10.0, 0.25, 3.0


class Vanished(NamedTuple):
    """A value of a column: how many had it then, how many of them left, how many have it tonight, and how many would as then."""

    column: str
    value: str
    had: int
    left: int
    tonight: int
    expected: float

    def told(self) -> str:
        """In words: which column, and what gives it away."""
        return (
            f"{self.column} {self.value} for {self.had} customers of the newest moment, of whom {self.left} left, and for {self.tonight} "
            f"of tonight's, where {self.expected:.0f} would be usual; it is probably written when they leave"
        )


def vanished(then: Parsed, left: Floats, now: Parsed) -> Vanished | None:
    """The value of which most who had it left; None where no value is suspicious. `now` has the columns of `then`."""
    found = (one for name in then.values for one in _told(name, then, left, now))
    return max((one for one in found if _is_suspicious(one, float(left.mean()))), key=lambda one: one.left, default=None)


def _is_suspicious(one: Vanished, usual: float) -> bool:
    often = one.left >= max(LEFT, min(TIMES * usual, 1.0)) * one.had
    no_chance = one.left - usual * one.had >= SURPRISE * np.sqrt(usual * (1 - usual) * one.had)  # where most leave, all of ten often do
    gone = one.expected >= EXPECTED and one.tonight <= min(STILL * one.expected, one.expected - FEWER * np.sqrt(one.expected))
    return often and bool(no_chance) and bool(gone)


def _told(name: str, then: Parsed, left: Floats, now: Parsed) -> Iterator[Vanished]:
    for value, before, tonight in _values(name, then, now):
        expected = float(before.mean()) * tonight.size
        yield Vanished(name, value, int(before.sum()), int(left[before].sum()), int(tonight.sum()), expected)


def _values(name: str, then: Parsed, now: Parsed) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Each value in words, who had it then, and who has it tonight; to be stated at all is one, and not to be is another.

    Of numbers only nothing: some of thousands of amounts are gone by chance, or because they grew.
    """
    kind, before, tonight = then.kinds[name], then.values[name], now.values[name]
    gone, lacking = _missing(kind, before), _missing(kind, tonight)
    yield "is missing", gone, lacking
    yield "is stated", ~gone, ~lacking
    if kind == CATEGORY:
        places = {text: place for place, text in enumerate(now.texts[name])}
        for place, text in enumerate(then.texts[name]):
            yield f"is {text!r}", before == place, tonight == places.get(text, len(places))
        return
    if kind == FLAG:
        yield "is true", before == 1, tonight == 1
    if kind != DATE:
        yield ("is false" if kind == FLAG else "is 0"), before == 0, tonight == 0


def _missing(kind: str, values: NDArray[Any]) -> NDArray[np.bool_]:
    return values < 0 if kind == CATEGORY else ~np.isfinite(values)
