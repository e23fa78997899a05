"""Imports and other things that stay until a process ends, made without looking through them for garbage again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects made between two looks. Python's 700 suit small programs; Dagster's definitions and dbt's manifest hold a million.
_BETWEEN_LOOKS = (100_000, 20, 50)


@contextmanager
def made_to_stay() -> Iterator[None]:
    """What is made meanwhile counts as never garbage. A quarter of the time of importing Dagster and dbt went into looking."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*_BETWEEN_LOOKS)
        gc.enable()
