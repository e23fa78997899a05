"""Retention: people whom every source has deleted are erased once `deleted_people_days` are over, and free text goes after
`free_text_months`, without anybody asking for it.

Comes in: the settings and the home of a company whose night was built. Goes out: erasures like those that are asked for, a receipt each,
of many people at once; landed rows without their text.
Unlike erasures that are asked for they bury ids and no contacts: who comes back under a new record is welcome as a new customer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from orchestration import landing
from orchestration.contract import RECORD_TABLES
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.privacy import contact, erasure, journal
from orchestration.privacy.identifiers import KINDS
from orchestration.privacy.known import Known
from orchestration.privacy.subject import Together, of_keys
from orchestration.redaction import Needles
from orchestration.settings import Settings
from orchestration.warehouse import renewal

# Every erasure reads and writes the whole home once, and its journal and searches name everybody in it.
MOST_AT_ONCE = 500

# A record that its source no longer lists is gone from the load on that found it missing; one that came back has no deleted_at.
_RECORDS = """
    SELECT staged.source_name, '{kind}' AS record_type, staged.{column} AS source_customer_id,
        CASE WHEN staged.deleted_at IS NOT NULL
            THEN least(staged.deleted_at, CASE WHEN landed.gone_in > landed.seen_in THEN strptime(landed.gone_in, '%Y%m%dT%H%M%S.%fZ') END)
        END AS gone_at
    FROM staging.stg_files__{table} AS staged
    INNER JOIN (
        SELECT _source, {column}, max(_load_id) FILTER (_is_deleted) AS gone_in,
            max(_load_id) FILTER (NOT coalesce(_is_deleted, false)) AS seen_in
        FROM landing.{table} GROUP BY ALL
    ) AS landed ON landed._source = staged.source_name AND landed.{column} = staged.{column}
"""
_OVERDUE = f"""
    SELECT spans.customer_key
    FROM intermediate.int_identity_spans AS spans
    LEFT JOIN (
        {" UNION ALL ".join(_RECORDS.format(table=table, column=column, kind=KINDS[table]) for table, column in RECORD_TABLES.items())}
    ) AS records USING (source_name, record_type, source_customer_id)
    WHERE spans.valid_to IS NULL
    GROUP BY spans.customer_key
    HAVING bool_and(coalesce(records.gone_at < (SELECT as_of_date FROM ops.night) - to_days($days), false))
    ORDER BY spans.customer_key
"""
_OVERDUE_CONTACTS = f"""
    SELECT source_name, source_customer_id
    FROM ({_RECORDS.format(table="crm_customers", column="customer_id", kind="crm")}) AS records
    WHERE gone_at < (SELECT as_of_date FROM ops.night) - to_days($days)
    ORDER BY ALL
"""


@dataclass(frozen=True)
class Enforced:
    """What came of it: how many people were erased, the receipts, and how many landed rows lost their text."""

    people: int
    receipts: tuple[Path, ...]
    texts: int = 0


def overdue(home: Home, days: int) -> list[str]:
    """The customers, by key, all of whose records were deleted more than `days` before the night that the warehouse holds."""
    if not _is_built(home):
        return []
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return overdue_in(connection, days)


def overdue_contacts(home: Home, days: int) -> list[tuple[str, str, str]]:
    """The records of contacts of companies that were deleted for longer, without those that were emptied before or hold an account."""
    if not _is_built(home):
        return []
    tombstones, held = Tombstones(home.erasures), contact.tied_by_address_alone(home)
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute(_OVERDUE_CONTACTS, {"days": days}).fetchall()
    return [
        (source, "crm", one)
        for source, one in rows
        if (source, one) not in held and tombstones.hashed("contact", source, one) not in tombstones.hashes
    ]


def _is_built(home: Home) -> bool:
    """Whether a night has; an erasure empties the warehouse, and the next night builds it anew."""
    if not home.warehouse.exists():
        return False
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return bool(connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'int_identity_spans'").fetchone())


def overdue_in(warehouse: duckdb.DuckDBPyConnection, days: int) -> list[str]:
    """The same, of a warehouse that is open and was built."""
    return [key for (key,) in warehouse.execute(_OVERDUE, {"days": days}).fetchall()]


def enforce(settings: Settings, home: Home, at: Callable[[str], None] = lambda _: None) -> Enforced:
    """End erasures that were interrupted, empty texts whose time is over, then erase everybody who is overdue.

    Raises erasure.NamedExportError and erasure.StillThereError.
    """
    days, months = settings.tuning.deleted_people_days, settings.tuning.free_text_months
    if days is None and months is None:
        return Enforced(0, ())
    receipts = [erasure.carry_out(settings, home, begun, at) for begun in journal.unfinished(home.erasures)]
    is_company = settings.company.customer_level == "company"
    # Told before the texts go, or the first of too many people, for with them the warehouse does that tells it.
    whom: list[Any] = [] if days is None else overdue_contacts(home, days) if is_company else overdue(home, days)
    known = Known.of(home) if whom else Known()
    texts = 0 if months is None else _expire_texts(home, months, at)
    found: Callable[[Home, Any], Together] = contact.of_records if is_company else partial(of_keys, known=known)
    for first in range(0, len(whom), MOST_AT_ONCE):
        begun = erasure.begin(home, found(home, whom[first : first + MOST_AT_ONCE]), bury_contacts=False)
        receipts.append(erasure.carry_out(settings, home, begun, at))
    return Enforced(len(whom), tuple(receipts), texts)


def _expire_texts(home: Home, months: int, at: Callable[[str], None]) -> int:
    """Empty landed texts of more than `months` before the last night's month; returns how many rows lost theirs.

    The warehouse goes first: stopped in between, the next night builds it of what is landed still, and the next retention sees it.
    """
    if not _is_built(home):
        return 0
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        (as_of,) = connection.execute("SELECT as_of_date FROM ops.night").fetchall()[0]
    first_day = landing.first_day_kept(as_of, months)
    if not landing.overdue_texts(home.landing, first_day):
        return 0
    at("texts")
    renewal.renew(home.warehouse, Needles(()), lambda *_: None)
    return landing.expire_texts(home.landing, first_day)
