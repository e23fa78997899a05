"""Seldom looking for cycles while rows stream: what a vendor answers has none, and a search goes through all that ever was imported.

Comes in: nothing. Goes out: a context in which Python collects garbage by counting references, as always, and looks for cycles rarely.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 100  # objects of a page of a thousand records, many times over; a few MiB


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Of one thread at a time: the setting is the process's. Whoever looks more seldom already, or has set things apart, keeps that."""
    usual, apart = gc.get_threshold(), gc.get_freeze_count() > 0
    if not apart:
        gc.freeze()
    gc.set_threshold(*map(max, usual, (_YOUNG, _MIDDLE, _OLD)))
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        if not apart:
            gc.unfreeze()
