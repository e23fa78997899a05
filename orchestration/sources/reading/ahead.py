"""Reading ahead: while what came is worked on, the next is asked for.

Comes in: an iterator that mostly waits. Goes out: the same objects in their order, and whatever it raises. As somebody else waits, one that
waits for ever can be given up.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

from orchestration.sources.reading.deadline import TooLateError

Item = TypeVar("Item")
_DEPTH = 2  # objects that wait; a page may be large
_LOOK = 0.2  # seconds between two looks whether anybody still waits


def ahead(items: Iterable[Item], *, seconds: float | None = None) -> Iterator[Item]:
    """`items`, asked for by a thread of their own. Whoever stops early waits for nothing: an answer that is still to come is dropped.

    Raises TooLateError where the next one has not come within so many `seconds`.
    """
    waiting: Queue[tuple[Item | None, BaseException | None]] = Queue(_DEPTH)
    stopped = Event()
    thread = Thread(target=_fill, args=(items, waiting, stopped), daemon=True)
    thread.start()
    try:
        while True:
            item, error = _next(waiting, seconds)
            if error is not None:
                if isinstance(error, _EndError):
                    return
                raise error
            yield item  # type: ignore[misc]
    finally:
        stopped.set()


class _EndError(Exception):
    """There is nothing more."""


def _next(waiting: Queue[tuple[Item | None, BaseException | None]], seconds: float | None) -> tuple[Item | None, BaseException | None]:
    try:
        return waiting.get(timeout=seconds)
    except Empty:
        raise TooLateError(seconds or 0.0) from None


def _fill(items: Iterable[Item], waiting: Queue[tuple[Item | None, BaseException | None]], stopped: Event) -> None:
    try:
        for item in items:
            if not _put((item, None), waiting, stopped):
                return
        _put((None, _EndError()), waiting, stopped)
    except BaseException as error:  # raised again where the objects are used
        _put((None, error), waiting, stopped)
    finally:
        if isinstance(items, Generator):
            items.close()  # by the thread that began it: a database's connection may belong to that


def _put(one: tuple[Item | None, BaseException | None], waiting: Queue[tuple[Item | None, BaseException | None]], stopped: Event) -> bool:
    """Whether anybody still wants it."""
    while not stopped.is_set():
        try:
            waiting.put(one, timeout=_LOOK)
            return True
        except Full:
            continue
    return False
