"""Exports as files: `<table>.csv|.tsv|.json|.jsonl|.ndjson|.parquet|.xlsx` (text also `.gz`, `.bz2`, `.xz` and `.zst`, each also in a zip),
or a folder `<table>/` of such files, nested as you like.

Comes in: a folder, or the URL of an object store. Goes out: one batch a file: the whole of every file that changed since it last landed.
A file is unchanged when its size and time (an object: its tag) are, or else when its content is. A file that cannot be read is one line
that says why, and everything landed from it stays. Files are read in the order of their names, numbers by value: of two files that hold the
same key, the later one counts, so a folder may hold one full dump a day (`2026-10-30.csv`, `2026-10-31.csv`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import duckdb

from orchestration.contract import INPUT_TABLES, Table
from orchestration.sources.base import Batch, Bench, Position, SourceError
from orchestration.sources.reading.formats import Spelling, explained, opened
from orchestration.sources.reading.misread import misread
from orchestration.sources.reading.numbered import numbered
from orchestration.sources.reading.numbers import Numbers
from orchestration.sources.reading.objects import Objects
from orchestration.sources.reading.places import Folder, Place, sha256
from orchestration.sources.reading.raw import Raw
from orchestration.sources.reading.rest import at_rest, come_back, ends_a_line, require_end
from orchestration.sources.reading.texts import SPACES
from orchestration.sources.reading.typed import copy_of, row_query, typed


@dataclass(frozen=True)
class Files:
    """The files below `path`, a folder or the URL of an object store with its `options`, whose text is written as `spelling` has it.

    settle_seconds  how long a file that has landed before must have been left alone to be taken for whole
    """

    path: Path | str
    spelling: Spelling = field(default_factory=Spelling)
    options: Mapping[str, Any] = field(default_factory=dict)
    timeout_minutes: int | None = None
    settle_seconds: float = 0
    type: ClassVar[str] = "files"
    _misread: dict[str, None] = field(default_factory=dict, init=False, repr=False, compare=False)
    _gone: dict[str, None] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def from_settings(cls, settings: Any) -> Files:
        """The source that one `{type: files, path: …}` describes; the path is absolute."""
        spelling = Spelling(settings.encoding, Numbers(settings.decimal, settings.thousands))
        return cls(settings.path, spelling, settings.options, settings.timeout_minutes, settings.settle_seconds)

    @cached_property
    def place(self) -> Place:
        """Where they lie."""
        text = str(self.path)
        if text.startswith("file://"):
            return Folder(Path(unquote(urlsplit(text).path)))
        return Objects(text, self.options, self.timeout_minutes) if "://" in text else Folder(Path(text))

    def check(self) -> None:
        """Raise SourceError when the place is missing, unreadable or holds no input table."""
        self.place.check()
        if not any(self.place.parts(table) for table in INPUT_TABLES):
            notes = "".join(f"; {note}" for note in self.notes()[:3])
            raise SourceError(f"{self.path}: no input table in this folder; expected files such as crm_customers.csv{notes}")

    def notes(self) -> list[str]:
        """Files and folders that are not read, those inside the tables' folders included, with the table that may have been meant; columns
        whose numbers are written in another way than is said; columns that a file had and has no more.
        """
        return [*self.place.unread(), *self._misread, *self._gone]

    def sizes(self, table: Table) -> dict[str, int]:
        """Part → bytes as they lie there, packed or not, of every file of `table`. Raises SourceError where one cannot be seen."""
        return {part: int(self.place.stamp(part)["size"]) for part in self.place.parts(table.name)}

    def extract(self, table: Table, state: Mapping[str, Position], bench: Bench) -> Iterator[Batch]:
        """One batch for every file of `table` and for every file of `state` that is gone."""
        found = self.place.parts(table.name)
        first_row = 1
        for number, part in enumerate(found):
            target = bench.scratch / f"{table.name}-{number:05d}.parquet"
            try:
                batch = self._batch(table, part, state.get(part, {}), target, bench, first_row)
            except SourceError as error:
                batch = Batch(part, "unreadable", error=str(error))
            first_row += batch.rows
            yield batch
        gone = state.keys() - set(found)
        back = come_back(self.place, table.name, gone, self.settle_seconds)
        for part in sorted(gone):
            away = f"{part}: the file was not there and is again; it is read on the next run, and rows landed from it stay"
            yield Batch(part, "unreadable", error=away) if part in back else Batch(part, "gone")

    def _batch(self, table: Table, part: str, known: Position, target: Path, bench: Bench, first_row: int) -> Batch:
        before = self.place.stamp(part)
        reading = self._reading(table, bench)
        is_as_known = known.get("reading") == reading
        if is_as_known and known.get("settled") and before.items() <= known.items():
            return Batch(part, "unchanged")
        if known:  # what has landed from it could be taken for deleted
            before = at_rest(self.place, part, self.settle_seconds)
        path = self.place.fetched(part, bench.scratch)
        position = {**before, "sha256": sha256(path, part), "reading": reading, "settled": self.place.is_settled(before)}
        position["ends_a_line"] = ends_a_line(path)
        if is_as_known and known.get("sha256") == position["sha256"]:
            return Batch(part, "unchanged", {**known, **position})
        require_end(part, before, known, position["ends_a_line"])
        # Half of a file that is being written looks broken: that it changed is said before whatever reading it said.
        try:
            batch = self._read(table, part, path, target, bench, first_row, position)
        except (SourceError, OSError, duckdb.IOException) as error:
            self._require_unchanged(part, before)
            raise error
        self._require_unchanged(part, before)
        position["columns"] = [column for column in table.column_names if column not in batch.absent_columns]
        gone = [column for column in known.get("columns", ()) if column in batch.absent_columns]
        if gone:
            self._gone[f"{part} no longer has the column {', '.join(gone)}, which is empty from this night on"] = None
        if path.is_relative_to(bench.scratch):
            path.unlink()  # fetched: a bucket may be larger than the scratch disk
        return batch

    def _require_unchanged(self, part: str, before: Mapping[str, Any]) -> None:
        if self.place.stamp(part) != before:
            raise SourceError(f"{part}: the file changed while it was read; it is read again on the next run")

    def _read(self, table: Table, part: str, path: Path, target: Path, bench: Bench, first_row: int, position: Position) -> Batch:
        file = opened(path, part, self.spelling, bench)
        raw, unknown = _matched(table, file.columns, part)
        try:
            with numbered(file, path.stat().st_size, bench) as rows:
                query = row_query(table, rows, raw, unknown, part, first_row, _zone(bench))
                counted = bench.connection.execute(copy_of(query, target)).fetchone()
        except (duckdb.IOException, duckdb.OutOfMemoryException):
            raise  # the machine's fault, not the file's
        except duckdb.Error as error:  # damaged Parquet shows as errors of nearly every class, and of none
            raise SourceError(f"{part}: {explained(error, part)}") from error
        if file.numbers is not None:
            self._misread.update(dict.fromkeys(misread(table, target, part, file.numbers, bench)))
        absent = tuple(column for column in table.column_names if column not in raw)
        return Batch(part, "changed", position, target, counted[0] if counted else 0, True, tuple(unknown), absent)

    def _reading(self, table: Table, bench: Bench) -> str:
        """Whatever, beside the file, decides which rows come out of it: how each column of the contract is read, the encoding, the zone."""
        zone = _zone(bench)
        written = self.spelling
        told = [(column.name, typed(column, Raw("raw"), zone, written.numbers)) for column in table.columns], written.encoding, zone
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _matched(table: Table, columns: Mapping[str, Raw], part: str) -> tuple[dict[str, Raw], dict[str, Raw]]:
    """The file's columns as (those of the contract, unknown ones); names match without regard to case and what surrounds them."""
    raw: dict[str, Raw] = {}
    unknown: dict[str, Raw] = {}
    for label, column in columns.items():
        name = label.strip(SPACES)
        plain = name.lower()
        if plain in table.column_names:
            raw[plain] = column
        else:
            unknown[f"source{name}" if plain.startswith("_") else name] = column
    _require(table, raw, part)
    return raw, unknown


def _require(table: Table, raw: Mapping[str, Any], part: str) -> None:
    missing = [column for column in table.required if column not in raw]
    missing += [" or ".join(group) for group in table.any_of if not any(column in raw for column in group)]
    if not raw:
        raise SourceError(f"{part}: none of its columns is one of table {table.name}; its first line names them, without a title above")
    if missing:
        raise SourceError(
            f"{part}: table {table.name} needs the column {', '.join(missing)}; add it to the export or rename the column that holds it"
        )


def _zone(bench: Bench) -> str:
    row = bench.connection.execute("SELECT current_setting('TimeZone')").fetchone()
    return str(row[0]) if row else "UTC"
