"""Which rows are of people who were erased, and which ids of theirs nobody knew yet.

Comes in: a relation of rows as they are landed, its table and source, the tombstones. Goes out: a condition in SQL, new tombstones.
A row is one of theirs when a column that says whose row it is (contract/persons.py) holds an id or a contact of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import duckdb

from orchestration.contract import COMPANY_TABLES, CONTACT_KINDS, INPUT_TABLES, NAMES_OTHER_SOURCES, PERSON_COLUMNS, RECORD_TABLES, Table
from orchestration.landing.spelling import email_key, phones
from orchestration.landing.tombstones import ANY_SOURCE, Tombstones
from orchestration.sql_text import identifier

# A record that was merged into that of a contact is one of theirs only when it is named itself.
_OWN = replace(
    INPUT_TABLES["crm_customers"], columns=tuple(one for one in INPUT_TABLES["crm_customers"].columns if "merged" not in one.name)
)
NOBODY = "SELECT CAST(NULL AS VARCHAR) AS id WHERE false"


def is_erased(
    connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, relation: str, table: Table, source: str, crm_ids: str = NOBODY
) -> str:
    """SQL that is true for the rows of `relation` that are of people who were erased; never NULL.

    crm_ids  SELECT of the ids (`id`) of the CRM records that this source has itself: a reference to one of those names no other source's
    Makes temporary tables with the values found: they are few, and a row is then only looked up.
    """
    found = list(_matched(connection, tombstones, relation, table, source, crm_ids, {}))
    if table.name not in COMPANY_TABLES and tombstones.has_contacts:
        found += _matched(connection, tombstones, relation, table, source, crm_ids, CONTACT_KINDS)
    return "(" + " OR ".join(found) + ")" if found else "false"


def is_contact(connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, relation: str, table: Table, source: str) -> str:
    """SQL that is true for the records in `relation` of contacts who were erased from their companies; never NULL."""
    if table.name != "crm_customers" or not tombstones.has_contacts:
        return "false"
    return "(" + " OR ".join(_matched(connection, tombstones, relation, _OWN, source, NOBODY, CONTACT_KINDS)) + ")"


def learn(
    connection: duckdb.DuckDBPyConnection,
    tombstones: Tombstones,
    relation: str,
    table: Table,
    source: str,
    condition: str,
    known: str,
    kinds: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Bury the ids of erased records that came under a new id; whether there was one.

    kinds  of tombstones, where they are not those of people who are customers themselves
    known  SELECT of the ids (`id`) that belong to somebody else: a living record that took over a contact stays who it is
    """
    column, kind = RECORD_TABLES[table.name], PERSON_COLUMNS[RECORD_TABLES[table.name]]
    kind = kinds.get(kind, kind)
    others = f"SELECT id FROM ({known}) WHERE id IS NOT NULL"
    query = f"SELECT DISTINCT {column} FROM {relation} WHERE {condition} AND {column} IS NOT NULL AND {column} NOT IN ({others})"
    fresh = {tombstones.hashed(kind, source, value) for (value,) in connection.execute(query).fetchall()} - tombstones.hashes
    if fresh:
        tombstones.add(fresh)
        tombstones.show(connection)
    return bool(fresh)


def _matched(
    connection: duckdb.DuckDBPyConnection,
    tombstones: Tombstones,
    relation: str,
    table: Table,
    source: str,
    crm_ids: str,
    kinds: Mapping[str, str],
) -> Iterator[str]:
    for column, plain in PERSON_COLUMNS.items():
        kind = kinds.get(plain, plain)
        if column not in table.column_names or (kinds and plain not in kinds) or not tombstones.may_hold(kind):
            continue
        values = f"{kind if kinds else 'erased'}_{table.name}_{column}"
        if plain == "phone":
            test = tombstones.sql(kind, "", "phone_key")
            query = f"SELECT phone, coalesce(country_said, '') AS country FROM ({phones(relation)}) WHERE {test}"
            yield f"coalesce((phone, coalesce(country, '')) IN (SELECT (phone, country) FROM {values}), false)"
        else:
            test = tombstones.sql(kind, "", email_key("value")) if plain == "email" else _named(tombstones, table, kind, source, crm_ids)
            query = f"SELECT value FROM (SELECT DISTINCT {identifier(column)} AS value FROM {relation}) WHERE {test}"
            yield f"coalesce({identifier(column)} IN (SELECT value FROM {values}), false)"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {values} AS {query}")


def _named(tombstones: Tombstones, table: Table, kind: str, source: str, crm_ids: str) -> str:
    own = tombstones.sql(kind, source, "trim(value)")
    if kind not in ("crm", "contact") or table.name not in NAMES_OTHER_SOURCES:
        return own
    return (
        f"({own} OR ({tombstones.sql(kind, ANY_SOURCE, 'trim(value)')} AND value NOT IN (SELECT id FROM ({crm_ids}) WHERE id IS NOT NULL)))"
    )
