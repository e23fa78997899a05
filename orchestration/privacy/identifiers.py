"""What tells a person apart from everybody else: contacts and names that nobody else has had, in any version of any record.

Comes in: the home, landed rows of the person's records. Goes out: contacts and names. One that somebody else has too is not the person's
alone: it stays, and is not a reason to keep anybody from landing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration import landing
from orchestration.contract import RECORD_TABLES
from orchestration.home import Home
from orchestration.landing.spelling import email_key, international, phones
from orchestration.landing.written import parquet

# Table → the kind of its records.
KINDS = {"crm_customers": "crm", "billing_customers": "billing"}


@dataclass(frozen=True)
class Contacts:
    """What a person can be reached by: as tombstones take it, as it was written, hashed; and how many of it others have had too."""

    own: list[tuple[str, str, str]]
    texts: set[str]
    hashes: set[str]
    shared: int


def contacts_of(home: Home, said: list[dict[str, Any]], email: str, mine: set[tuple[str, str, str]]) -> Contacts:
    """The contacts in the rows `said` of the records `mine`, and `email`, without those that somebody else has had."""
    emails = {row["email"]: spelled(row["email"]) for row in said if row.get("email")} | ({email: spelled(email)} if email else {})
    numbers = {(row.get("phone"), row.get("country")) for row in said if row.get("phone")}
    keys = {number: dialled(number, country) for number, country in numbers}
    theirs = _held_by_others(home, mine)
    own_emails = {text: key for text, key in emails.items() if key and key not in theirs}
    own_phones = {str(text): key for text, key in keys.items() if key and key not in theirs}
    pairs = [("email", "", key) for key in sorted(set(own_emails.values()))] + [
        ("phone", "", key) for key in sorted(set(own_phones.values()))
    ]
    salt = home.salt()
    hashes = {_pseudonym(salt, text) for text in [*own_emails, *own_emails.values(), *(text.strip().lower() for text in own_emails)]}
    return Contacts(
        pairs,
        {*own_emails, *own_emails.values(), *own_phones, *own_phones.values(), *map(international, own_phones.values())},
        hashes,
        len(emails) + len(keys) - len(own_emails) - len(own_phones),
    )


def _held_by_others(home: Home, mine: set[tuple[str, str, str]]) -> set[str]:
    """Spellings of contacts that a record of somebody else has had, in any version."""
    held: set[str] = set()
    with duckdb.connect() as connection:
        connection.execute("CREATE TEMP TABLE mine (source VARCHAR, kind VARCHAR, id VARCHAR)")
        connection.executemany("INSERT INTO mine VALUES (?, ?, ?)", sorted(mine) or [("", "", "")])
        for source, table, files in _record_files(home):
            own = f"SELECT id FROM mine WHERE source = '{source}' AND kind = '{KINDS[table]}'"
            rows = f"(SELECT * FROM {parquet(files)} WHERE {RECORD_TABLES[table]} NOT IN ({own}))"
            held |= {one for (one,) in connection.execute(f"SELECT DISTINCT {email_key('email')} FROM {rows} AS said").fetchall() if one}
            if table == "crm_customers":
                query = f"SELECT DISTINCT phone_key FROM ({phones(f'{rows} AS landed')})"
                held |= {one for (one,) in connection.execute(query).fetchall() if one}
    return held


def own_names(home: Home, said: list[dict[str, Any]], mine: set[tuple[str, str, str]]) -> set[str]:
    """Full names that nobody else has: a namesake keeps theirs."""
    names = {row["full_name"] for row in said if row.get("full_name") and " " in row["full_name"].strip()}
    for source, table, files in _record_files(home):
        if table == "crm_customers" and names:
            ids = [one for held, kind, one in mine if (held, kind) == (source, "crm")]
            query = (
                f"SELECT DISTINCT full_name FROM {parquet(files)} WHERE list_contains(?, full_name) AND NOT list_contains(?, customer_id)"
            )
            names -= {one for (one,) in duckdb.execute(query, [sorted(names), ids]).fetchall()}
    return names


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
    said = "(SELECT CAST($number AS VARCHAR) AS phone, CAST($country AS VARCHAR) AS country) AS said_once"
    rows = duckdb.execute(f"SELECT phone_key FROM ({phones(said)})", {"number": number, "country": country}).fetchall()
    return rows[0][0] if rows else None


def _pseudonym(salt: str, value: str) -> str:
    """As dbt's macro of the same name writes it."""
    return str(duckdb.execute("SELECT sha256($1 || '|' || $2)", [salt, value]).fetchall()[0][0])
