"""What has landed: one small JSON file a load, `landing/_log/<source>/<load_id>.json`, written last and in one step.

Comes in: the landing folder and a source's name. Goes out: which Parquet files count, and what each part of the source looked like
when it was landed. A load without its JSON file does not exist: a killed run leaves nothing that anyone would read. All of it lies beside
the data, so the warehouse and `state/` can be deleted without losing anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_LOG, _STARTED = "_log", "started"
BEGUN = "_begun"  # beside the sources' folders: lists that were read in part, as the vendor sent them
_FORMAT = "%Y%m%dT%H%M%S.%fZ"


class LandingError(OSError):
    """Landing cannot be written or is damaged; the message is one line with the path. What had landed is untouched."""


@dataclass(frozen=True)
class TableEntry:
    """What one load holds of one table; paths are relative to the landing folder, a part without position is gone."""

    files: tuple[str, ...] = ()
    rows: int = 0
    tombstones: int = 0
    parts: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Load:
    """One committed load of one source."""

    load_id: str
    tables: Mapping[str, TableEntry]


class LandingLog:
    """The committed loads of one source."""

    def __init__(self, root: Path, source: str) -> None:
        self.root, self.source = root, source
        self._folder = root / _LOG / source
        self.loads = [_read(path) for path in sorted(self._folder.glob("*.json"))]

    def parts(self, table: str) -> dict[str, Mapping[str, Any]]:
        """Part → position when it was last landed; parts that are gone left out."""
        known: dict[str, Mapping[str, Any]] = {}
        for entry in self._entries(table):
            for part, position in entry.parts.items():
                if position is None:
                    known.pop(part, None)
                else:
                    known[part] = position
        return known

    def files(self, table: str) -> list[str]:
        """The Parquet files of `table`, oldest load first. Raises LandingError when one that was committed is missing."""
        paths = [self.root / path for entry in self._entries(table) for path in entry.files]
        for path in paths:
            if not path.is_file():
                raise LandingError(
                    f"{path}: this landed file is missing; restore it from a backup, or remove the whole landing to read all sources anew"
                )
        return [str(path) for path in paths]

    def next_load_id(self, now: datetime) -> str:
        """Time of the load as text that sorts; later than the last one even when the clock was set back."""
        if self.loads:
            last = datetime.strptime(self.loads[-1].load_id, _FORMAT).replace(tzinfo=UTC)
            now = max(now, last + timedelta(microseconds=1))
        return now.astimezone(UTC).strftime(_FORMAT)

    def begin(self, load_id: str) -> None:
        """Note that files of `load_id` may appear, so that an interrupted load can be told from a committed one and removed."""
        (self._folder / _STARTED).mkdir(parents=True, exist_ok=True)
        (self._folder / _STARTED / load_id).touch()

    def commit(self, load: Load) -> None:
        """Make `load` count: everything is on disk before its JSON file appears under its name."""
        for entry in load.tables.values():
            for path in entry.files:
                _sync(self.root / path)
        self._write(load)
        (self._folder / _STARTED / load.load_id).unlink(missing_ok=True)
        self.loads.append(load)

    def rewrite(self, load: Load) -> None:
        """Say anew what a committed load holds, after the rows of somebody were removed from it."""
        self._write(load)
        self.loads = [load if one.load_id == load.load_id else one for one in self.loads]

    def discard_unfinished(self) -> None:
        """Remove the files of loads that began and were never committed; their rows are landed anew."""
        committed = {load.load_id for load in self.loads}
        for marker in sorted((self._folder / _STARTED).glob("*")):
            if marker.name not in committed:
                for folder in (self.root / self.source).glob(f"*/load_id={marker.name}"):
                    shutil.rmtree(folder)
            marker.unlink()
        data = self.root / self.source
        if data.is_dir() and not any(data.iterdir()):
            data.rmdir()  # dlt was killed while it made the folder, and would refuse to make it again

    def _write(self, load: Load) -> None:
        target = self._folder / f"{load.load_id}.json"
        written = target.with_suffix(".tmp")
        written.write_text(json.dumps(asdict(load), separators=(",", ":")), encoding="utf-8")
        _sync(written)
        os.replace(written, target)
        _sync(self._folder)

    def _entries(self, table: str) -> Iterator[TableEntry]:
        return (load.tables[table] for load in self.loads if table in load.tables)


def sources(root: Path) -> list[str]:
    """The sources that have landed anything."""
    return sorted(path.name for path in (root / _LOG).glob("*"))


def fingerprints(root: Path) -> dict[str, dict[str, Any]]:
    """Source → its committed loads, and the SHA-256 of their records: the same records are the same landed rows."""
    return {source: _fingerprint(root / _LOG / source) for source in sources(root)}


def landed_at(load_id: str) -> datetime:
    """When the load with this id landed, in UTC."""
    return datetime.strptime(load_id, _FORMAT).replace(tzinfo=UTC)


def _fingerprint(folder: Path) -> dict[str, Any]:
    records = sorted(folder.glob("*.json"))
    digest = hashlib.sha256()
    for record in records:
        digest.update(record.read_bytes())
    return {"loads": len(records), "newest": records[-1].stem if records else None, "sha256": digest.hexdigest()}


def _read(path: Path) -> Load:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        tables = {name: TableEntry(**{**entry, "files": tuple(entry["files"])}) for name, entry in content["tables"].items()}
        return Load(content["load_id"], tables)
    except (ValueError, KeyError, TypeError) as error:
        raise LandingError(f"{path}: this record of a load is damaged; restore it from a backup") from error


def _sync(path: Path) -> None:
    """Wait until `path` is on disk, so that a power cut after the commit cannot take its rows away."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
