"""Records of another shape than the vendor's: left out, with their place, while everything beside them lands.

Comes in: lists and records as they were answered. Goes out: those that are what they should be, and a line for each place where some are
not. What such a record stands for is not known, so whoever finds any takes nothing for deleted that night (`Oddities.found`). Where nothing
of a list is a record it is an error: that is no slip of the vendor's, and to go on would look as if there were nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from operator import itemgetter
from pathlib import Path
from threading import Lock
from traceback import extract_tb
from typing import Any, TypeVar

from orchestration.sources.base import SourceError

Made = TypeVar("Made")
_MOST_LINES = 20
_AT_FIRST, _AT_ONCE = (5, 95), 100  # records: as few as a first look wants, then a page, which is quicker than each alone
_MISUNDERSTOOD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # what working on another shape raises


class ShapelessError(ValueError):
    """No element of a list is a record; the message says what the first one is."""


@dataclass
class _Place:
    count: int
    first: str


class Oddities:
    """Those of one run, of any thread."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}
        self._pages: dict[str, int] = {}
        self._lock = Lock()

    @property
    def found(self) -> bool:
        """Whether anything was left out."""
        return bool(self._places)

    @property
    def count(self) -> int:
        """How much was left out."""
        return sum(place.count for place in list(self._places.values()))

    def lines(self) -> list[str]:
        """What was left out, one line for each place: how many, and where the first is. No value of a record."""
        told = [
            f"{where}: {place.count:,} {'record' if place.count == 1 else 'records'} of another shape left out, the first is"
            f" {place.first}; the rest has landed, and nothing is taken for deleted here until all can be read"
            for where, place in list(self._places.items())[:_MOST_LINES]
        ]
        rest = len(self._places) - len(told)
        return [*told, f"and records of another shape at {rest:,} more addresses"] if rest else told

    def objects(self, where: str, elements: Sequence[Any], needed: Sequence[str] = ()) -> Sequence[Any]:
        """The elements of one page that are objects and have what is `needed`. Raises ShapelessError where none of them is."""
        with self._lock:
            page = self._pages[where] = self._pages.get(where, 0) + 1
        if _are_whole(elements, needed):
            return elements
        found, odd = [], {}
        for number, one in enumerate(elements, 1):
            if (what := _shape(one, needed)) is None:
                found.append(one)
            else:
                odd[number] = what
        if not found:
            raise ShapelessError(next(iter(odd.values())))
        for number, what in odd.items():
            self._add(where, f"element {number} of {len(elements)} on page {page}, {what}")
        return found

    def each(self, what: str, found: Iterable[Any], made: Callable[[Any], Iterable[Made]]) -> Iterator[Made]:
        """What is made of every one of the records `found`, all of it or nothing. Raises SourceError where none is understood."""
        return self.together(what, _by_hundreds(found), lambda some: chain.from_iterable(map(made, some)))

    def together(self, what: str, found: Iterable[Sequence[Any]], made: Callable[[Sequence[Any]], Iterable[Made]]) -> Iterator[Made]:
        """What is made of every list of records; where one of them is not understood, of each of its list by itself, as `each` has it."""
        return chain.from_iterable(self._by_lists(what, found, made))

    def _by_lists(self, what: str, found: Iterable[Sequence[Any]], made: Callable[[Sequence[Any]], Iterable[Made]]) -> Iterator[list[Made]]:
        number, understood = 0, False
        for some in found:
            try:
                told = list(made(some))
                understood = understood or bool(some)
            except _MISUNDERSTOOD:
                one_by_one = list(self._one_by_one(what, some, made, number))
                told = list(chain.from_iterable(one_by_one))
                understood = understood or bool(one_by_one)
            number += len(some)
            yield told
        if number and not understood:
            raise SourceError(
                f"{what}: none of {number:,} records is understood, the first is {self._places[what].first}; does a version in the"
                " configuration fit?"
            )

    def _one_by_one(
        self, what: str, some: Sequence[Any], made: Callable[[Sequence[Any]], Iterable[Made]], before: int
    ) -> Iterator[list[Made]]:
        for number, one in enumerate(some, before + 1):
            try:
                yield list(made([one]))
            except _MISUNDERSTOOD as error:
                self._add(what, f"number {number}, {_why(error)}")

    def whole(self, what: str, made: Callable[[], Made]) -> Made:
        """What is made of the one thing that `what` is. Raises SourceError where it is not understood: nothing can be done without it."""
        try:
            return made()
        except _MISUNDERSTOOD as error:
            raise SourceError(f"{what} is not understood: it comes {_why(error)}; does a version in the configuration fit?") from error

    def _add(self, where: str, place: str) -> None:
        with self._lock:
            self._places.setdefault(where, _Place(0, place)).count += 1


def _by_hundreds(found: Iterable[Any]) -> Iterator[list[Any]]:
    source = iter(found)
    for size in chain(_AT_FIRST, repeat(_AT_ONCE)):
        some = list(islice(source, size))
        if some:
            yield some
        if len(some) < size:
            return


def _are_whole(elements: Sequence[Any], needed: Sequence[str]) -> bool:
    try:
        return set(map(type, elements)) <= {dict} and not any(None in map(itemgetter(key), elements) for key in needed)
    except KeyError:
        return False


def _shape(one: Any, needed: Sequence[str]) -> str | None:
    """What is wrong with an element of a list; None when nothing is."""
    if not isinstance(one, dict):
        kinds = {type(None): "null", str: "a text", bool: "true or false", list: "a list"}
        return f"{kinds.get(type(one), 'a number')} and no object"
    absent = next((key for key in needed if one.get(key) is None), None)
    return None if absent is None else f"an object without {absent}"


def _why(error: Exception) -> str:
    """Where it was not understood, without the values that an error quotes."""
    last = extract_tb(error.__traceback__)[-1]
    return f"with something else than is expected ({type(error).__name__}, {Path(last.filename).name}:{last.lineno})"
