"""How long a call is tried again.

Comes in: how often. Goes out: what repeats a call while it may still succeed, after `Retry-After` where given, else after a time that
doubles, until the wait to come would outlast DEADLINE.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, retry_if_result

from orchestration.server_waits import backed_off, retry_after
from orchestration.sources.http.refusals import CutOffError

DEADLINE = 30 * 60.0


def patience(tries: int, sleep: Callable[[float], None], clock: Callable[[], float]) -> Retrying:
    """For one call: it is repeated where it gives a response instead of what that holds, and where no whole answer comes."""
    started = clock()
    return Retrying(
        retry=retry_if_exception_type((httpx.TransportError, httpx.DecodingError, CutOffError))
        | retry_if_result(lambda answer: isinstance(answer, httpx.Response)),
        wait=wait,
        stop=lambda state: state.attempt_number >= tries or clock() - started + state.upcoming_sleep > DEADLINE,
        sleep=sleep,
    )


def wait(state: RetryCallState) -> float:
    """Seconds until the next try."""
    answer = state.outcome.result() if state.outcome and not state.outcome.failed else None
    told = retry_after(answer) if isinstance(answer, httpx.Response) else None
    return told or backed_off(state.attempt_number)  # 0 is also what a date says to a clock that is behind theirs
