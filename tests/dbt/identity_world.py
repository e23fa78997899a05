"""Small landed worlds in which somebody may be somebody else, and what the marts say of them.

Comes in: landed rows of `crm_customers`, `billing_customers` …, each with its `_load_id`. Goes out: spans of `customer_identities`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path
from random import Random
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
from harness import empty_warehouse, project
from small_world import land
from who_is_who import Limits, Record

Row = dict[str, Any]
Tables = dict[str, list[Row]]
Spans = dict[Record, list[tuple[datetime, datetime | None, str]]]
BEGIN, AS_OF = datetime(2024, 1, 1), "2025-06-30"
USUAL = Limits(shared=5, records=25)


def day(number: int) -> datetime:
    """Days after the beginning."""
    return BEGIN + timedelta(days=number)


def load(number: int) -> str:
    """The id of the load of that day, at two o'clock in the morning."""
    return f"{day(number):%Y%m%d}T020000.000000Z"


def crm(identity: str, landed: int, *, source: str = "crm", created: int = 0, changed: int | None = None, **said: Any) -> Row:
    """A version of a CRM's record; days count from the beginning."""
    row = {"_source": source, "_load_id": load(landed), "customer_id": identity, "created_at": day(created), **said}
    return row if changed is None else row | {"updated_at": day(changed)}


def billing(identity: str, landed: int, *, source: str = "pay", created: int = 0, **said: Any) -> Row:
    """A version of a billing account."""
    return {"_source": source, "_load_id": load(landed), "billing_customer_id": identity, "created_at": day(created), **said}


def key_of(identity: str, kind: str = "crm", source: str | None = None) -> str:
    """The key that a record gives."""
    return md5(f"{source or ('crm' if kind == 'crm' else 'pay')}|{kind}|{identity}".encode()).hexdigest()


def built(tables: Tables, *wanted: str, as_of: str = AS_OF, limits: Limits = USUAL, **variables: Any) -> duckdb.DuckDBPyConnection:
    """A warehouse with the wanted models."""
    connection = empty_warehouse()
    land(connection, {name: rows for name, rows in tables.items() if rows})
    level = {"customer_level": "company"} if limits.by_company else {}
    settings = {"max_shared_contact_records": limits.shared, "max_records_per_customer": limits.records, **level, **variables}
    project(**settings).build(connection, wanted, as_of)
    return connection


def spans(*rows: Row, as_of: str = AS_OF, limits: Limits = USUAL) -> Spans:
    """Record → its spans in order: from, to, customer key."""
    tables = {
        "crm_customers": [row for row in rows if "billing_customer_id" not in row],
        "billing_customers": [row for row in rows if "billing_customer_id" in row],
    }
    found: Spans = {}
    with built(tables, "customer_identities", as_of=as_of, limits=limits) as connection:
        columns = "source, record_type, source_customer_id, valid_from, valid_to, customer_key"
        for source, kind, identity, *span in connection.sql(f"SELECT {columns} FROM marts.customer_identities ORDER BY ALL").fetchall():
            found.setdefault((source, kind, identity), []).append(tuple(span))
    return found


def reasons(*rows: Row, as_of: str = AS_OF, limits: Limits = USUAL) -> dict[Record, list[tuple[datetime, datetime | None, str]]]:
    """Record → its spans in order: from, to, why."""
    tables = {
        "crm_customers": [row for row in rows if "billing_customer_id" not in row],
        "billing_customers": [row for row in rows if "billing_customer_id" in row],
    }
    found: dict[Record, list[tuple[datetime, datetime | None, str]]] = {}
    with built(tables, "customer_identities", as_of=as_of, limits=limits) as connection:
        columns = "source, record_type, source_customer_id, valid_from, valid_to, matched_by"
        for source, kind, identity, *span in connection.sql(f"SELECT {columns} FROM marts.customer_identities ORDER BY ALL").fetchall():
            found.setdefault((source, kind, identity), []).append(tuple(span))
    return found


def at(found: Spans, moment: datetime) -> dict[Record, str]:
    """Record → key at that moment."""
    return {record: key for record, rows in found.items() for begin, end, key in rows if begin <= moment and (end is None or moment < end)}


def now(found: Spans) -> dict[str, str]:
    """Id of the record → key today; for worlds in which ids are told apart without their source."""
    return {identity: rows[-1][2] for (_, _, identity), rows in found.items()}


def random_rows(random: Random) -> list[Row]:
    """Two CRMs that use the same ids and two billing systems; records that share little pools of addresses, and change them."""
    rows: list[Row] = []
    for source, number in [(source, number) for source in ("crm", "erp") for number in range(random.randint(1, 5))]:
        rows += _versions(random, source, {"customer_id": f"{number}"}, _crm_content)
    for source, number in [(source, number) for source in ("crm", "pay") for number in range(random.randint(0, 3))]:
        rows += _versions(random, source, {"billing_customer_id": f"b{number}"}, _billing_content)
    return rows


def _versions(random: Random, source: str, key: Row, content: Any) -> Iterator[Row]:
    landed = sorted(random.sample(range(100, 160, 10), random.choice([1, 1, 2, 3])))
    created = random.randrange(0, 160, 10)
    for place, number in enumerate(landed):
        row = {"_source": source, "_load_id": load(number), "created_at": day(created), **key, **content(random)}
        if "customer_id" in key and random.random() < 0.8:
            row["updated_at"] = day(random.randrange(created, max(created + 10, number), 10))
        yield row
        if place + 1 < len(landed) and random.random() < 0.15:
            yield {"_source": source, "_load_id": load(number + 5), "_is_deleted": True, **key}


def _crm_content(random: Random) -> Row:
    merged = random.choice([None] * 4 + ["0", "1", "2", "never landed"])
    phone, company = random.choice([None, "+4915112345", "+4915198765"]), random.choice([None, None, "acme", "globex"])
    return _contacts(random) | {"phone": phone, "company_name": company, "merged_into_customer_id": merged}


def _billing_content(random: Random) -> Row:
    return _contacts(random) | {"customer_id": random.choice([None, "0", "1", "4", "never landed"])}


def _contacts(random: Random) -> Row:
    return {"email": random.choice([None, "a@x.org", "b@x.org", "c@x.org", "d@x.org"])}
