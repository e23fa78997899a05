"""How fast a vendor is called.

Comes in: limits.toml, and answers. Goes out: waits, in seconds.
"""

from __future__ import annotations

import re
import tomllib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import httpx

from orchestration.server_waits import MAX_WAIT, SHARE_OF_LIMIT
from orchestration.sources.base import SourceError

LONGEST_PAUSE = 30 * 60.0
_USED = re.compile(r"(?<![-\w])api-usage=(\d+)/(\d+)")
_FILE = Path(__file__).with_name("limits.toml")


@dataclass(frozen=True)
class Limits:
    """How often a vendor may be called; windows are (calls, seconds), the headers may be absent."""

    windows: tuple[tuple[int, float], ...]
    remaining: str = ""
    resets_in: str = ""
    resets_in_ms: str = ""
    used: str = ""

    def least_seconds(self, calls: int) -> float:
        """The least time that so many calls take."""
        return max((max(0, calls - most) * seconds / most / SHARE_OF_LIMIT for most, seconds in self.windows), default=0.0)


@cache
def limits(name: str) -> Limits:
    """The limits that limits.toml states under `name`."""
    stated = tomllib.loads(_FILE.read_text(encoding="utf-8"))[name]
    windows = tuple((int(calls), float(seconds)) for calls, seconds in stated.pop("windows"))
    stated.pop("source")
    return Limits(windows, **stated)


class Pacer:
    """Keeps calls within every window; each is stretched, so that also the smallest is never used up."""

    def __init__(self, stated: Limits, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._stated, self._clock, self._sleep = stated, clock, sleep
        self._made = [(calls, seconds / SHARE_OF_LIMIT, deque[float](maxlen=calls)) for calls, seconds in stated.windows]
        self._not_before = 0.0
        self.used: tuple[int, int] | None = None  # calls of the day, and how many it has, as the vendor told last
        self._turns = Lock()

    def wait(self) -> None:
        """Sleep until the next call fits, and count that call. Raises SourceError where that is longer than a night can wait."""
        with self._turns:
            self._take_turn()

    def takes_a_turn_now(self) -> bool:
        """Count a call where it fits at once."""
        if not self._turns.acquire(blocking=False):
            return False
        try:
            if self._pause() > 0:
                return False
            self._take_turn()
            return True
        finally:
            self._turns.release()

    def _pause(self) -> float:
        now = self._clock()
        return max([self._not_before - now, *(made[0] + seconds - now for calls, seconds, made in self._made if len(made) == calls)])

    def _take_turn(self) -> None:
        pause = self._pause()
        if pause > LONGEST_PAUSE:
            raise SourceError("as many calls as the vendor allows in a day were made; what had landed stays, the next run asks again")
        if pause > 0:
            self._sleep(pause)
        for _, _, made in self._made:
            made.append(self._clock())

    def heed(self, response: httpx.Response) -> None:
        """Hold back where an answer says that nothing is left of the present window, and remember what it says of the day."""
        if told := _USED.search(response.headers.get(self._stated.used, "")):
            self.used = int(told[1]), int(told[2])
        if response.headers.get(self._stated.remaining, "") != "0":
            return
        seconds = _number(response, self._stated.resets_in) or _number(response, self._stated.resets_in_ms) / 1000
        self._not_before = self._clock() + min(seconds, MAX_WAIT)


def _number(response: httpx.Response, header: str) -> float:
    value = response.headers.get(header, "")
    return float(value) if value.isdigit() else 0.0
