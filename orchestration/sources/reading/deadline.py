"""What takes too long is given up: for clients of stores that wait as long as nobody answers.

Comes in: something to be asked, and how many seconds it may take. Goes out: the answer, or TooLateError. It is asked in a thread of its
own, because such clients cannot be interrupted; one that is given up ends with the process.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from orchestration.sources.http.timely import A_SECOND, AT_FIRST, AT_MOST

Answer = TypeVar("Answer")
LISTING = 600.0  # seconds: a thousand names a call, and a million names


class TooLateError(Exception):
    """There was no answer in time; the message is how long that was."""


def for_bytes(size: int) -> float:
    """Seconds for as many bytes: as long as an answer of a vendor has for them."""
    return min(AT_FIRST + size / A_SECOND, AT_MOST)


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers or raises. Raises TooLateError when that has not come in time."""
    told: SimpleQueue[Callable[[], Answer]] = SimpleQueue()

    def work() -> None:
        try:
            answer = ask()
        except BaseException as error:  # raised where somebody waits for it
            told.put(lambda error=error: _raise(error))  # type: ignore[misc]
        else:
            told.put(lambda: answer)

    Thread(target=work, daemon=True).start()
    try:
        return told.get(timeout=seconds)()
    except Empty:
        raise TooLateError(f"{seconds / 60:,.0f} minutes" if seconds >= 120 else f"{seconds:,.0f} s") from None


def _raise(error: BaseException) -> None:
    raise error
