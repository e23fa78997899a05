"""Waiting for work that a vendor does behind the scenes.

Comes in: a way to ask, and what counts as done. Goes out: the last answer, done or not; who waits longer asks again with the next sync.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_FIRST, _LONGEST, _PATIENCE = 1.0, 15.0, 1200.0  # seconds: small jobs are done at once, large ones take minutes
Told = TypeVar("Told")


def polled(ask: Callable[[], Told], is_done: Callable[[Told], bool], sleep: Callable[[float], None]) -> Told:
    """Ask until it is done, at growing intervals, for twenty minutes at most; returns the last answer."""
    waited, pause, told = 0.0, _FIRST, ask()
    while not is_done(told) and waited < _PATIENCE:
        sleep(pause)
        waited, pause, told = waited + pause, min(pause * 1.5, _LONGEST), ask()
    return told
