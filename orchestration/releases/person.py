"""Somebody as releases know them: which of their rows are about that person, under the keys that each release gave them.

Comes in: records, keys, answers, tickets and hashes of one person; the columns of a table. Goes out: conditions in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from orchestration.releases.reading import Release
from orchestration.sql_text import literal

_KEYS = ("customer_key", "old_customer_key", "other_customer_key")


@dataclass(frozen=True)
class Person:
    """Who leaves: `records` are (source, record type, id), `answers` and `tickets` ids of such rows, `hashes` those of e-mails."""

    keys: frozenset[str]
    records: frozenset[tuple[str, str, str]]
    answers: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    tickets: frozenset[str] = frozenset()

    @property
    def external_ids(self) -> frozenset[str]:
        """By what destinations may know them."""
        return frozenset(record[2] for record in self.records) | self.keys

    def rows(self, columns: Mapping[str, str]) -> str:
        """SQL that is true for rows about them in a table with `columns`; never NULL."""
        tests = [_among(column, self.keys) for column in _KEYS if column in columns]
        if "source_customer_id" in columns:
            tests.append(_is_record(columns, self.records))
        if "external_id" in columns:
            tests.append(_among("external_id", self.external_ids))
        if "response_id" in columns:
            tests.append(_among("response_id", self.answers))
        if "ticket_id" in columns:
            tests.append(_among("ticket_id", self.tickets))
        if "primary_email_hash" in columns:
            tests.append(_among("primary_email_hash", self.hashes))
        return "(" + " OR ".join(tests) + ")" if tests else "false"


def keys_in(release: Release, person: Person) -> frozenset[str]:
    """The keys that the person's records had when `release` was made: a merge or a split since then has changed them."""
    if "customer_identities" not in release.tables:
        return frozenset()
    file = release.table_file("customer_identities")
    columns = {name: kind for name, kind, *_ in duckdb.execute(f"DESCRIBE FROM read_parquet({literal(file)})").fetchall()}
    mine = _is_record(columns, person.records)
    query = f"SELECT DISTINCT customer_key FROM read_parquet({literal(file)}) WHERE {mine} AND valid_to IS NULL"
    return frozenset(key for (key,) in duckdb.execute(query).fetchall() if key)


def _is_record(columns: Mapping[str, str], records: frozenset[tuple[str, str, str]]) -> str:
    names = ("source", "record_type", "source_customer_id") if "record_type" in columns else ("source", "source_customer_id")
    rows = sorted({(record[0], *record[-len(names) + 1 :]) for record in records})
    listed = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
    return f"coalesce(({', '.join(names)}) IN ({listed}), false)" if rows else "false"


def _among(column: str, values: frozenset[str]) -> str:
    return f"coalesce({column} IN ({', '.join(map(literal, sorted(values)))}), false)" if values else "false"
