"""The one exception to immutable: a person leaves every release that is kept, and the release says so.

Comes in: the home folder and who is meant. Goes out: the tables, the DuckDB file and the page of each release rewritten, each file in one
step, and last its manifest with the new checksums and a note under `erasures`. Metrics stay as they were published: they name nobody.
A release of which nothing is left to do is not touched, so that this can be run again after it was stopped anywhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.redaction import INSTEAD, Needles
from orchestration.releases import manifest as manifests
from orchestration.releases.layout import MANIFEST, UNFINISHED, flush, private_folder, releases_folder, seal
from orchestration.releases.person import Person, keys_in
from orchestration.releases.reading import Release, ids, open_release
from orchestration.releases.tables import copy_marts
from orchestration.sql_text import literal

Note = Callable[[Path, int, int], None]
# What the page shows of a key (report/words.py).
_SHOWN = 12


def forget(home: str | Path, person: Person, needles: Needles, receipt: str, at: str, note: Note) -> dict[str, dict[str, int]]:
    """Remove the person from every release; returns release → table → rows that left it or were cleared of mentions."""
    changed: dict[str, dict[str, int]] = {}
    for name in ids(home):
        release = _ended(open_release(releases_folder(home).resolve() / name), note)
        meant = replace(person, keys=person.keys | keys_in(release, person))
        told = _told(release, meant, needles)
        found = {table: rows for table, rows in _found(release, meant, told) if rows}
        if found or _names(release, meant, needles):
            _rewrite(release, meant, needles, told, {"receipt": receipt, "at": at, "rows": found}, note)
            changed[release.id] = found
    return changed


def _told(release: Release, person: Person, needles: Needles) -> Needles:
    """Those that stand in rows of others."""
    with release.connect() as marts:
        texts = {
            text
            for _, relation, columns in _relations(release, marts)
            for text in needles.among(marts, f"(FROM {relation} WHERE NOT {person.rows(columns)})", _texts(columns)).texts
        }
    return Needles(tuple(text for text in needles.texts if text in texts))


def _found(release: Release, person: Person, needles: Needles) -> Iterator[tuple[str, int]]:
    with release.connect() as marts:
        for table, relation, columns in _relations(release, marts):
            yield table, _count(marts, relation, f"{person.rows(columns)} OR {needles.mentions(_texts(columns))}")


def _relations(release: Release, marts: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """(table, where its rows lie, its columns): each table lies in the DuckDB file and in a file of Parquet."""
    for table in release.tables:
        columns = {name: kind for name, kind, *_ in marts.execute(f'DESCRIBE marts."{table}"').fetchall()}
        for relation in (f'marts."{table}"', f"read_parquet({literal(release.table_file(table))})"):
            yield table, relation, columns


def _ended(release: Release, note: Note) -> Release:
    """The release, after moving what a rewriting that was stopped had left to move: its copy is whole once it has a manifest."""
    copy = _copy_of(release)
    if not (copy / MANIFEST).is_file():
        return release
    rows = manifests.read(copy)["erasures"][-1]["rows"]
    seal(copy)
    _move(copy, release.path, rows, note)
    return open_release(release.path)


def _copy_of(release: Release) -> Path:
    return release.path.with_name(f"{UNFINISHED}{release.id}")


def _names(release: Release, person: Person, needles: Needles) -> bool:
    return any(_cleared(path.read_bytes(), person, needles) != path.read_bytes() for path in _pages(release.path))


def _rewrite(release: Release, person: Person, needles: Needles, told: Needles, note_of: Mapping[str, Any], note: Note) -> None:
    """A copy under a hidden name first; then file by file into place, the manifest last."""
    copy = _copy_of(release)
    shutil.rmtree(copy, ignore_errors=True)
    private_folder(copy)
    described = copy_marts(release.database, copy, memory_gib=4, threads=2, select=lambda _, columns: _kept(columns, person, told))
    for path in _pages(release.path):
        (copy / path.name).write_bytes(_cleared(path.read_bytes(), person, needles))
    same = [name for name in described if _is_same(release, name, described[name])]
    for name in same:
        (copy / f"{name}.parquet").unlink()
    files = {**manifests.described_files(release.path), **manifests.described_files(copy)}
    notes = [*release.manifest.get("erasures", ()), note_of]
    manifests.write(copy, {**release.manifest, "tables": described, "files": files, "erasures": notes})
    seal(copy)
    _move(copy, release.path, note_of["rows"], note)


def _move(copy: Path, target: Path, rows: Mapping[str, int], note: Note) -> None:
    for path in sorted(copy.iterdir(), key=lambda path: (path.name == MANIFEST, path.name)):
        note(target / path.name, rows.get(path.stem, 0), 0)
        os.replace(path, target / path.name)
    flush(target)
    copy.rmdir()


def _is_same(release: Release, table: str, described: Mapping[str, Any]) -> bool:
    told, file = release.manifest["tables"][table], release.path / f"{table}.parquet"
    return told == described and manifests.digest(file) == release.manifest["files"][file.name]["sha256"]


def _kept(columns: Mapping[str, str], person: Person, needles: Needles) -> str:
    texts = _texts(columns)
    cleared = ", ".join(f"{needles.without(column)} AS {column}" for column in texts)
    query = f"SELECT * {f'REPLACE ({cleared})' if cleared and needles.texts else ''} FROM \0 WHERE NOT {person.rows(columns)}"
    return query.replace("{", "{{").replace("}", "}}").replace("\0", "{source}")


def _pages(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.suffix not in (".parquet", ".duckdb") and path.name != MANIFEST]


def _cleared(content: bytes, person: Person, needles: Needles) -> bytes:
    for key in person.keys:
        content = content.replace(key.encode(), INSTEAD.encode()).replace(f"{key[:_SHOWN]}…".encode(), INSTEAD.encode())
    return needles.cleared(content)


def _texts(columns: Mapping[str, str]) -> list[str]:
    return [f'"{name}"' for name, kind in columns.items() if kind == "VARCHAR"]


def _count(connection: duckdb.DuckDBPyConnection, relation: str, condition: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {relation} WHERE {condition}").fetchone()
    return int(row[0]) if row else 0
