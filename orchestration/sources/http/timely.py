"""An answer that comes in time, or not at all.

Comes in: a socket that an answer is read from. Goes out: the same answer, or TooSlowError. The time to wait for the next byte says nothing
about the last one: a server, or what stands in between, that sends a byte a minute would be listened to for ever. So an answer has some
time at first, and more for what has come of it: a large export takes as long as its size asks for, and one that trickles ends.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from http.client import HTTPResponse
from time import monotonic
from typing import Any

import httpx

FOR_A_BYTE = 60.0  # seconds until the next one
AT_FIRST, A_SECOND, AT_MOST = 120.0, 32 * 1024, 2 * 3600.0  # seconds; bytes; seconds, whatever has come


class TooSlowError(TimeoutError):
    """An answer has had all the time that it is given; the message is how much came of it."""


class SlowError(httpx.ReadTimeout):
    """The same, as httpx has errors."""


class Timely(HTTPResponse):
    """An answer as http.client reads it: head and body together come in time."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        """`sock` is what http.client hands over."""
        super().__init__(_Socket(sock), *args, **kwargs)  # type: ignore[arg-type]  # all it asks of it is a file


class _Socket:
    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(InTime(self._sock.makefile(mode, buffering=0), self._sock.settimeout))


class InTime(io.RawIOBase):
    """The bytes of `raw`, as long as they come in time; `wait` says how long the next read may take."""

    def __init__(self, raw: Any, wait: Callable[[float], None], clock: Callable[[], float] = monotonic) -> None:
        self._raw, self._wait, self._clock = raw, wait, clock
        self._began, self._received = clock(), 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """How many bytes came. Raises TimeoutError."""
        left = min(AT_FIRST + self._received / A_SECOND, AT_MOST) - self._took()
        if left <= 0:
            raise self._too_slow()
        self._wait(min(FOR_A_BYTE, left))
        try:
            count: int | None = self._raw.readinto(buffer)
        except TimeoutError:
            if left < FOR_A_BYTE:
                raise self._too_slow() from None
            raise
        self._received += count or 0
        return count

    def _took(self) -> float:
        return self._clock() - self._began

    def _too_slow(self) -> TooSlowError:
        return TooSlowError(f"{self._received:,} bytes in {self._took():,.0f} s")

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()
