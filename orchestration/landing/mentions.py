"""Erased people in what others write of them later: addresses and phone numbers in free text are cleared before it lands.

Comes in: a batch of a table and the tombstones. Goes out: the same with `[erased]` in the place of contacts that were buried.
Tombstones are hashes, so only what is written like a contact can be looked up: of names and ids in text nobody remembers whose they were.
The hash of a row stays that of the row as the source has it, so its copy there is still known and does not land anew.
"""

from __future__ import annotations

import duckdb

from orchestration.contract import CONTACT_KINDS, FREE_TEXT, Table
from orchestration.landing.spelling import email_key, international, phones
from orchestration.landing.tombstones import Tombstones
from orchestration.landing.written import parquet
from orchestration.redaction import Needles
from orchestration.sources.base import Batch
from orchestration.sql_text import identifier, literal

_ADDRESS = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_NUMBER = r"(?:\+|\b00)\d[\d ./()\x{00A0}-]{5,20}\d"  # of one that is dialled at home nobody knows the country


def without_mentions(connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, table: Table, batch: Batch) -> None:
    """Clear the free text of one batch, in place; needs the table that `tombstones.show` makes."""
    if table.name not in FREE_TEXT or batch.data is None:
        return
    column, relation = identifier(FREE_TEXT[table.name]), parquet([str(batch.data)])
    needles = Needles.of(_buried(connection, tombstones, f"(SELECT {column} AS said FROM {relation})"))
    if needles.texts:
        target = batch.data.with_suffix(".unmentioned")
        query = f"SELECT * REPLACE ({needles.without(column)} AS {column}) FROM {relation}"
        connection.execute(f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet)")
        target.replace(batch.data)


def _buried(connection: duckdb.DuckDBPyConnection, tombstones: Tombstones, texts: str) -> set[str]:
    """The contacts in `texts` that have a tombstone, as they are written there; a number also as it is dialled from abroad."""
    written = (
        "SELECT DISTINCT rtrim(unnest(regexp_extract_all(said, {pattern})), '.-') AS {name}{country} FROM {texts} WHERE said IS NOT NULL"
    )
    addresses = written.format(pattern=literal(_ADDRESS), name="email", country="", texts=texts)
    numbers = written.format(pattern=literal(_NUMBER), name="phone", country=", CAST(NULL AS VARCHAR) AS country", texts=texts)
    keyed = {
        "email": f"SELECT email AS written, {email_key('email')} AS key FROM ({addresses})",
        "phone": f"SELECT phone AS written, phone_key AS key FROM ({phones(f'({numbers}) AS numbers')})",
    }
    found: set[str] = set()
    for kind, query in keyed.items():
        known = " OR ".join(tombstones.sql(one, "", "key") for one in (kind, CONTACT_KINDS[kind]))
        rows = connection.execute(f"SELECT written, key FROM ({query}) WHERE key IS NOT NULL AND ({known})").fetchall()
        found |= {text for text, _ in rows} | {international(key) for _, key in rows}
    return found
