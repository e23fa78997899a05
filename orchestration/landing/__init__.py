"""The only writer of landing files: `landing/<source>/<table>/load_id=<id>/*.parquet`, append-only.

Comes in: the settings of one source. Goes out: what changed at it since the last run, as one load; `completed_files` says what counts.
A run that is killed at any moment lands nothing, and the next one lands what it would have.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from orchestration.contract import RECORD_TABLES, Table
from orchestration.landing.anew import read_anew
from orchestration.landing.collecting import seldom_collected
from orchestration.landing.contents import completed_files, erased_rows, removed_rows, summary
from orchestration.landing.filtering import Filter
from orchestration.landing.finding import remaining, rows_of
from orchestration.landing.forgetting import Holding, forget, plan
from orchestration.landing.loading import load_files
from orchestration.landing.log import BEGUN, LandingError, LandingLog, Load, TableEntry, fingerprints, landed_at, sources
from orchestration.landing.naming import held_parts
from orchestration.landing.table import Found, TableLoad, table_changes
from orchestration.landing.texts import expire_texts, first_day_kept, overdue_texts
from orchestration.landing.tombstones import ANY_SOURCE, Tombstones
from orchestration.landing.written import ADJUSTMENTS
from orchestration.sources import SOURCES, Bench, Source, SourceError
from orchestration.sources.reading.progress import Tell, in_silence

__all__ = [
    "ANY_SOURCE",
    "Holding",
    "LandingError",
    "SourceError",
    "TableLoad",
    "Tombstones",
    "completed_files",
    "erased_rows",
    "expire_texts",
    "extract",
    "fingerprints",
    "first_day_kept",
    "forget",
    "held_parts",
    "landed_at",
    "overdue_texts",
    "plan",
    "read_anew",
    "remaining",
    "removed_rows",
    "rows_of",
    "sources",
    "summary",
]


def extract(
    source_settings: Any,
    tables: Iterable[Table],
    landing_root: Path,
    dlt_dir: Path,
    *,
    zone: str = "UTC",
    memory_gib: float = 4,
    threads: int = 2,
    may_vanish: Collection[str] = (),
    most_vanished: float = 0.5,
    tombstones: Tombstones | None = None,
    texts_from: date | None = None,
    tell: Tell = in_silence,
) -> list[TableLoad]:
    """Land what changed at one source since its last load, all tables in one load.

    source_settings  one entry of `sources:`, with `type`, `name`, an absolute `path` …
    zone             zone of times that are written without one
    may_vanish       tables of which any number of rows may be removed
    most_vanished    share of the rows of any other that one full reading may lack; above it that is taken for a broken export
    tombstones       people who were erased: their rows are not landed
    texts_from       free text of before this day is not landed, its rows are
    tell             hears now and then how far a long load is
    What lies at the source and is not read is among the warnings of the first table.
    Raises SourceError when the source cannot be read at all, LandingError (an OSError) when landing cannot be written.
    """
    source = SOURCES[source_settings.type].from_settings(source_settings)
    source.check()
    with _bench(landing_root, dlt_dir, source_settings.name, zone, memory_gib, threads, tell) as bench, seldom_collected():
        log = LandingLog(landing_root, source_settings.name)
        log.discard_unfinished()
        wanted = list(tables)
        most = {table.name: None if table.name in may_vanish else most_vanished for table in wanted}
        found = _found(source, wanted, log, bench, Filter(tombstones, log, bench, texts_from), most)
        loads = _landed(log, found, landing_root, dlt_dir)
        if not any(load.errors for load in loads):
            shutil.rmtree(landing_root / BEGUN / source_settings.name, ignore_errors=True)
        return _with_notes(loads, source.notes())


def _found(
    source: Source, wanted: list[Table], log: LandingLog, bench: Bench, erased: Filter, most: Mapping[str, float | None]
) -> list[Found]:
    """What changed at the source, table by table as `wanted` has them."""
    # Whoever comes under a new id is recognised by their record, so the tables that refer to it are looked at afterwards.
    ordered = sorted(wanted, key=lambda table: (table.name not in RECORD_TABLES, table.name != "crm_customers"))
    found = {table.name: table_changes(source, table, log, bench, erased, most_vanished=most[table.name]) for table in ordered}
    return [found[table.name] for table in wanted]


def _with_notes(loads: list[TableLoad], notes: list[str]) -> list[TableLoad]:
    return [replace(load, warnings=(*notes, *load.warnings)) if place == 0 else load for place, load in enumerate(loads)]


def _landed(log: LandingLog, found: list[Found], root: Path, dlt_dir: Path) -> list[TableLoad]:
    """Land and commit what was found; nothing at all is written when nothing changed."""
    reports = [each.report for each in found]
    tables = {each.report.table: each.changes.data for each in found if each.changes.data}
    adjustments = tuple(each.changes.adjustments for each in found if each.changes.adjustments)
    if not tables and not adjustments and not any(each.parts for each in found):
        return reports
    load_id = log.next_load_id(datetime.now(UTC))
    log.begin(load_id)
    to_land = {**tables, **({ADJUSTMENTS: adjustments} if adjustments else {})}
    files = load_files(log.source, load_id, to_land, root, dlt_dir) if to_land else {}
    log.commit(Load(load_id, _entries(found, files)))
    return [replace(report, load_id=load_id if report.table in tables else None) for report in reports]


def _entries(found: list[Found], files: Mapping[str, tuple[str, ...]]) -> dict[str, TableEntry]:
    entries = {
        each.report.table: TableEntry(files.get(each.report.table, ()), each.report.rows, each.report.tombstones, each.parts)
        for each in found
        if each.parts or each.report.table in files
    }
    return {**entries, **({ADJUSTMENTS: TableEntry(files[ADJUSTMENTS])} if ADJUSTMENTS in files else {})}


@contextmanager
def _bench(root: Path, dlt_dir: Path, source: str, zone: str, memory_gib: float, threads: int, tell: Tell) -> Iterator[Bench]:
    """The one place of work, locked: a scratch folder beside dlt's (so that files can be linked) and a DuckDB that spills into it."""
    scratch = dlt_dir / "scratch" / source
    lock = FileLock(root / ".lock")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with lock.acquire(timeout=0):
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(parents=True)
            with duckdb.connect(config={"temp_directory": str(scratch / "spill"), "autoinstall_known_extensions": "false"}) as connection:
                connection.execute(f"SET memory_limit = '{memory_gib}GiB'; SET threads = {threads}; SET TimeZone = '{zone}'")
                yield Bench(connection, scratch, tell, root / BEGUN / source)
            shutil.rmtree(scratch, ignore_errors=True)
    except Timeout as error:
        raise LandingError(f"{root}: another run is landing into this folder; wait until it has finished") from error
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        raise (
            error if isinstance(error, LandingError) else LandingError(f"{root}: cannot be written ({str(error).splitlines()[0]})")
        ) from error
