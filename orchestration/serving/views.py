"""The views that PostgreSQL's readers see, switched from one release to the next.

Comes in: a connection, the schema of the views and that of the staged tables. Goes out: all views in one transaction, or none.
"""

from __future__ import annotations

from typing import Any

from orchestration.releases import Release
from orchestration.serving.base import ServingError

_GAVE_WAY = ("55P03", "57014")  # lock not available, statement cancelled by its timeout
_INSIDE = "n.nspname = '{schema}' AND c.relkind IN ('v', 'r', 'm', 'p', 'f')"

# All views are locked in one statement of at most this long. A query that reads two views, and meets us between them, waits for us while we
# wait for it: PostgreSQL would end one of the two after a second (`deadlock_timeout`), perhaps the reader. So we give way before that.
LOCK_MS = 400


class ViewsHeldError(Exception):
    """A reader holds a view in an open transaction; `holders` are the process ids of such backends."""

    def __init__(self, holders: str) -> None:
        self.holders = holders
        super().__init__(holders)


def served_from(connection: Any, schema: str) -> str | None:
    """The schema that the views lead to; None before the first release."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_regclass('\"{schema}\".release') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return None
        cursor.execute(f'SELECT tables_in FROM "{schema}".release')
        return str(cursor.fetchone()[0])


def switch(connection: Any, schema: str, staged: str, release: Release, tables: list[str], reader: str | None) -> None:
    """Let every view lead to `staged`. Raises ViewsHeldError when a reader is in the way."""
    from adbc_driver_postgresql import dbapi

    try:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            _refuse_strangers(cursor, schema, tables)
            _lock_all(cursor, schema)
            _replace_all(cursor, schema, staged, release, tables)
            if reader:
                _let_read(cursor, schema, reader, tables)
        connection.commit()
    except dbapi.Error as error:
        connection.rollback()
        if error.sqlstate not in _GAVE_WAY:
            raise
        raise ViewsHeldError(_holders(connection, schema)) from error
    except ServingError:
        connection.rollback()
        raise


def drop_schema(connection: Any, name: str) -> bool:
    """Drop a schema with its tables; False, and nothing dropped, when somebody reads them."""
    from adbc_driver_postgresql import dbapi

    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_MS}ms'")
            cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
        connection.commit()
    except dbapi.Error as error:
        connection.rollback()
        if error.sqlstate not in _GAVE_WAY:
            raise
        return False
    return True


def _refuse_strangers(cursor: Any, schema: str, tables: list[str]) -> None:
    cursor.execute(
        f"SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE {_INSIDE.format(schema=schema)}"
        " AND c.relkind <> 'v' ORDER BY 1"
    )
    taken = [name for (name,) in cursor.fetchall() if name in {*tables, "release"}]
    if taken:
        raise ServingError(
            f"PostgreSQL: {schema}.{taken[0]} is a table of somebody else's; choose another `schema` for the views, or rename it"
        )


def _lock_all(cursor: Any, schema: str) -> None:
    cursor.execute(f"SELECT viewname FROM pg_views WHERE schemaname = '{schema}' ORDER BY 1")
    views = ", ".join(f'"{schema}"."{name}"' for (name,) in cursor.fetchall())
    if views:
        cursor.execute(f"SET LOCAL statement_timeout = '{LOCK_MS}ms'")
        cursor.execute(f"LOCK TABLE {views} IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET LOCAL statement_timeout = 0")


def _replace_all(cursor: Any, schema: str, staged: str, release: Release, tables: list[str]) -> None:
    existing = _views(cursor, schema)
    for table in tables:
        _replace(
            cursor, f'"{schema}"."{table}"', f'SELECT * FROM "{staged}"."{table}"', existing.get(table), _columns(cursor, staged, table)
        )
    for gone in sorted(existing.keys() - {*tables, "release"}):
        cursor.execute(f'DROP VIEW "{schema}"."{gone}"')
    told = f"'{release.id}'::text AS release_id, DATE '{release.as_of}' AS as_of_date, now() AS served_at, '{staged}'::text AS tables_in"
    cursor.execute(f'CREATE OR REPLACE VIEW "{schema}".release AS SELECT {told}')


def _replace(cursor: Any, view: str, query: str, before: list[tuple[str, str]] | None, after: list[tuple[str, str]]) -> None:
    """A view may only gain columns; where it changes otherwise it is made anew, and its grants are given again."""
    if before is None or after[: len(before)] == before:
        cursor.execute(f"CREATE OR REPLACE VIEW {view} AS {query}")
        return
    granted = _grants(cursor, view)
    cursor.execute(f"DROP VIEW {view}")
    cursor.execute(f"CREATE VIEW {view} AS {query}")
    for grantee, privilege, may_grant in granted:
        cursor.execute(f"GRANT {privilege} ON {view} TO {grantee}{' WITH GRANT OPTION' if may_grant else ''}")


def _views(cursor: Any, schema: str) -> dict[str, list[tuple[str, str]]]:
    """View → its columns and their types, in order."""
    cursor.execute(f"SELECT viewname FROM pg_views WHERE schemaname = '{schema}' ORDER BY 1")
    return {name: _columns(cursor, schema, name) for (name,) in cursor.fetchall()}


def _columns(cursor: Any, schema: str, table: str) -> list[tuple[str, str]]:
    cursor.execute(
        f"""SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = '"{schema}"."{table}"'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
    )
    return [(name, kind) for name, kind in cursor.fetchall()]


def _grants(cursor: Any, view: str) -> list[tuple[str, str, bool]]:
    """(grantee as SQL, privilege, whether it may be handed on) of everybody but the owner."""
    cursor.execute(
        f"""SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, a.privilege_type, a.is_grantable
        FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = '{view}'::regclass AND a.grantee <> c.relowner ORDER BY 1, 2"""
    )
    return [tuple(row) for row in cursor.fetchall()]


def _let_read(cursor: Any, schema: str, reader: str, tables: list[str]) -> None:
    cursor.execute(f"SELECT count(*) FROM pg_roles WHERE rolname = '{reader}'")
    if cursor.fetchone() == (0,):
        cursor.execute(f'CREATE ROLE "{reader}" NOLOGIN')
    cursor.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO "{reader}"')
    for table in (*tables, "release"):
        cursor.execute(f'GRANT SELECT ON "{schema}"."{table}" TO "{reader}"')


def _holders(connection: Any, schema: str) -> str:
    """Process ids of the backends that hold a lock on a view of `schema`."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT DISTINCT l.pid FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE {_INSIDE.format(schema=schema)} AND l.pid <> pg_backend_pid() ORDER BY 1"""
        )
        found = [str(pid) for (pid,) in cursor.fetchall()]
    connection.rollback()
    return ", ".join(found) or "unknown"
