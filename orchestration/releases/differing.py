"""Where one mart of two releases differs: in rows, by their grain, and in figures. Set-based, over the releases' Parquet.

Comes in: two releases and a table. Goes out: counts of rows, and figures of marts that are not about single customers;
no other value leaves.
"""

from __future__ import annotations

import re
from typing import Any

import duckdb

from orchestration.releases.reading import Release
from orchestration.releases.tables import RUN
from orchestration.sql_text import identifier, literal

# An audience has one row per customer; of every other table the manifest says what identifies a row.
_AUDIENCE = re.compile(r"sync_.+__")
# Moves with every night, or every run, in every row: a row in which nothing else differs has not changed.
_NIGHTLY = ("as_of_date", RUN)
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_MOST_FIGURES = 10


def is_same(before: Release, after: Release, table: str) -> bool:
    """Whether the manifests already say that all rows are equal."""
    told = [release.manifest["tables"].get(table) for release in (before, after)]
    return None not in told and told[0]["checksum"] == told[1]["checksum"] and told[0]["columns"] == told[1]["columns"]


def is_moved(one: dict[str, Any]) -> bool:
    """Whether `rows` found any difference."""
    return any(one[name] for name in ("added", "removed", "changed", "columns_added", "columns_removed")) or one["only_in"] is not None


def rows(connection: duckdb.DuckDBPyConnection, before: Release, after: Release, table: str) -> dict[str, Any]:
    """Rows added, removed and changed, by the grain, and columns that only one release has."""
    old, new = _columns(before, table), _columns(after, table)
    told = {"table": table, "only_in": None, "columns_added": sorted(new.keys() - old), "columns_removed": sorted(old.keys() - new)}
    if not (old and new):
        count = (after if new else before).manifest["tables"][table]["rows"]
        only: dict[str, Any] = {"only_in": "after" if new else "before", "columns_added": [], "columns_removed": []}
        return {**told, **only, "added": count if new else 0, "removed": 0 if new else count, "changed": 0}
    columns = [name for name in new if name in old and name not in _NIGHTLY]
    keys = ", ".join(map(identifier, _grain((after, before), table, columns)))
    every = ", ".join(map(identifier, columns))
    # Without a join: rows of one key are counted, and their hashes summed, on either side; so a key may be NULL, or not be unique.
    found = connection.execute(f"""
        WITH sides AS (
            SELECT {every}, true AS is_after FROM read_parquet({_file(after, table)})
            UNION ALL SELECT {every}, false FROM read_parquet({_file(before, table)})
        ), hashed AS (SELECT {keys}, is_after, hash({every})::HUGEINT AS content FROM sides),
        keyed AS (
            SELECT count(*) FILTER (NOT is_after) AS old_rows, count(*) FILTER (is_after) AS new_rows,
                sum(content) FILTER (NOT is_after) AS old_content, sum(content) FILTER (is_after) AS new_content
            FROM hashed GROUP BY {keys}
        )
        SELECT coalesce(sum(greatest(new_rows - old_rows, 0)), 0)::BIGINT, coalesce(sum(greatest(old_rows - new_rows, 0)), 0)::BIGINT,
            count(*) FILTER (new_rows = old_rows AND new_content <> old_content)
        FROM keyed""").fetchone()
    return {**told, **dict(zip(("added", "removed", "changed"), found or (0, 0, 0), strict=True))}


def figures(connection: duckdb.DuckDBPyConnection, before: Release, after: Release, table: str) -> list[dict[str, Any]]:
    """Those that moved most in one metric mart, of everyone and of parts alike: a part of five people would else hide everyone.

    What was 0 or missing has no relative change, and ends of intervals follow their figure: neither is here.
    """
    old, new = _columns(before, table), _columns(after, table)
    grain = _grain((after, before), table, [name for name in new if name in old])
    amounts = [name for name, kind in new.items() if name in old and name not in grain and _is_figure(name, kind)]
    if "customer_key" in grain or not amounts:
        return []
    keys = ", ".join(map(identifier, grain))
    sides = [
        f"""(UNPIVOT (SELECT {keys}, {", ".join(f"{identifier(name)}::DOUBLE AS {identifier(name)}" for name in amounts)}
            FROM read_parquet({_file(release, table)})) ON {", ".join(map(identifier, amounts))} INTO NAME figure VALUE amount)"""
        for release in (before, after)
    ]
    places = ", ".join(f"old.{identifier(name)}" for name in grain)
    same = " AND ".join(f"old.{identifier(name)} IS NOT DISTINCT FROM new.{identifier(name)}" for name in grain)
    of_everyone = "old.dimension = 'all'" if "dimension" in grain else "true"
    found = connection.execute(f"""
        SELECT {places}, old.figure, old.amount, new.amount,
            abs(new.amount - old.amount) / abs(old.amount) AS moved, {of_everyone} AS of_everyone
        FROM {sides[0]} AS old JOIN {sides[1]} AS new
            ON old.figure = new.figure AND {same}
        WHERE old.amount <> 0 AND isfinite(old.amount) AND isfinite(new.amount) AND abs(new.amount - old.amount) > 1e-9 * abs(old.amount)
        QUALIFY row_number() OVER (PARTITION BY of_everyone ORDER BY moved DESC, old.figure, {places}) <= {_MOST_FIGURES}""").fetchall()
    told = ("figure", "before", "after", "relative_change", "of_everyone")
    return [
        {"table": table, "row": dict(zip(grain, row, strict=False)), **dict(zip(told, row[len(grain) :], strict=True))} for row in found
    ]


def _grain(told_by: tuple[Release, Release], table: str, columns: list[str]) -> list[str]:
    """What identifies a row of `table`; where no test asserts that, every column: then a change is a row less and one more."""
    keys = [release.manifest.get("keys", {}).get(table) for release in told_by] + [["customer_key"] if _AUDIENCE.match(table) else None]
    key = [name for name in next(filter(None, keys), []) if name not in _NIGHTLY]
    return key if key and set(key) <= set(columns) else columns


def _is_figure(name: str, kind: str) -> bool:
    return kind.startswith(_NUMBERS) and not name.endswith(("_low", "_high"))


def _columns(release: Release, table: str) -> dict[str, str]:
    return dict(release.manifest["tables"].get(table, {}).get("columns", {}))


def _file(release: Release, table: str) -> str:
    return literal(release.table_file(table))
