"""Time that passes only by our own processor time and by what is slept, so that other work on the machine measures nothing.

A thread that sleeps waits for this clock. Whenever every thread of the process waits, the clock jumps to the next one's moment; while any
works, or waits for the disk, it goes with the processor time of the process. Processor time of several threads at once adds up, so what
DuckDB does on two cores counts in full.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from pathlib import Path

_LOOK = 0.001  # seconds between two looks at the threads
_IDLE = 0.0002  # seconds of processor time between two looks that are none: reading both clocks takes some
_TASKS = Path("/proc/self/task")  # Linux only


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began, self._jumped, self._not_ours = time.process_time(), 0.0, 0.0
        self._sleepers, self._numbers = list[tuple[float, int, threading.Event]](), itertools.count()
        self._lock, self._ended = threading.Lock(), False
        self._driver = threading.Thread(target=self._drive, daemon=True)
        self._driver.start()

    def now(self) -> float:
        """The moment."""
        return time.process_time() - self._began - self._not_ours + self._jumped

    @property
    def worked(self) -> float:
        """Processor time since, of what is measured."""
        return self.now() - self._jumped

    def leave_out(self, seconds: float) -> None:
        """Take processor time off that is none of what is measured."""
        with self._lock:
            self._not_ours += seconds

    def sleep(self, seconds: float) -> None:
        """Wait for the moment."""
        woken = threading.Event()
        with self._lock:
            heapq.heappush(self._sleepers, (self.now() + seconds, next(self._numbers), woken))
        woken.wait()

    def end(self) -> None:
        """Stop driving."""
        self._ended = True
        self._driver.join()

    def _drive(self) -> None:
        worked, own = float("-inf"), threading.get_native_id()
        driven = time.thread_time()
        while not self._ended:
            time.sleep(_LOOK)
            seen = time.process_time() - time.thread_time()
            waits, worked = seen - worked < _IDLE and _all_wait(own), seen
            with self._lock:
                driven, spent = time.thread_time(), time.thread_time() - driven
                self._not_ours += spent
                if self._sleepers and waits:
                    self._jumped += max(0.0, self._sleepers[0][0] - self.now())
                while self._sleepers and self._sleepers[0][0] <= self.now():
                    heapq.heappop(self._sleepers)[2].set()


def _all_wait(own: int) -> bool:
    """Whether no thread but the driver works or waits for the disk."""
    for task in _TASKS.iterdir():
        try:
            state = (task / "stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended since
        if state in "RD" and int(task.name) != own:
            return False
    return True
