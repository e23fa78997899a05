"""Parts of sources that are to be read whole again, though nothing of them has changed: somebody may land whose rows were left out before.

Comes in: the landing folder. Goes out: the log without what tells a source where such a part stood. What had landed from it stays, and what
the part holds beyond that lands on the next run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestration.contract import INPUT_TABLES
from orchestration.landing.log import LandingLog, TableEntry, sources

# What is counted of a part; everything else in a position is the source's own, by which it knows what it has read.
_COUNTED = ("rows", "erased")


def read_anew(root: Path, *, contacts: bool = False) -> Iterator[tuple[str, str, str]]:
    """Forget where every part stood that held rows of people who were erased; returns (source, table, part) of each.

    contacts  those that may hold records of contacts too, which landed without what was theirs
    """
    for log in (LandingLog(root, source) for source in sources(root)):
        emptied = ("crm_customers",) if contacts else ()
        held = {table: {part for part, at in log.parts(table).items() if at.get("erased") or table in emptied} for table in INPUT_TABLES}
        for load in log.loads:
            tables = {table: _forgotten(entry, held.get(table, set())) for table, entry in load.tables.items()}
            if tables != load.tables:
                log.rewrite(replace(load, tables=tables))
        yield from ((log.source, table, part) for table, parts in held.items() for part in sorted(parts))


def _forgotten(entry: TableEntry, parts: set[str]) -> TableEntry:
    return replace(entry, parts={part: _counts(at) if at and part in parts else at for part, at in entry.parts.items()})


def _counts(position: Mapping[str, Any]) -> dict[str, Any]:
    return {name: position[name] for name in _COUNTED if name in position}
