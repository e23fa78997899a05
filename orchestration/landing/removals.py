"""What becomes of rows that their part no longer has: nothing, or a tombstone, and rows of the same key landed once more.

Comes in: the temporary tables of changes.py: vanished, land, incoming, and the views landed, located, standing.
Goes out: SQL that makes `tombstones` (with _is_removal, _has_key) and `again`,
rows to land once more (with _loaded, the load they are in).

Staging takes the newest version of a key and knows nothing of files. So a version that no part holds any more matters in three cases:

- no part holds the key any more: a tombstone removes it;
- parts still hold the key, but staging would still choose the vanished version, or the gate still holds it against another copy of
  the key: a tombstone removes all versions so far, and what the parts hold now is landed once more, as if for the first time;
- the row has no key: a tombstone that repeats it releases it from quarantine.

A version that one held now outranks (a later change, or landed later) is history and stays.
"""

from __future__ import annotations

from orchestration.contract import Table
from orchestration.sql_text import identifier

NOTHING_VANISHED = (
    "CREATE OR REPLACE TEMP TABLE tombstones AS SELECT *, true AS _is_removal, true AS _has_key FROM vanished",
    "CREATE OR REPLACE TEMP TABLE again AS SELECT *, '' AS _loaded FROM land WHERE false",
)


def steps(table: Table) -> tuple[str, ...]:
    """The statements, in their order."""
    return (_dead(table), _versions(table), _held(table), _judged(table), _tombstones(table), _again(table))


def _keys(table: Table, relation: str = "") -> str:
    return ", ".join(f"{relation}{identifier(column)}" for column in table.key)


def _known(table: Table) -> str:
    return "(" + " AND ".join(f"{identifier(column)} IS NOT NULL" for column in table.key) + ")"


def _changed(table: Table) -> str:
    return f"CAST({identifier(table.updated_at)} AS TIMESTAMP)" if table.updated_at else "CAST(NULL AS TIMESTAMP)"


def _dead(table: Table) -> str:
    """Hashes that no part holds any more."""
    return f"""CREATE OR REPLACE TEMP TABLE dead AS
    WITH gone AS (SELECT DISTINCT _row_hash, {_keys(table)} FROM vanished),
    elsewhere AS (
        SELECT _row_hash FROM standing WHERE _row_hash IN (SELECT _row_hash FROM gone)
        GROUP BY _row_hash, _file HAVING sum(copies) > 0
    )
    SELECT * FROM gone WHERE _row_hash NOT IN (FROM elsewhere) AND _row_hash NOT IN (SELECT _row_hash FROM incoming)"""


def _versions(table: Table) -> str:
    """Every landed version of the keys of dead rows, tonight's included, with what ranks it."""
    ranks = f"{_keys(table)}, _row_hash, _file, _row_number, {_changed(table)} AS changed"
    loaded = "regexp_extract(_path, 'load_id=([^/\\\\]+)', 1)"
    return f"""CREATE OR REPLACE TEMP TABLE versions AS
    SELECT {ranks}, {loaded} AS loaded FROM located SEMI JOIN dead USING ({_keys(table)}) WHERE NOT _is_deleted
    UNION ALL SELECT {ranks}, '~' FROM land SEMI JOIN dead USING ({_keys(table)})"""


def _held(table: Table) -> str:
    """Which part holds which of these versions now."""
    return f"""CREATE OR REPLACE TEMP TABLE held AS
    SELECT _file, _row_hash, true AS stands FROM standing WHERE _row_hash IN (SELECT _row_hash FROM versions)
    GROUP BY ALL HAVING sum(copies) > 0
    UNION SELECT _file, _row_hash, false FROM incoming SEMI JOIN dead USING ({_keys(table)})"""


def _judged(table: Table) -> str:
    """The keys of dead rows that staging would get wrong: `_is_held` when a part still has the key."""
    return f"""CREATE OR REPLACE TEMP TABLE judged AS
    WITH living AS (SELECT * FROM versions WHERE _row_hash IN (SELECT _row_hash FROM held)),
    last_dead AS (
        SELECT * FROM versions WHERE _row_hash IN (SELECT _row_hash FROM dead)
        QUALIFY row_number() OVER (PARTITION BY _row_hash ORDER BY loaded DESC, _row_number DESC) = 1
    ),
    outranked AS (
        SELECT DISTINCT last_dead._row_hash FROM last_dead JOIN living USING ({_keys(table)})
        WHERE living.changed > last_dead.changed OR (living.changed IS NOT NULL AND last_dead.changed IS NULL)
            OR (living.changed IS NOT DISTINCT FROM last_dead.changed AND (living.loaded > last_dead.loaded
                OR (living.loaded = last_dead.loaded AND living._file <> last_dead._file AND living._row_number > last_dead._row_number)))
    )
    SELECT DISTINCT {_keys(table, "dead.")}, living._row_hash IS NOT NULL AS _is_held
    FROM dead LEFT JOIN living USING ({_keys(table)}) WHERE dead._row_hash NOT IN (FROM outranked)"""


def _tombstones(table: Table) -> str:
    return f"""CREATE OR REPLACE TEMP TABLE tombstones AS
    SELECT vanished.* REPLACE (true AS _is_deleted), NOT coalesce(_is_held, false) AS _is_removal, {_known(table)} AS _has_key
    FROM vanished LEFT JOIN judged USING ({_keys(table)})
    WHERE _row_hash IN (SELECT _row_hash FROM dead) AND (_is_held IS NOT NULL OR NOT {_known(table)})"""


def _again(table: Table) -> str:
    """What the parts hold of the keys to be set anew, as far as it is not landed anyway."""
    anew = f"SEMI JOIN (FROM judged WHERE _is_held) AS anew USING ({_keys(table)})"
    content = "SELECT * FROM located WHERE NOT _is_deleted AND _row_hash IN (SELECT _row_hash FROM wanted)"
    return f"""CREATE OR REPLACE TEMP TABLE again AS
    WITH wanted AS (
        SELECT DISTINCT _file, _row_hash FROM held
        WHERE stands AND _row_hash IN (SELECT _row_hash FROM versions {anew})
    ),
    content AS ({content} QUALIFY row_number() OVER (PARTITION BY _row_hash ORDER BY _path DESC, _row_number DESC) = 1)
    SELECT content.* EXCLUDE (_path) REPLACE (wanted._file AS _file), regexp_extract(_path, 'load_id=([^/\\\\]+)', 1) AS _loaded
    FROM content JOIN wanted USING (_row_hash)
    UNION ALL BY NAME
    SELECT incoming.*, '' AS _loaded FROM incoming {anew} WHERE _row_number NOT IN (SELECT _row_number FROM land)"""
