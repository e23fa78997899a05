"""Reading ahead: while what came is worked on, the next is asked for.

Comes in: an iterator that mostly waits. Goes out: the same objects in their order, and whatever it raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
_DEPTH = 2  # objects that wait; a page may be large
_LOOK = 0.2  # seconds between two looks whether anybody still waits


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """`items`, asked for by a thread of their own. Whoever stops early waits for nothing: an answer that is still to come is dropped."""
    waiting: Queue[tuple[Item | None, BaseException | None]] = Queue(_DEPTH)
    stopped = Event()
    thread = Thread(target=_fill, args=(items, waiting, stopped), daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if error is not None:
                if isinstance(error, _EndError):
                    return
                raise error
            yield item  # type: ignore[misc]
    finally:
        stopped.set()


class _EndError(Exception):
    """There is nothing more."""


def _fill(items: Iterable[Item], waiting: Queue[tuple[Item | None, BaseException | None]], stopped: Event) -> None:
    try:
        for item in items:
            if not _put((item, None), waiting, stopped):
                return
        _put((None, _EndError()), waiting, stopped)
    except BaseException as error:  # raised again where the objects are used
        _put((None, error), waiting, stopped)


def _put(one: tuple[Item | None, BaseException | None], waiting: Queue[tuple[Item | None, BaseException | None]], stopped: Event) -> bool:
    """Whether anybody still wants it."""
    while not stopped.is_set():
        try:
            waiting.put(one, timeout=_LOOK)
            return True
        except Full:
            continue
    return False
