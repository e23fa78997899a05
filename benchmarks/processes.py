"""A process and all its descendants, watched from outside through /proc: memory they hold together, processor time they have used.

Comes in: the id of a process. Goes out: the peak in GiB, and seconds of processor time so far.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


class Watch:
    """Samples a family of processes ten times a second until it is stopped."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._on = pid, 0, True
        self._used: dict[int, float] = {}
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def processor_seconds(self) -> float:
        """Seconds of processor time that all processes seen so far have used; several cores count several times."""
        return sum(self._used.copy().values())

    def stop(self) -> float:
        """End sampling; the peak of private memory in GiB."""
        self._on = False
        self._thread.join()
        return self._peak / 2**30

    def _watch(self) -> None:
        while self._on:
            alive = family(self._pid)
            self._peak = max(self._peak, sum(resident(pid) for pid in alive))
            self._used.update((pid, used) for pid in alive if (used := processor_seconds(pid)) is not None)
            time.sleep(0.1)


def family(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        found.append(current)
        for task in Path(f"/proc/{current}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in task.read_text().split()]
            except OSError:  # the process ended while it was being looked at
                continue
    return found


def resident(pid: int) -> int:
    """Private bytes of a process that are in memory; 0 once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in fields.splitlines() if line.startswith("RssAnon"))


def processor_seconds(pid: int) -> float | None:
    """User and system time of a process without its children; None once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS
