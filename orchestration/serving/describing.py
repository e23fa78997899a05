"""What PostgreSQL's readers see beside tables and columns: the comments of the release, on the views.

Comes in: a connection, the schema of the views and the release. Goes out: comments; only those that say something else are written.
"""

from __future__ import annotations

from typing import Any

from orchestration.releases import Release
from orchestration.releases.comments import named
from orchestration.sql_text import identifier, literal

_THERE = """
SELECT c.relname::text, coalesce(a.attname::text, ''), coalesce(d.description, '')
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_description AS d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
WHERE n.nspname = {schema} AND c.relkind = 'v'
UNION ALL
SELECT c.relname::text, '', coalesce(obj_description(c.oid, 'pg_class'), '')
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = {schema} AND c.relkind = 'v'"""


def describe(connection: Any, schema: str, release: Release) -> None:
    """Bring the comments on the views of `schema` up to date. Locks no reader out, so it need not be part of the switch."""
    comments = release.comments()
    with connection.cursor() as cursor:
        cursor.execute(_THERE.format(schema=literal(schema)))
        for view, column, said in cursor.fetchall():
            wanted = comments.get(view, {}).get(column, "")
            if view in release.tables and wanted != said:
                on = named(f"{identifier(schema)}.{identifier(view)}", column, kind="VIEW")
                cursor.execute(f"COMMENT ON {on} IS {literal(wanted)}")
    connection.commit()
