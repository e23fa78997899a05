"""What every target has in common: what it tells, how it fails, and which tables it is given.

Comes in: a release. Goes out: the names of the tables that may leave.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.plain_words import counted
from orchestration.releases import Release, is_of_persons


class ServingError(Exception):
    """A target could not be given the release; the message is one line: where, why, what to do. It holds no secret and no row."""


@dataclass(frozen=True)
class Served:
    """What became of one target: tables and rows of the release that it serves now; `is_new` False when it served that before."""

    release_id: str
    tables: int
    rows: int
    is_new: bool

    @property
    def told(self) -> str:
        """The account in words."""
        held = f"{counted(self.tables, 'table')}, {counted(self.rows, 'row')}"
        return f"{'serves' if self.is_new else 'served already'} {self.release_id}, {held}"


def tables_of(release: Release, *, personal: bool) -> list[str]:
    """The tables to hand on. Only with `personal` those that may hold addresses or free text."""
    return [name for name in release.tables if personal or not is_of_persons(name)]


def served(release: Release, tables: list[str], *, is_new: bool) -> Served:
    """The account of `tables` of `release`."""
    return Served(release.id, len(tables), sum(release.manifest["tables"][name]["rows"] for name in tables), is_new)


def fingerprint(release: Release) -> str:
    """Eight hexadecimal digits of what the release holds: another release after a person was erased from it, under the same id."""
    checksums = {name: table["checksum"] for name, table in release.manifest["tables"].items()}
    return _digits(json.dumps(checksums, sort_keys=True))


def marks(release: Release, tables: Iterable[str]) -> tuple[str, str]:
    """Two marks of the release with these of its tables: its fingerprint; and, where that is taken, since `personal` was said otherwise
    when the release was handed on before, one that tells the tables too. What readers may be in is never written again.
    """
    whole = fingerprint(release)
    return whole, _digits(" ".join((whole, *sorted(tables))))


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
