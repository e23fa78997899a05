"""What tells a person apart from everybody else: contacts and names that nobody else has had, in any version of any record.

Comes in: the home, landed rows of the person's records. Goes out: contacts and names. One that somebody else has too is not the person's
alone: it stays, and is not a reason to keep anybody from landing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from orchestration import landing
from orchestration.contract import RECORD_TABLES
from orchestration.home import Home
from orchestration.landing.spelling import email_key, international, phones
from orchestration.landing.written import parquet
from orchestration.sql_text import literal

# Table → the kind of its records.
KINDS = {"crm_customers": "crm", "billing_customers": "billing"}


Pair = tuple[str, str, str]  # kind, source, value: what a tombstone is a hash of
Record = tuple[str, str, str]  # source, record type, id


@dataclass(frozen=True)
class Contacts:
    """What people can be reached by, as tombstones take it.

    own     of them alone
    of      record → the contacts that its rows say, shared ones too
    shared  what others have had as well
    texts   `own`, as it was written
    hashes  `own`, hashed
    """

    own: list[Pair]
    of: dict[Record, list[Pair]]
    shared: list[Pair]
    texts: set[str]
    hashes: set[str]


def contacts_of(home: Home, said: list[tuple[Record, dict[str, Any]]], emails: Iterable[str], mine: Collection[Record]) -> Contacts:
    """The contacts in the rows `said` of the records `mine`, and `emails`, apart from those that somebody else has had."""
    mail, phone = _mail_keys({*emails, *(row["email"] for _, row in said if row.get("email"))}), _phone_keys(row for _, row in said)
    theirs = _held_by_others(home, mine, {*mail.values(), *phone.values()})
    own_emails = {text: key for text, key in mail.items() if key not in theirs}
    own_phones = {text: key for (text, _), key in phone.items() if key not in theirs}
    of: dict[Record, list[Pair]] = {}
    for record, row in said:
        keys = (("email", mail.get(row.get("email") or "")), ("phone", phone.get((row.get("phone") or "", row.get("country")))))
        of.setdefault(record, []).extend((kind, "", key) for kind, key in keys if key)
    salt = home.salt()
    hashes = {_pseudonym(salt, text) for text in {*own_emails, *own_emails.values(), *(text.strip().lower() for text in own_emails)}}
    own = {(kind, "", key) for kind, keys in (("email", own_emails), ("phone", own_phones)) for key in keys.values()}
    every = {(kind, "", key) for kind, keys in (("email", mail), ("phone", phone)) for key in keys.values()}
    texts = {*own_emails, *own_emails.values(), *own_phones, *own_phones.values(), *map(international, own_phones.values())}
    return Contacts(sorted(own), of, sorted(every - own), texts, hashes)


def _mail_keys(texts: Collection[str]) -> dict[str, str]:
    """Address as it was written → as it is compared, where it is one."""
    query = f"SELECT said, {email_key('said')} FROM (SELECT unnest(?::VARCHAR[]) AS said)"
    return {text: key for text, key in duckdb.execute(query, [sorted(texts)]).fetchall() if key}


def _phone_keys(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, str | None], str]:
    """(number, country) as they were written → as it is compared, where it can be."""
    numbers = [{"phone": row["phone"], "country": row.get("country")} for row in rows if row.get("phone")]
    if not numbers:
        return {}
    with duckdb.cursor() as connection:
        connection.register("numbers", pa.Table.from_pylist(numbers, pa.schema([("phone", pa.string()), ("country", pa.string())])))
        query = f"SELECT phone, country_said, phone_key FROM ({phones('numbers')}) WHERE phone_key IS NOT NULL"
        found = connection.execute(query).fetchall()
    return {(text, country): key for text, country, key in found}


def _held_by_others(home: Home, mine: Collection[Record], keys: Collection[str]) -> set[str]:
    """Those of `keys`, spellings of contacts, that a record of somebody else has had, in any version."""
    held: set[str] = set()
    with duckdb.cursor() as connection:
        connection.execute("CREATE TEMP TABLE wanted AS SELECT unnest(?::VARCHAR[]) AS key", [sorted(keys)])
        connection.execute("CREATE TEMP TABLE mine (source VARCHAR, kind VARCHAR, id VARCHAR)")
        connection.executemany("INSERT INTO mine VALUES (?, ?, ?)", sorted(mine) or [("", "", "")])
        for source, table, files in _record_files(home) if keys else ():
            own = f"SELECT id FROM mine WHERE source = {literal(source)} AND kind = '{KINDS[table]}'"
            rows = f"(SELECT * FROM {parquet(files)} WHERE {RECORD_TABLES[table]} NOT IN ({own}))"
            said = [f"SELECT {email_key('email')} AS key FROM {rows} AS said"]
            said += [f"SELECT phone_key AS key FROM ({phones(f'{rows} AS landed')})"] if table == "crm_customers" else []
            for query in said:
                held |= {one for (one,) in connection.execute(f"SELECT key FROM wanted SEMI JOIN ({query}) USING (key)").fetchall()}
    return held


def own_names(home: Home, said: Iterable[dict[str, Any]], mine: Collection[Record]) -> set[str]:
    """Full names that nobody else has, in the orders in which people write them: a namesake keeps theirs, however it is written."""
    forms = {row["full_name"]: _ordered(row["full_name"]) for row in said if row.get("full_name") and " " in row["full_name"].strip()}
    held: set[str] = set()
    for source, table, files in _record_files(home):
        if table == "crm_customers" and forms:
            ids = [one for held_by, kind, one in mine if (held_by, kind) == (source, "crm")]
            keys = sorted({_plain(form) for each in forms.values() for form in each})
            query = f"""SELECT DISTINCT {_PLAIN_NAME} AS key FROM {parquet(files)}
                WHERE list_contains(?, key) AND NOT list_contains(?, customer_id)"""
            held |= {one for (one,) in duckdb.execute(query, [keys, ids]).fetchall()}
    return {form for each in forms.values() if not held & set(map(_plain, each)) for form in each}


_PLAIN_NAME = r"trim(regexp_replace(lower(full_name), '[\s,\x{00A0}]+', ' ', 'g'))"


def _plain(name: str) -> str:
    """A name as it is compared, like `_PLAIN_NAME`: small letters, one blank between words."""
    return " ".join(name.lower().replace(",", " ").split())


def _ordered(name: str) -> list[str]:
    """`Ada Abbott` also as lists have it, `Abbott, Ada`, whichever of its words the last name begins with; and the other way round."""
    last, comma, first = (part.strip() for part in name.partition(","))
    if comma:
        return [name, f"{first} {last}"]
    words = name.split()
    return [name, *(f"{' '.join(words[at:])}, {' '.join(words[:at])}" for at in range(1, len(words)))]


def _record_files(home: Home) -> list[tuple[str, str, list[str]]]:
    listed = landing.completed_files(home.landing)
    return [
        (source, table, [path for held, _, path in listed[table] if held == source])
        for table in RECORD_TABLES
        for source in sorted({held for held, _, _ in listed[table]})
    ]


def spelled(text: str) -> str:
    """An e-mail address as it is compared."""
    return str(duckdb.execute(f"SELECT {email_key('said')} FROM (SELECT ? AS said)", [text]).fetchall()[0][0] or "")


def dialled(number: str | None, country: str | None) -> str | None:
    """A phone number as it is compared; None where it is none."""
    return _phone_keys([{"phone": number, "country": country}]).get((number or "", country))


def _pseudonym(salt: str, value: str) -> str:
    """As dbt's macro of the same name writes it."""
    return str(duckdb.execute("SELECT sha256($1 || '|' || $2)", [salt, value]).fetchall()[0][0])
