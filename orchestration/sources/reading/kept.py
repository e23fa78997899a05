"""Answers kept for the rest of a run: several tables are made of one list, and no list is asked for twice.

Comes in: an iterator of JSON objects. Goes out: the same again and again, from JSON lines in the scratch folder, which a run removes.
Whoever only wants to see a few says so (`most`), and no list is read to its end for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from orchestration.sources.base import Bench


class Kept:
    """What one source was answered in one run."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._paths: dict[Hashable, Path] = {}
        self._begun = 0
        self.most: int | None = None

    def of(self, key: Hashable, asked: Callable[[], Iterable[Any]], bench: Bench) -> Iterator[Any]:
        """The objects known as `key`; `asked` is called when nobody has read them to the end before."""
        if key in self._paths:
            with self._paths[key].open(encoding="utf-8") as file:
                yield from map(json.loads, file)
            return
        self._begun += 1
        target = bench.scratch / f"{self._source}-{self._begun:03d}.jsonl"
        with target.open("w", encoding="utf-8") as file:
            for one in islice(asked(), self.most):
                file.write(json.dumps(one) + "\n")
                yield one
        self._paths[key] = target
