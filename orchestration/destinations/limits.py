"""What each destination takes in one call and how often it may be called, as limits.toml states it.

Comes in: limits.toml. Goes out: Limits by name.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("limits.toml")


@dataclass(frozen=True)
class Limits:
    """What one call may carry, and how many calls fit: `windows` are (calls, seconds), all of which hold at once.

    max_jobs  jobs that the receiver works on at once; 0: it states no number, or has no jobs
    """

    max_records: int
    max_bytes: int
    max_record_bytes: int
    windows: tuple[tuple[int, float], ...] = ()
    max_jobs: int = 0


def limits_of(name: str) -> Limits:
    """The limits that limits.toml states under `name`."""
    numbers = {key: value for key, value in stated()[name].items() if key != "sources"}
    windows = tuple((int(calls), float(seconds)) for calls, seconds in numbers.pop("windows", ()))
    return Limits(**numbers, windows=windows)


@cache
def stated() -> dict[str, dict[str, Any]]:
    """The file: name → numbers, and under `sources` who states each."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
