"""A release into PostgreSQL: staged in a schema of its own, then all views switched in one transaction.

Comes in: a release and a connection string. Goes out: tables in `marts__<release id>_<fingerprint>`, views in `marts` that lead to them,
and `marts.release`, which says which release that is. A query sees one release; grants on the views stay; a switch that a reader holds up
is tried again, and given up without harm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from orchestration.releases import Release, is_of_persons
from orchestration.serving.base import Served, ServingError, marks, served, tables_of
from orchestration.serving.describing import describe
from orchestration.serving.views import ViewsHeldError, drop_schema, served_from, switch

# While a switch waits for a reader, all new readers wait for the switch: it gives way soon and comes back, for about a minute and a half.
ATTEMPTS, LONGEST_PAUSE = 24, 5
_INDEXED = "customer_key"
_BATCH = 100_000


def serve(
    release: Release,
    at_home: Sequence[Release],
    url: str,
    *,
    schema: str = "marts",
    reader: str | None = None,
    personal: bool = False,
    kept: int = 2,
) -> Served:
    """Bring `release` into the database at `url` and let the views of `schema` lead to it.

    at_home   releases that the home keeps: only of these the tables may stay
    reader    a role that may read the views and nothing else; made where it is missing
    kept      releases whose tables stay, the served one included: for queries that are still running, and to roll back to
    Raises ServingError; the views then lead where they led before.
    """
    tables = tables_of(release, personal=personal)
    with _connected(url) as connection:
        _only_one(connection, schema)
        before = served_from(connection, schema)
        staged, is_there = _place(connection, _names(schema, release, tables), tables, before)
        is_new = before != staged
        if not is_there:
            _stage(connection, staged, release, tables)
        _switched(connection, schema, staged, release, tables, reader)
        describe(connection, schema, release)
        known = {name for one in at_home for name in _names(schema, one, tables_of(one, personal=personal))}
        _prune(connection, schema, staged, known, kept, personal=personal)
    return served(release, tables, is_new=is_new)


def _names(schema: str, release: Release, tables: list[str]) -> list[str]:
    return [f"{schema}__{release.id.lower()}_{mark}" for mark in marks(release, tables)]


def _place(connection: Any, names: list[str], tables: list[str], served: str | None) -> tuple[str, bool]:
    """The schema for `tables`, and whether they are there: never one that views lead to, for with it they and their grants would go."""
    held = [_held(connection, name) for name in names]
    if set(tables) in held:
        return names[held.index(set(tables))], True
    free = [name for name, there in zip(names, held, strict=True) if not there] or [name for name in names if name != served]
    return free[0], False


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    from adbc_driver_postgresql import dbapi

    try:
        connection = dbapi.connect(url)
    except dbapi.Error as error:
        raise ServingError("PostgreSQL: no connection; check host, port, database, user and password of `url`") from error
    try:
        yield connection
    except dbapi.Error as error:  # its message may quote a row
        raise ServingError(
            f"PostgreSQL: the release is not served (SQLSTATE {error.sqlstate or 'unknown'}); what was served before stays."
            " The user of `url` must be allowed to create schemas in its database, and to own the views"
        ) from error
    finally:
        connection.close()


def _only_one(connection: Any, schema: str) -> None:
    """Two homes that serve into one schema take turns; the lock ends with the connection."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_lock(hashtext('rapport {schema}'))")
        cursor.fetchall()
    connection.commit()


def _held(connection: Any, staged: str) -> set[str]:
    """The tables of a schema. Staging is one transaction: what is there is whole, and with other tables was made under other settings."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tablename FROM pg_tables WHERE schemaname = '{staged}'")
        return {name for (name,) in cursor.fetchall()}


def _stage(connection: Any, staged: str, release: Release, tables: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{staged}" CASCADE')
        cursor.execute(f'CREATE SCHEMA "{staged}"')
        for table in tables:
            file = pq.ParquetFile(release.table_file(table))
            rows = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(_BATCH))
            cursor.adbc_ingest(table, rows, mode="create", db_schema_name=staged)
            _require_all(cursor, f'"{staged}"."{table}"', file.metadata.num_rows)
            if _INDEXED in file.schema_arrow.names:
                cursor.execute(f'CREATE INDEX ON "{staged}"."{table}" ({_INDEXED})')
            cursor.execute(f'ANALYZE "{staged}"."{table}"')
    connection.commit()


def _require_all(cursor: Any, table: str, rows: int) -> None:
    cursor.execute(f"SELECT count(*) FROM {table}")
    if cursor.fetchone() != (rows,):
        raise ServingError(f"PostgreSQL: {table} has not all of its {rows} rows; what was served before stays, run `serve` again")


def _switched(connection: Any, schema: str, staged: str, release: Release, tables: list[str], reader: str | None) -> None:
    attempts = Retrying(
        retry=retry_if_exception_type(ViewsHeldError),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential_jitter(0.2, LONGEST_PAUSE),
        reraise=True,
    )
    try:
        attempts(switch, connection, schema, staged, release, tables, reader)
    except ViewsHeldError as error:
        raise ServingError(
            f"PostgreSQL: readers have held the views of {schema} in an open transaction all the time (backend {error.holders});"
            " what was served before stays. End those transactions, then `python -m orchestration serve`"
        ) from error


def _prune(connection: Any, schema: str, staged: str, at_home: Collection[str], kept: int, *, personal: bool) -> None:
    """Older schemas go, unless somebody still reads them: then the next night tries again. Those with personal tables go as soon as these
    are to stay at home.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nspname FROM pg_namespace WHERE starts_with(nspname, '{schema}__') ORDER BY nspname DESC")
        older = [name for (name,) in cursor.fetchall() if name != staged]
        cursor.execute(f"SELECT schemaname, tablename FROM pg_tables WHERE starts_with(schemaname, '{schema}__')")
        too_much = set() if personal else {name for name, table in cursor.fetchall() if is_of_persons(table)}
    connection.commit()
    wanted = [name for name in older if name in at_home and name not in too_much][: kept - 1]
    for name in older:
        if name not in wanted:
            drop_schema(connection, name)
