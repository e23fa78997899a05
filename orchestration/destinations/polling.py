"""Waiting for work that a vendor does behind the scenes.

Comes in: a way to ask, and what counts as done. Goes out: the last answer, done or not; who waits longer asks again with the next sync.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_SHORTEST, _LONGEST, _PATIENCE = 1.0, 15.0, 1200.0  # seconds: small jobs are done at once, large ones take minutes
_SHARE = 0.2  # of what the work took already: by so much at most a pause is too long
Told = TypeVar("Told")


def polled(ask: Callable[[], Told], is_done: Callable[[Told], bool], sleep: Callable[[float], None]) -> Told:
    """Ask until it is done, at growing intervals, for twenty minutes at most; returns the last answer."""
    waited, told = 0.0, ask()
    while not is_done(told) and waited < _PATIENCE:
        pause = min(max(_SHORTEST, waited * _SHARE), _LONGEST)
        sleep(pause)
        waited, told = waited + pause, ask()
    return told
