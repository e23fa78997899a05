"""What takes too long is given up: for clients of stores that wait as long as nobody answers.

Comes in: something to be asked, and how many seconds it may take. Goes out: the answer, or TooLateError. It is asked in a thread of its
own, because such clients cannot be interrupted; one that is given up ends with the process.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import TypeVar

from orchestration.sources.http.timely import A_SECOND, AT_FIRST, AT_MOST

Answer = TypeVar("Answer")
LISTING = 600.0  # seconds: a thousand names a call, and a million names


class TooLateError(Exception):
    """There was no answer in time; the message is how long that was."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds / 60:,.0f} minutes" if seconds >= 120 else f"{seconds:,.0f} s")


def for_bytes(size: int) -> float:
    """Seconds for as many bytes: as long as an answer of a vendor has for them."""
    return min(AT_FIRST + size / A_SECOND, AT_MOST)


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers or raises. Raises TooLateError when that has not come in time."""
    told: Future[Answer] = Future()

    def work() -> None:
        try:
            told.set_result(ask())
        except BaseException as error:  # raised where somebody waits for it
            told.set_exception(error)

    Thread(target=work, daemon=True).start()
    finished, _ = wait((told,), timeout=seconds)
    if not finished:
        raise TooLateError(seconds)
    return told.result()
