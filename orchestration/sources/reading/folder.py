"""A folder of exports: which files belong to which table, in which order, and what lies there that is not read.

Comes in: the folder of a files source. Goes out: paths, and one line for everything that nobody would otherwise miss.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from orchestration.contract import INPUT_TABLES
from orchestration.sources.base import SourceError
from orchestration.sources.reading.formats import suffix_of

# What systems put beside files; the last is how Excel locks a workbook that is open.
HIDDEN = (".", "_", "~$")


def files_of(folder: Path, table: str) -> list[Path]:
    """The files of `table`, in the order of their names as a person sorts them: 2.csv before 10.csv."""
    single = [path for path in _listed(folder) if path.name.split(".")[0] == table and not path.is_dir() and suffix_of(path)]
    below = [path for path in _walked(folder / table) if suffix_of(path)]
    return sorted(single + below, key=lambda path: place_of(path.relative_to(folder)))


def unread(folder: Path) -> list[str]:
    """What is not read, the tables' folders included, one line each with what it may have been meant to be."""
    inside = [path for table in INPUT_TABLES for path in _walked(folder / table) if not suffix_of(path)]
    paths = [entry for entry in _listed(folder) if not _is_read(entry)] + inside
    return [not_read(path.relative_to(folder).as_posix(), is_folder=path.is_dir()) for path in sorted(paths)]


def place_of(path: PurePath) -> list[tuple[bool, int, str]]:
    """What sorts paths as a person does."""
    pieces = re.split(r"([0-9]+)", path.as_posix())
    return [(not piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece) for piece in pieces if piece]


def _is_read(entry: Path) -> bool:
    # Nobody takes a README for an export; `init` writes one.
    hidden, table = entry.name.startswith(HIDDEN) or entry.stem.lower() == "readme", entry.name.split(".")[0]
    return hidden or (entry.name in INPUT_TABLES if entry.is_dir() else table in INPUT_TABLES and suffix_of(entry) is not None)


def not_read(label: str, *, is_folder: bool) -> str:
    """Why the file or folder is not read, and what to call it; `label` is its path below the source's folder."""
    table = label.split("/")[0].split(".")[0]
    if table in INPUT_TABLES:
        wanted = f"the folder of a table has no suffix: {table}" if is_folder else "no kind of file that is read: export it as CSV"
        return f"{label}: not read, {wanted}"
    close = difflib.get_close_matches(table.lower(), INPUT_TABLES, 1, 0.75)
    return f"{label}: not read, no input table has this name" + (f"; did you mean {close[0]}?" if close else "")


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise SourceError(f"{folder}: the folder cannot be listed ({error.strerror}); rows landed from it stay") from error


def _walked(folder: Path) -> Iterator[Path]:
    """Files below `folder`. An unreadable subfolder is an error: its files must not look as if they were gone."""

    def refuse(error: OSError) -> None:
        raise SourceError(f"{folder}: the folder cannot be listed ({error.strerror}); rows landed from it stay") from error

    for below, folders, files in os.walk(folder, onerror=refuse if folder.is_dir() else None):
        folders[:] = sorted(each for each in folders if not each.startswith(HIDDEN))
        yield from (Path(below) / file for file in files if not file.startswith(HIDDEN))
