"""Who is known by which id: what the warehouse says, before a night has built it anew what the served release does.

Comes in: the home. Goes out: identities and keys of before, read once for however many names are to be looked up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import duckdb

from orchestration import releases
from orchestration.home import Home
from orchestration.privacy.identifiers import KINDS, Record

_BUILT = "SELECT source_name, record_type, source_customer_id, customer_key FROM intermediate.int_identity_spans WHERE valid_to IS NULL"
_PUBLISHED = "SELECT source, record_type, source_customer_id, customer_key FROM marts.customer_identities WHERE valid_to IS NULL"
_REDIRECTS = "SELECT old_customer_key, customer_key FROM marts.dim_customer_key_redirects"


@dataclass(frozen=True)
class Known:
    """Record → customer_key; and (customer_key of before a merge or a split, the key that has taken its place), as published."""

    identities: dict[Record, str]
    redirects: list[tuple[str, str]]

    @classmethod
    def of(cls, home: Home) -> Known:
        """As far as anything was built or published."""
        return cls({(source, kind, one): key for source, kind, one, key in _identities(home)}, _redirects(home))

    def keys(self, name: str) -> set[str]:
        """The customers who are called `name` by any source, or whose key it is."""
        return self._named.get(name, set())

    def keys_of_before(self, name: str) -> set[str]:
        """The customers whose key of before `name` is."""
        return {key for old, key in self.redirects if old == name}

    def records(self, keys: Collection[str]) -> tuple[Record, ...]:
        """The records of customers."""
        return tuple(sorted(record for key in keys for record in self._held.get(key, ())))

    def former_keys(self, keys: Collection[str]) -> set[str]:
        """Keys of theirs that nobody has now."""
        return {old for old, key in self.redirects if key in keys} - self._held.keys()

    def others(self, mine: Collection[Record]) -> dict[str, tuple[str, ...]]:
        """Table → ids of the records that are not among `mine`."""
        rest = [record for record in self.identities if record not in mine]
        return {table: tuple(sorted({one for _, kind, one in rest if kind == held})) for table, held in KINDS.items()}

    def crms_with(self, name: str) -> int:
        """How many sources have a CRM record of this id."""
        return self._crms.get(name, 0)

    @cached_property
    def _crms(self) -> Counter[str]:
        return Counter(one for _, kind, one in self.identities if kind == "crm")

    @cached_property
    def _held(self) -> dict[str, list[Record]]:
        held = defaultdict[str, list[Record]](list)
        for record, key in self.identities.items():
            held[key].append(record)
        return held

    @cached_property
    def _named(self) -> dict[str, set[str]]:
        named = defaultdict[str, set[str]](set)
        for (_, _, one), key in self.identities.items():
            named[one].add(key)
            named[key].add(key)
        return named


def _identities(home: Home) -> list[tuple[str, str, str, str]]:
    if home.warehouse.exists():
        with duckdb.connect(str(home.warehouse), read_only=True) as connection:
            if connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'int_identity_spans'").fetchone():
                return connection.execute(_BUILT).fetchall()
    if releases.current_id(home.root) is None:
        return []
    with releases.current(home.root).connect() as marts:
        return marts.execute(_PUBLISHED).fetchall()


def _redirects(home: Home) -> list[tuple[str, str]]:
    if releases.current_id(home.root) is None:
        return []
    release = releases.current(home.root)
    if "dim_customer_key_redirects" not in release.tables:
        return []
    with release.connect() as marts:
        return marts.execute(_REDIRECTS).fetchall()
