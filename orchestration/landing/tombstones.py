"""Tombstones: who must never land again, as keyed hashes of source ids, e-mail addresses and phone numbers.

Comes in: `state/erasures/`. Goes out: `tombstones.json` there, replaced in one step; SQL that hashes a column alike. The key is not
`landing/.salt`: whoever removes the landing to read all sources anew would bring everybody back with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.landing.log import LandingError
from orchestration.sql_text import literal

# In front of the hashes of contacts of companies, so that nobody else pays for looking for them.
_CONTACT = "contact:"
# An id that only one CRM has stands for its record in every source that may name it.
ANY_SOURCE = "*"
_SIGN = "|"


class Tombstones:
    """The hashes of everybody erased so far. Raises LandingError when the file is there and cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "tombstones.json"
        self.key, self.hashes = "", frozenset[str]()
        self.kinds: frozenset[str] | None = None  # a hash does not tell of what kind it is
        if self._path.exists():
            self.key, self.hashes = _read(self._path)

    @classmethod
    def in_memory(cls, pairs: Iterable[tuple[str, str, str]]) -> Tombstones:
        """Of (kind, source, value), to look for somebody who is not to be erased; nothing is written."""
        made = cls(Path())
        named = list(pairs)
        made.key, made.kinds = secrets.token_hex(8), frozenset(kind for kind, *_ in named)
        made.hashes = frozenset(made.hashed(*pair) for pair in named)
        return made

    def hashed(self, kind: str, source: str, value: str) -> str:
        """The hash of one id or contact; `source` is empty for contacts."""
        return _mark(kind) + hashlib.sha256((self._front(kind, source) + value).encode()).hexdigest()

    def sql(self, kind: str, source: str, value: str) -> str:
        """SQL that is true where the expression `value` is a tombstone; needs the table that `show` makes."""
        hashed = f"sha256({literal(self._front(kind, source))} || {value})"
        return f"{literal(_mark(kind))} || {hashed} IN (SELECT hash FROM buried)"

    def may_hold(self, kind: str) -> bool:
        """Whether one of `kind` may be among them; where none is, nothing need be compared."""
        return self.kinds is None or kind in self.kinds

    @property
    def has_contacts(self) -> bool:
        """Whether a contact of a company is among them."""
        return self.are_contacts(self.hashes)

    @staticmethod
    def are_contacts(hashes: Iterable[str]) -> bool:
        """Whether one of `hashes` is of a contact of a company."""
        return any(hashed.startswith(_CONTACT) for hashed in hashes)

    def show(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the temporary table `buried`."""
        connection.execute("CREATE OR REPLACE TEMP TABLE buried AS SELECT unnest(?::VARCHAR[]) AS hash", [sorted(self.hashes)])

    def begin(self) -> None:
        """Draw the key, once for all times."""
        if not self.key:
            self.key = secrets.token_hex(32)
            self._write()

    def add(self, hashes: Iterable[str]) -> None:
        """Keep `hashes` for good, on disk before anything else happens."""
        self.hashes = self.hashes | frozenset(hashes)
        self._write()

    def remove(self, hashes: Iterable[str]) -> None:
        """Let whoever has one of `hashes` land again."""
        self.hashes = self.hashes - frozenset(hashes)
        self._write()

    def _front(self, kind: str, source: str) -> str:
        return _SIGN.join((self.key, kind, source, ""))

    def _write(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        waiting = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"key": self.key, "hashes": sorted(self.hashes)}, file, indent=0)
            file.flush()
            os.fsync(file.fileno())
        os.replace(waiting, self._path)


def _mark(kind: str) -> str:
    return _CONTACT if kind.startswith("contact") else ""


def _read(path: Path) -> tuple[str, frozenset[str]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return str(content["key"]), frozenset(content["hashes"])
    except (ValueError, KeyError, TypeError) as error:
        raise LandingError(
            f"{path}: this file is damaged, and without it people who were erased would land again; restore it from a backup"
        ) from error
