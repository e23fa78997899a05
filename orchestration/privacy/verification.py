"""Whether a home still holds somebody: every file of it is searched, by name and by content.

Comes in: the home and needles. Goes out: a line for each file that holds one, and how much was searched. Left out are the journal of an
erasure under way, which names the person by purpose, and the states of destinations that have still to be told to forget them: those are
named by `orders`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.home import Home
from orchestration.privacy import searching
from orchestration.privacy.databases import DuckDb
from orchestration.privacy.journal import SUFFIX
from orchestration.redaction import Needles


@dataclass(frozen=True)
class Searched:
    """What a search came to.

    hits     a line a file: its path below the home, and the tables or kinds of places in it
    files    how many were searched, and their bytes
    deleted  database files with rows or blocks that were deleted and not overwritten yet: compressed there, nobody can search them
    """

    hits: tuple[str, ...]
    files: int
    bytes: int
    deleted: tuple[str, ...]


def search(home: Home, needles: Needles, waiting: tuple[str, ...] = ()) -> Searched:
    """Search every file below the home.

    waiting  destinations whose state names the person until they have confirmed
    """
    hits: list[str] = []
    deleted: list[str] = []
    files = size = 0
    for path in _files(home, waiting):
        shown = path.relative_to(home.root).as_posix()
        places = sorted(set(searching.places(path, needles)) | ({"its name"} if needles.are_in(f"{shown} {path.stem}".encode()) else set()))
        hits += [f"{shown} ({', '.join(places)})"] if places else []
        deleted += [shown] if searching.rows_of(path) is DuckDb and DuckDb.has_deleted(path) else []
        files, size = files + 1, size + path.stat().st_size
    return Searched(tuple(hits), files, size, tuple(deleted))


def found(home: Home, needles: Needles, waiting: tuple[str, ...] = ()) -> list[str]:
    """Files below the home that hold a needle, each with the tables or the kinds of places; empty when there is none."""
    return list(search(home, needles, waiting).hits) if needles.texts else []


def _files(home: Home, waiting: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(home.root.rglob("*")):
        exempt = path.name.endswith(SUFFIX) or (path.parent.name == "activation" and path.stem in waiting)
        if path.is_file() and not path.is_symlink() and not exempt:
            yield path
