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

from orchestration.releases import Release
from orchestration.serving.base import Served, ServingError, fingerprint, fingerprints, served, tables_of
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
    tables, staged = tables_of(release, personal=personal), _staged(schema, release.id, fingerprint(release))
    with _connected(url) as connection:
        _only_one(connection, schema)
        is_new = served_from(connection, schema) != staged
        if not _is_staged(connection, staged, tables):
            _stage(connection, staged, release, tables)
        _switched(connection, schema, staged, release, tables, reader)
        describe(connection, schema, release)
        _prune(connection, schema, staged, {_staged(schema, *one) for one in fingerprints(at_home).items()}, kept)
    return served(release, tables, is_new=is_new)


def _staged(schema: str, release_id: str, content: str) -> str:
    return f"{schema}__{release_id.lower()}_{content}"


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


def _is_staged(connection: Any, staged: str, tables: list[str]) -> bool:
    """Staging is one transaction, so a schema that is there is whole; one with other tables was made under other settings."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tablename FROM pg_tables WHERE schemaname = '{staged}'")
        return {name for (name,) in cursor.fetchall()} == set(tables)


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


def _prune(connection: Any, schema: str, staged: str, at_home: Collection[str], kept: int) -> None:
    """Older schemas go, unless somebody still reads them: then the next night tries again."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nspname FROM pg_namespace WHERE starts_with(nspname, '{schema}__') ORDER BY nspname DESC")
        older = [name for (name,) in cursor.fetchall() if name != staged]
    connection.commit()
    wanted = [name for name in older if name in at_home][: kept - 1]
    for name in older:
        if name not in wanted:
            drop_schema(connection, name)
