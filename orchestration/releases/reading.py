"""Reading releases: which are there, which is served, and the tables of one.

Comes in: the home folder. Goes out: Release objects, whose paths carry the release's own id, so that two releases can be
open in one process. Nothing here writes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.releases import manifest as manifests
from orchestration.releases.comments import Comments, said_of
from orchestration.releases.layout import DATABASE, MANIFEST, POINTER, as_of_in, is_id, releases_folder
from orchestration.releases.manifest import ReleaseError


@dataclass(frozen=True)
class Release:
    """One immutable release in `path`."""

    path: Path
    manifest: dict[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """Unique, and sorts by the time the release was made."""
        return str(self.manifest["release_id"])

    @property
    def as_of(self) -> date:
        """The last day whose events count."""
        return date.fromisoformat(self.manifest["as_of"])

    @property
    def created_at(self) -> datetime:
        """When it was made, UTC."""
        return datetime.fromisoformat(self.manifest["created_at"])

    @property
    def database(self) -> Path:
        """The DuckDB file of this release; open it read-only."""
        return self.path / DATABASE

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables it holds."""
        return tuple(self.manifest["tables"])

    def table_file(self, name: str) -> Path:
        """Parquet file of a table. Raises ReleaseError when the release has no such table."""
        if name not in self.manifest["tables"]:
            raise ReleaseError(f"release {self.id} has no table {name!r}; it has: {', '.join(self.tables)}")
        return self.path / f"{name}.parquet"

    def table(self, name: str) -> pa.Table:
        """A table as Arrow, in its fixed row order. Raises ReleaseError when the release has no such table."""
        return pq.ParquetFile(self.table_file(name)).read()

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A read-only connection to the tables, as `marts.<table>`."""
        return duckdb.connect(str(self.database), read_only=True)

    def comments(self) -> Comments:
        """What its tables and columns mean: table → column, or "" for the table itself → text."""
        with self.connect() as connection:
            return said_of(connection, self.database.stem)

    @contextmanager
    def pinned(self) -> Iterator[Release]:
        """Keep this release from being pruned while the block runs; the pin ends with the process at the latest."""
        handle = os.open(self.path / MANIFEST, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield self
        finally:
            os.close(handle)

    def verify(self) -> None:
        """Raise ReleaseError when a file is missing or differs from what the manifest says of it."""
        for name, told in self.manifest["files"].items():
            file = self.path / name
            if not file.is_file() or manifests.digest(file) != told["sha256"]:
                raise ReleaseError(f"release {self.id} is damaged: {name} is missing or was changed; choose another release")


def open_release(folder: Path) -> Release:
    """The release in `folder`. Raises ReleaseError when there is none."""
    return Release(folder, manifests.read(folder))


def current(home: str | Path) -> Release:
    """The release that is served now. Raises ReleaseError when nothing was ever published."""
    served = current_id(home)
    if served is None:
        raise ReleaseError(f"{releases_folder(home)}: nothing is published yet; `python -m orchestration run` makes the first release")
    return open_release(releases_folder(home).resolve() / served)


def current_id(home: str | Path) -> str | None:
    """Id of the release that is served now, None before the first."""
    try:
        return os.readlink(releases_folder(home) / POINTER)
    except (FileNotFoundError, NotADirectoryError):
        return None


def ids(home: str | Path) -> list[str]:
    """Ids of all releases, newest first, damaged ones included."""
    folder = releases_folder(home)
    return sorted((entry.name for entry in folder.iterdir() if is_id(entry.name)), reverse=True) if folder.is_dir() else []


def newest_before(home: str | Path, day: date) -> Release | None:
    """The newest release of an as-of date before `day`, None without one. Raises ReleaseError when its manifest is damaged.

    One from which somebody has rolled back, made after the one that is served, is nothing to measure another by.
    """
    served = current_id(home)
    found = next((name for name in ids(home) if as_of_in(name) < day and (served is None or name <= served)), None)
    return None if found is None else open_release(releases_folder(home).resolve() / found)


def newest_known(home: str | Path) -> Release | None:
    """The release that knows most, of the last as-of date and of that the one made last, be it served or not; None before the first.

    After a rollback, or after an older night was run again, what is served is older than what is known. Raises ReleaseError when its
    manifest is damaged.
    """
    last = newest_known_id(home)
    return None if last is None else open_release(releases_folder(home).resolve() / last)


def newest_known_id(home: str | Path) -> str | None:
    """Id of the release that knows most, see `newest_known`."""
    return max(ids(home), key=lambda name: (as_of_in(name), name), default=None)


def intact(home: str | Path) -> list[Release]:
    """Those of all releases whose manifests can be read, newest first; `releases` on the command line names the others."""
    found = []
    for name in ids(home):
        try:
            found.append(open_release(releases_folder(home).resolve() / name))
        except ReleaseError:
            continue  # a reader of the others has nothing to do with it
    return found


def listing(home: str | Path) -> list[Release]:
    """All releases, newest first. Raises ReleaseError when the manifest of one is damaged."""
    return [open_release(releases_folder(home).resolve() / name) for name in ids(home)]
