"""How fast a destination is called, and how long a refused call waits.

Comes in: a destination's windows (calls, seconds) and answers of HTTP servers. Goes out: waits, in seconds.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import httpx
from tenacity import RetryCallState
from tenacity.stop import stop_base

from orchestration.server_waits import SHARE_OF_LIMIT, backed_off, retry_after, server_time

MAX_TRIES = 6
DEADLINE = 30 * 60.0
# Refusals for now of which the server, or what stands before it (52x), may have failed after the work was done.
IN_DOUBT = frozenset({408, 500, 502, 504, 520, 522, 524})


class Pacer:
    """Keeps calls within every window, at 80 % of each, however many threads make them."""

    def __init__(
        self,
        windows: tuple[tuple[int, float], ...],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._windows = [(max(1, int(calls * SHARE_OF_LIMIT)), seconds, deque[float]()) for calls, seconds in windows]
        self._clock, self._sleep, self._one_at_a_time = clock, sleep, threading.Lock()
        self._held_until = float("-inf")

    def hold(self, seconds: float) -> None:
        """Make no call for `seconds`: the server has said that its own count is used up, whoever used it."""
        self._held_until = max(self._held_until, self._clock() + seconds)

    def wait(self) -> None:
        """Sleep until the next call fits all windows, and count that call."""
        with self._one_at_a_time:
            now = self._clock()
            moment = max(now, self._held_until, *(self._free_at(*window) for window in self._windows))
            for calls, _, made in self._windows:
                made.append(moment)
                while len(made) > calls:
                    made.popleft()
        if moment > now:
            self._sleep(moment - now)

    @staticmethod
    def _free_at(calls: int, seconds: float, made: deque[float]) -> float:
        return made[0] + seconds if len(made) >= calls else float("-inf")


def forecast_seconds(windows: tuple[tuple[int, float], ...], calls: int) -> float:
    """The least time that `calls` calls take under `windows`."""
    return max((calls / (limit * SHARE_OF_LIMIT) * seconds for limit, seconds in windows), default=0.0)


def until_reset(response: httpx.Response) -> float | None:
    """Seconds until a window begins anew, by the headers of vendors that send no `Retry-After`; None without them.

    Braze tells a moment (seconds since 1970), Klaviyo the seconds left, HubSpot the width of its window. A moment is compared with the
    server's own clock, which may differ from ours.
    """
    headers = response.headers
    told = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset")
    if told is not None and told.strip().isdigit():
        return max(0.0, float(told) - server_time(response).timestamp()) if float(told) > 1e9 else float(told)
    width = headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
    return float(width) / 1000 if width.isdigit() else None


def used_up(response: httpx.Response) -> bool:
    """Whether the server says that no call is left in its window."""
    names = ("x-hubspot-ratelimit-remaining", "x-ratelimit-remaining", "ratelimit-remaining")
    return any(response.headers.get(name, "").strip() == "0" for name in names)


def pause_for_all(response: httpx.Response) -> float | None:
    """Seconds for which nobody should call, because a window is used up; None where there is nothing to wait for.

    What is further away than the deadline is not waited for: the next call is refused, and that is told.
    """
    told = retry_after(response) if response.status_code == 429 else None
    told = until_reset(response) if told is None and (response.status_code == 429 or used_up(response)) else told
    return told if told is not None and told <= DEADLINE else None


def wait_as_told(state: RetryCallState) -> float:
    """tenacity's wait: what the server asked for, else exponential with full jitter, 1 s to 60 s."""
    result = state.outcome.result() if state.outcome and not state.outcome.failed else None
    told = retry_after(result) if isinstance(result, httpx.Response) else None
    if told is None and isinstance(result, httpx.Response) and result.status_code == 429:
        told = until_reset(result)
    return told or backed_off(state.attempt_number)  # 0 is also what a moment says to a clock that is behind theirs


class AsksTooLong(stop_base):
    """tenacity's stop: the wait to come would outlast the deadline."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Whether to give up."""
        return (retry_state.seconds_since_start or 0.0) + retry_state.upcoming_sleep > DEADLINE
