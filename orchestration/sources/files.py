"""Exports as files: `<table>.csv|.jsonl|.ndjson|.parquet` (text also `.gz`), or a folder `<table>/` of such files, nested as you like.

Comes in: a folder. Goes out: one batch a file: the whole of every file that changed since it was last landed.
A file is unchanged when its size and time are, or else when its content is. A file that cannot be read is one line that says why, and
everything landed from it stays. Files are read in the order of their names, numbers by value: of two files that hold the same key, the
later one counts, so a folder may hold one full dump a day (`2026-10-30.csv`, `2026-10-31.csv`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time_ns
from typing import Any, ClassVar

import duckdb

from orchestration.contract import INPUT_TABLES, Table
from orchestration.sources.base import Batch, Bench, Position, SourceError
from orchestration.sources.reading.folder import files_of, unread
from orchestration.sources.reading.formats import explained, opened
from orchestration.sources.reading.raw import Raw, quoted
from orchestration.sources.reading.typed import row_query

# A file changed again within this time of being read may keep its size and time (file systems tick in milliseconds): look again next run.
RACY_NS = 2_000_000_000


@dataclass(frozen=True)
class Files:
    """The files below `path`, in `encoding`."""

    path: Path
    encoding: str = "utf-8"
    type: ClassVar[str] = "files"

    @classmethod
    def from_settings(cls, settings: Any) -> Files:
        """The source that one `{type: files, path: …}` describes; the path is absolute."""
        return cls(Path(settings.path), settings.encoding)

    def check(self) -> None:
        """Raise SourceError when the folder is missing, unreadable or holds no input table."""
        if not self.path.is_dir():
            raise SourceError(f"{self.path}: there is no such folder; correct `path` of the files source")
        if not any(files_of(self.path, table) for table in INPUT_TABLES):
            notes = "".join(f"; {note}" for note in self.notes()[:3])
            raise SourceError(f"{self.path}: no input table in this folder; expected files such as crm_customers.csv{notes}")

    def notes(self) -> list[str]:
        """Files and folders that are not read, those inside the tables' folders included, with the table that may have been meant."""
        return unread(self.path)

    def extract(self, table: Table, state: Mapping[str, Position], bench: Bench) -> Iterator[Batch]:
        """One batch for every file of `table` and for every file of `state` that is gone."""
        found = {path.relative_to(self.path).as_posix(): path for path in files_of(self.path, table.name)}
        first_row = 1
        for number, (part, path) in enumerate(found.items()):
            try:
                batch = self._batch(
                    table, part, path, state.get(part, {}), bench.scratch / f"{table.name}-{number:05d}.parquet", bench, first_row
                )
            except SourceError as error:
                batch = Batch(part, "unreadable", error=str(error))
            first_row += batch.rows
            yield batch
        yield from (Batch(part, "gone") for part in sorted(state.keys() - found.keys()))

    def _batch(self, table: Table, part: str, path: Path, known: Position, target: Path, bench: Bench, first_row: int) -> Batch:
        before = _stamp(path, part)
        reading = self._reading(table, bench)
        if known.get("reading") == reading and known.get("settled") and (known["size"], known["mtime_ns"]) == before:
            return Batch(part, "unchanged")
        position = {"size": before[0], "mtime_ns": before[1], "sha256": _sha256(path, part), "reading": reading}
        position["settled"] = time_ns() - before[1] > RACY_NS
        if known.get("reading") == reading and known.get("sha256") == position["sha256"]:
            return Batch(part, "unchanged", {**known, **position})
        # Half of a file that is being written looks broken: that it changed is said before whatever reading it said.
        try:
            batch = self._read(table, part, path, target, bench, first_row, position)
        except (SourceError, OSError, duckdb.IOException) as error:
            _require_unchanged(path, part, before)
            raise error
        _require_unchanged(path, part, before)
        return batch

    def _read(self, table: Table, part: str, path: Path, target: Path, bench: Bench, first_row: int, position: Position) -> Batch:
        file = opened(path, part, self.encoding, bench)
        raw, unknown = _matched(table, file.columns, part)
        query = row_query(table, file, raw, unknown, part, first_row, _zone(bench))
        try:
            counted = bench.connection.execute(f"COPY ({query}) TO {quoted(str(target))} (FORMAT parquet)").fetchone()
        except (duckdb.IOException, duckdb.OutOfMemoryException):
            raise  # the machine's fault, not the file's
        except duckdb.Error as error:  # damaged Parquet shows as errors of nearly every class, and of none
            raise SourceError(f"{part}: {explained(error, part)}") from error
        absent = tuple(column for column in table.column_names if column not in raw)
        return Batch(part, "changed", position, target, counted[0] if counted else 0, True, tuple(unknown), absent)

    def _reading(self, table: Table, bench: Bench) -> str:
        """Whatever, beside the file, decides which rows come out of it: the contract, the encoding, the zone."""
        told = [(column.name, column.type) for column in table.columns], self.encoding, _zone(bench)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _matched(table: Table, columns: Mapping[str, Raw], part: str) -> tuple[dict[str, Raw], dict[str, Raw]]:
    """The file's columns as (those of the contract, unknown ones); names match without regard to case and outer spaces."""
    raw: dict[str, Raw] = {}
    unknown: dict[str, Raw] = {}
    for label, column in columns.items():
        plain = label.strip().lower()
        if plain in table.column_names:
            raw[plain] = column
        else:
            unknown[f"source{label.strip()}" if plain.startswith("_") else label.strip()] = column
    _require(table, raw, part)
    return raw, unknown


def _require(table: Table, raw: Mapping[str, Any], part: str) -> None:
    missing = [column for column in table.required if column not in raw]
    missing += [" or ".join(group) for group in table.any_of if not any(column in raw for column in group)]
    if missing:
        raise SourceError(
            f"{part}: table {table.name} needs the column {', '.join(missing)}; add it to the export or rename the column that holds it"
        )


def _zone(bench: Bench) -> str:
    row = bench.connection.execute("SELECT current_setting('TimeZone')").fetchone()
    return str(row[0]) if row else "UTC"


def _require_unchanged(path: Path, part: str, before: tuple[int, int]) -> None:
    if _stamp(path, part) != before:
        raise SourceError(f"{part}: the file changed while it was read; it is read again on the next run")


def _stamp(path: Path, part: str) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise SourceError(f"{part}: the file cannot be read ({error.strerror}); rows landed from it stay") from error
    return status.st_size, status.st_mtime_ns


def _sha256(path: Path, part: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{part}: the file cannot be read ({error.strerror}); let the user of this process read it") from error
