"""The rules between landed rows, as SQL: conflicting copies, missing parents, and which bad versions are mended.

Comes in: a contract Table and the scope (which loads to look at). Goes out: one SELECT per question, in DuckDB's dialect.
Pure: no connection is opened here. `found` queries give: source, load_id, row_number, rule, column_name, reason, waits_for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from orchestration.contract import INPUT_TABLES, Parent, Table
from orchestration.gates.row_rules import RowRule
from orchestration.sql_text import identifier, literal

LIVE = "NOT coalesce(_is_deleted, false)"
ORPHAN, PARENT_QUARANTINED = "orphan", "parent_quarantined"
ROW = "_source AS source, _load_id AS load_id, _row_number AS row_number"

# A person's record that vanished at its source stays in past months (staging keeps it as deleted), so its vanishing mends nothing.
_KEPT_WHEN_VANISHED = {parent.table for table in INPUT_TABLES.values() for parent in table.parents}


def depth(table: Table) -> int:
    """How many generations of parents a table has; parents are examined before their children."""
    return max((1 + depth(INPUT_TABLES[parent.table]) for parent in table.parents), default=0)


def key_text(table: Table) -> str:
    """The key of a row as one text; NULL where a part of it is missing."""
    return " || '|' || ".join(f"CAST({identifier(name)} AS VARCHAR)" for name in table.key)


def row_json(table: Table) -> str:
    """The whole row as JSON, with the raw text of what could not be read."""
    parts = [f"{literal(name)}, {identifier(name)}" for name in (*table.column_names, "_bad_values")]
    return f"CAST(json_object({', '.join(parts)}) AS VARCHAR)"


def own_breaches(table: Table, rules: list[RowRule], scope: str) -> str:
    """Rows that break a rule by themselves, one per row, rule and column; a single pass, cheap screens first."""
    entries = ", ".join(
        f"CASE WHEN {r.condition} THEN {{'rule': {literal(r.rule)}, 'column_name': {literal(r.column)}, 'reason': {literal(r.reason)}}} END"
        for r in rules
    )
    screens = " OR ".join(dict.fromkeys(rule.screen for rule in rules))
    return f"""
        SELECT source, load_id, row_number, entry.rule, entry.column_name, entry.reason, NULL AS waits_for
        FROM (
            SELECT {ROW}, unnest(list_filter([{entries}], lambda one: one IS NOT NULL)) AS entry
            FROM landing.{table.name}
            WHERE {scope} AND {LIVE} AND ({screens})
        )"""


def key_hash(table: Table) -> str:
    """A number per load, part and key: equal for copies, so that only rows that share it are compared in full."""
    return f"xor(hash({', '.join(map(identifier, table.key))}), hash(_load_id, _file))"


def shared_keys(table: Table, scope: str) -> str:
    """Hashes that more than one row of one part has: possible copies."""
    present = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in table.key)
    return f"""
        SELECT key_hash FROM (SELECT {key_hash(table)} AS key_hash FROM landing.{table.name} WHERE {scope} AND {LIVE} AND {present})
        GROUP BY key_hash HAVING count(*) > 1"""


def conflicting_copies(table: Table, scope: str) -> str:
    """All copies of a key that disagree inside one part of a load with nothing to order them: a later part outranks an earlier one.

    Copies that agree are only duplicates.
    """
    key = ", ".join(map(identifier, table.key))
    same = ", ".join(filter(None, ["_source", "_load_id", "_file", key, table.updated_at and identifier(table.updated_at)]))
    present = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in table.key)
    content = ", ".join(map(identifier, (*table.column_names, "_bad_values")))
    return f"""
        SELECT source, load_id, row_number, 'duplicate_key_conflict', {literal(", ".join(table.key))},
            'rows of one file share this key, differ in content, and nothing orders them', NULL
        FROM (
            SELECT *, {ROW}, hash({content}) AS content
            FROM landing.{table.name}
            WHERE {scope} AND {LIVE} AND {present} AND {key_hash(table)} IN (SELECT key_hash FROM shared_keys)
        )
        WINDOW copies AS (PARTITION BY {same})
        QUALIFY min(content) OVER copies <> max(content) OVER copies"""


def parent_state(parent: Parent, guests: Sequence[str] = ()) -> str:
    """One row per landed parent key; `is_fine` when a row of it is accepted (or was superseded by one that is).

    guests  sources without such parents of their own: a key that exactly one source has stands for theirs too
    """
    own = _own_parents(parent)
    if not guests:
        return own
    shared = "SELECT parent_key, bool_or(is_fine) AS is_fine FROM own GROUP BY parent_key HAVING count(*) = 1"
    names = ", ".join(map(literal, guests))
    return f"WITH own AS ({own}) FROM own UNION ALL SELECT guest, parent_key, is_fine FROM ({shared}), unnest([{names}]) AS guests(guest)"


def _own_parents(parent: Parent) -> str:
    column = identifier(parent.parent_column)
    return f"""
        SELECT _source AS source, {column} AS parent_key, bool_or(bad.row_number IS NULL) AS is_fine
        FROM landing.{parent.table} AS landed
        LEFT JOIN (SELECT DISTINCT source, load_id, row_number FROM ops.gate_broken WHERE table_name = {literal(parent.table)}) AS bad
            ON bad.source = landed._source AND bad.load_id = landed._load_id AND bad.row_number = landed._row_number
        WHERE {LIVE} AND {column} IS NOT NULL
        GROUP BY ALL"""


def waiting_rows(table: Table, parent: Parent, scope: str) -> str:
    """Rows whose parent has not landed, or landed only in versions that are bad."""
    column = identifier(parent.column)
    return f"""
        SELECT child.source, child.load_id, child.row_number, {_waiting_rule("state.parent_key")}, {literal(parent.column)},
            {_waiting_reason(parent, "state.parent_key")}, child.waits_for
        FROM (
            SELECT {ROW}, {column} AS waits_for FROM landing.{table.name}
            ANTI JOIN (SELECT source AS s, parent_key AS k FROM parents WHERE is_fine) AS fine ON fine.s = _source AND fine.k = {column}
            WHERE {scope} AND {LIVE} AND {column} <> ''
        ) AS child
        LEFT JOIN parents AS state ON state.source = child.source AND state.parent_key = child.waits_for"""


def release_children(table: Table, parent: Parent) -> list[str]:
    """Statements that let go of the rows whose parent has come or was mended, and restate why the others wait."""
    mine = f"table_name = {literal(table.name)} AND rule IN ('{ORPHAN}', '{PARENT_QUARANTINED}') AND column_name = {literal(parent.column)}"
    known = "(source, waits_for) IN (SELECT (source, parent_key) FROM parents{})"
    mended = known.format(" WHERE is_fine")
    here = f"CASE WHEN {known.format('')} THEN '' END"
    return [
        f"DELETE FROM ops.gate_broken WHERE {mine} AND {mended}",
        f"UPDATE ops.gate_broken SET rule = {_waiting_rule(here)}, reason = {_waiting_reason(parent, here)} WHERE {mine}",
    ]


def _waiting_rule(found: str) -> str:
    return f"CASE WHEN {found} IS NULL THEN '{ORPHAN}' ELSE '{PARENT_QUARANTINED}' END"


def _waiting_reason(parent: Parent, found: str) -> str:
    missing = literal(f"{parent.column} names no row of {parent.table} that has landed")
    bad = literal(f"the row of {parent.table} that {parent.column} names is in quarantine itself")
    return f"CASE WHEN {found} IS NULL THEN {missing} ELSE {bad} END"


def mended_rows(table: Table, as_of: date) -> str:
    """Bad versions that staging could never choose: a good version comes before them, or the row vanished at its source.

    The order is that of the dbt macro `newest_versions`; a version that is not known by the as-of day mends nothing.
    """
    keeps = table.name in _KEPT_WHEN_VANISHED
    known_by = literal(str(as_of + timedelta(days=1)))
    changed = identifier(table.updated_at) if table.updated_at else "NULL"
    return f"""
        WITH bad AS (SELECT DISTINCT source, load_id, row_number, row_key FROM ops.gate_broken WHERE table_name = {literal(table.name)}),
        versions AS (
            SELECT {ROW}, {key_text(table)} AS version_key, _is_deleted, CAST({changed} AS TIMESTAMP) AS changed,
                coalesce({identifier(table.event_time)} < TIMESTAMP {known_by}, true) AS is_known
            FROM landing.{table.name} WHERE {key_text(table)} IN (SELECT row_key FROM bad)
        ),
        live AS (
            SELECT *, coalesce(load_id < max(load_id) FILTER (WHERE _is_deleted) OVER same_key, false) AS has_vanished
            FROM versions WINDOW same_key AS (PARTITION BY source, version_key) QUALIFY {LIVE}
        ),
        placed AS (
            SELECT live.*, bad.row_number IS NULL AND is_known AND ({str(keeps).lower()} OR NOT has_vanished) AS is_good,
                row_number() OVER (
                    PARTITION BY live.source, version_key
                    ORDER BY has_vanished, coalesce(changed >= TIMESTAMP {known_by}, false),
                        CASE WHEN changed < TIMESTAMP {known_by} THEN changed END DESC NULLS LAST, changed NULLS LAST,
                        live.load_id DESC, live.row_number DESC
                ) AS place
            FROM live LEFT JOIN bad USING (source, load_id, row_number)
        )
        SELECT source, load_id, row_number FROM placed
        QUALIFY NOT is_good AND (place > min(place) FILTER (WHERE is_good) OVER (PARTITION BY source, version_key)
            OR (has_vanished AND NOT {str(keeps).lower()}))
        UNION ALL {_vanished_without_key(table)}"""


def _vanished_without_key(table: Table) -> str:
    """Bad rows without a key that their source no longer has: a later tombstone repeats the whole row."""
    return f"""
        SELECT DISTINCT source, load_id, row_number FROM ops.gate_broken AS bad
        WHERE table_name = {literal(table.name)} AND row_key IS NULL AND EXISTS (
            SELECT 1 FROM landing.{table.name} AS gone
            WHERE gone._is_deleted AND ({key_text(table)}) IS NULL
                AND gone._source = bad.source AND gone._load_id > bad.load_id AND {row_json(table)} = bad.row_json
        )"""
