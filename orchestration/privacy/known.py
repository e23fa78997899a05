"""Who is known by which id: what the warehouse says, before a night has built it anew what the served release does.

Comes in: the home. Goes out: identities and keys of before, for however many names are to be looked up. They stay columns in DuckDB's
memory: of a million identities Python would make a gigabyte of texts, to look for one person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

import duckdb
import pyarrow as pa

from orchestration import releases
from orchestration.home import Home
from orchestration.privacy.identifiers import KINDS, Record
from orchestration.sql_text import literal

_BUILT = (
    "SELECT source_name, record_type, source_customer_id, customer_key FROM held.intermediate.int_identity_spans WHERE valid_to IS NULL"
)
_PUBLISHED = "SELECT source, record_type, source_customer_id, customer_key FROM held.marts.customer_identities WHERE valid_to IS NULL"
_REDIRECTS = "SELECT old_customer_key, customer_key FROM held.marts.dim_customer_key_redirects"


class Known:
    """Record → customer_key; and (customer_key of before a merge or a split, the key that has taken its place), as published."""

    def __init__(self) -> None:
        self._held = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        self._held.execute("CREATE TABLE identities (source VARCHAR, kind VARCHAR, id VARCHAR, customer_key VARCHAR)")
        self._held.execute("CREATE TABLE redirects (old VARCHAR, customer_key VARCHAR)")

    @classmethod
    def of(cls, home: Home) -> Known:
        """As far as anything was built or published."""
        known = cls()
        served = releases.current(home.root) if releases.current_id(home.root) is not None else None
        if not (home.warehouse.exists() and known._read(home.warehouse, "identities", _BUILT)) and served is not None:
            known._read(served.database, "identities", _PUBLISHED)
        if served is not None and "dim_customer_key_redirects" in served.tables:
            known._read(served.database, "redirects", _REDIRECTS)
        return known

    def _read(self, database: object, table: str, query: str) -> bool:
        """Take over what `query` finds in another database; False where that was not built."""
        self._held.execute(f"ATTACH {literal(database)} AS held (READ_ONLY)")
        try:
            self._held.execute(f"INSERT INTO {table} {query}")
        except duckdb.CatalogException:  # the tables of a warehouse that an erasure has emptied
            return False
        finally:
            self._held.execute("DETACH held")
        return True

    def keys(self, names: Collection[str]) -> dict[str, set[str]]:
        """Name → the customers who are called so by any source, or whose key it is."""
        query = """SELECT name, customer_key FROM identities INNER JOIN wanted ON name = id
            UNION SELECT name, customer_key FROM identities INNER JOIN wanted ON name = customer_key"""
        return self._found(names, query)

    def keys_of_before(self, names: Collection[str]) -> dict[str, set[str]]:
        """Name → the customers whose key of before it is."""
        return self._found(names, "SELECT name, customer_key FROM redirects INNER JOIN wanted ON name = old")

    def keys_of(self, records: Iterable[Record]) -> dict[Record, str]:
        """Record → its customer, of those that have one."""
        self._ask(records)
        query = "SELECT source, kind, id, customer_key FROM identities SEMI JOIN asked USING (source, kind, id)"
        return {(source, kind, one): key for source, kind, one, key in self._held.execute(query).fetchall()}

    def records(self, keys: Collection[str]) -> dict[str, tuple[Record, ...]]:
        """Customer → the records."""
        held = defaultdict[str, list[Record]](list)
        self._want(keys)
        query = "SELECT customer_key, source, kind, id FROM identities INNER JOIN wanted ON name = customer_key ORDER BY ALL"
        for key, *record in self._held.execute(query).fetchall():
            held[key].append((record[0], record[1], record[2]))
        return {key: tuple(records) for key, records in held.items()}

    def former_keys(self, keys: Collection[str]) -> set[str]:
        """Keys of theirs that nobody has now."""
        self._want(keys)
        query = """SELECT DISTINCT old FROM redirects INNER JOIN wanted ON name = customer_key
            ANTI JOIN identities ON identities.customer_key = old"""
        return {old for (old,) in self._held.execute(query).fetchall()}

    def others(self, mine: Collection[Record]) -> dict[str, pa.Table]:
        """Record table → ids (`id`) of the records that are not among `mine`."""
        self._ask(mine)
        query = "SELECT DISTINCT id FROM identities ANTI JOIN asked USING (source, kind, id) WHERE kind = ?"
        return {table: self._held.execute(query, [kind]).to_arrow_table() for table, kind in KINDS.items()}

    def of_one_crm(self, ids: Collection[str]) -> set[str]:
        """Those of `ids` that are of a CRM record in one source at most."""
        self._want(ids)
        query = """SELECT name FROM wanted LEFT JOIN identities ON id = name AND kind = 'crm'
            GROUP BY name HAVING count(customer_key) <= 1"""
        return {one for (one,) in self._held.execute(query).fetchall()}

    def _found(self, names: Collection[str], query: str) -> dict[str, set[str]]:
        """Name → keys, nobody's included."""
        found: dict[str, set[str]] = {name: set() for name in names}
        self._want(names)
        for name, key in self._held.execute(query).fetchall():
            found[name].add(key)
        return found

    def _want(self, names: Collection[str]) -> None:
        self._held.execute("CREATE OR REPLACE TEMP TABLE wanted AS SELECT DISTINCT unnest(?::VARCHAR[]) AS name", [list(names)])

    def _ask(self, records: Iterable[Record]) -> None:
        columns = ("source", "kind", "id")
        rows = [dict(zip(columns, record, strict=True)) for record in records]
        self._held.register("asked", pa.Table.from_pylist(rows, pa.schema([(column, pa.string()) for column in columns])))
