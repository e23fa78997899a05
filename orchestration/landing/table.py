"""One table of one source: read what changed, compare it with what had landed, say what is to be landed and remembered.

Comes in: a source, a contract table, the log of its loads. Goes out: `Found`; nothing is written to landing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from orchestration.contract import Table
from orchestration.landing.believing import is_told
from orchestration.landing.changes import Before, Changes, compared, first_landing
from orchestration.landing.filtering import Filter
from orchestration.landing.log import LandingLog
from orchestration.landing.written import ADJUSTMENTS
from orchestration.plain_words import KEPT_ROWS
from orchestration.sources import Batch, Bench, Source, SourceError


@dataclass(frozen=True)
class TableLoad:
    """What one run did for one table of one source.

    load_id   None when nothing had to be landed
    errors    parts that could not be read, one line each; what was landed from them stays, the other parts landed
    warnings  what the operator should look at, one line each: a table that vanished, what lies at the source and is not read
    erased    rows of people who were erased, which are at the source and were not landed
    seconds   time spent reading and comparing
    """

    source: str
    table: str
    load_id: str | None = None
    rows: int = 0
    tombstones: int = 0
    erased: int = 0
    files_read: int = 0
    files_skipped: int = 0
    unknown_columns: tuple[str, ...] = ()
    absent_columns: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def error(self) -> str | None:
        """All errors as one line; None when every part could be read."""
        return "; ".join(self.errors) or None


@dataclass(frozen=True)
class Found:
    """What is to be landed of one table, before it is."""

    report: TableLoad
    changes: Changes
    parts: Mapping[str, Mapping[str, Any] | None]


def table_changes(
    source: Source, table: Table, log: LandingLog, bench: Bench, erased: Filter, *, most_vanished: float | None = 0.5
) -> Found:
    """What changed in `table` since its last load. A source that fails on this table is an error in the report, and nothing to land.

    erased         takes out the rows of people who were erased
    most_vanished  share of the rows that one full reading may lack; None: the operator says that all of them may be removed
    """
    started, known = monotonic(), log.parts(table.name)
    try:
        batches = erased.cleared(table, list(source.extract(table, known, bench)))
    except SourceError as error:
        return Found(TableLoad(log.source, table.name, errors=(str(error),), seconds=monotonic() - started), Changes(), {})
    held = sum(position["rows"] for position in known.values())
    before = Before(log.files(table.name), log.files(ADJUSTMENTS), held, most_vanished)
    changes = _changes(table, batches, known, before, bench)
    report = _report(log.source, table.name, batches, changes, before)
    return Found(replace(report, seconds=monotonic() - started), changes, _positions(batches, known, changes))


def _changes(table: Table, batches: list[Batch], known: Mapping[str, Mapping[str, Any]], before: Before, bench: Bench) -> Changes:
    touched = [batch for batch in batches if batch.status in ("changed", "gone")]
    if not before.landed or not any(batch.part in known for batch in touched):
        return first_landing(touched, bench, table)
    return compared(table, batches, before, bench)


def _positions(batches: list[Batch], known: Mapping[str, Mapping[str, Any]], changes: Changes) -> dict[str, Mapping[str, Any] | None]:
    """What to remember of each part. Where removals were refused, nothing that would keep the next run from looking again."""
    parts: dict[str, Mapping[str, Any] | None] = {}
    for batch in batches:
        if batch.status == "unchanged" and batch.position:
            parts[batch.part] = batch.position
        elif batch.status == "changed":
            parts[batch.part] = _position(batch, known.get(batch.part, {}), changes)
        elif batch.status == "gone" and not changes.refused:
            parts[batch.part] = None
    return {part: position for part, position in parts.items() if position != known.get(part, {})}


def _position(batch: Batch, before: Mapping[str, Any], changes: Changes) -> Mapping[str, Any]:
    held = before.get("rows", 0)
    if changes.refused:
        return before if not batch.complete else {"rows": max(batch.rows, held)}
    if batch.complete or not before:
        return {**batch.position, "rows": batch.rows}
    # Of people who were erased, a part that tells what changed repeats some now and then: the most that was seen is what it holds.
    erased = max(before.get("erased", 0), batch.position.get("erased", 0))
    return {**batch.position, "rows": held + changes.gained.get(batch.part, 0), **({"erased": erased} if erased else {})}


def _report(source: str, table: str, batches: list[Batch], changes: Changes, before: Before) -> TableLoad:
    read = [batch for batch in batches if batch.status == "changed"]
    return TableLoad(
        source,
        table,
        rows=changes.rows,
        tombstones=changes.tombstones,
        erased=sum(batch.position.get("erased", 0) for batch in read),
        files_read=len(read),
        files_skipped=sum(batch.status == "unchanged" for batch in batches),
        unknown_columns=tuple(sorted({column for batch in read for column in batch.unknown_columns})),
        absent_columns=tuple(sorted(set.intersection(*(set(batch.absent_columns) for batch in read)))) if read else (),
        errors=tuple(batch.error for batch in batches if batch.error),
        warnings=_vanished(table, changes, before),
    )


def _vanished(table: str, changes: Changes, before: Before) -> tuple[str, ...]:
    """What is to be said of rows that the source had and has no more."""
    gone = f"{table}: {changes.refused or changes.vanished:,} of {before.held:,} rows are gone at the source"
    if changes.refused:
        return (f"{gone}; {KEPT_ROWS}; if they are meant to go, `settings: {{accept_vanished_tables: [{table}]}}`",)
    if is_told(changes.vanished, before.held, before.most):
        return (f"{gone} and count as deleted; if a part of the export was left out, put it back, and they return",)
    return ()
