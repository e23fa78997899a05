"""Which removals are believed: a full reading that lacks nearly everything is taken for a broken export.

Comes in: the temporary tables of changes.py: tombstones, kept, whole. Goes out: how many removals were taken back.
"""

from __future__ import annotations

from orchestration.sources.base import Bench

# More than this share of a table's rows gone in one night is taken for a broken export, not for deletions.
SUSPICIOUS_SHARE = 0.95
# A part that tells what changed names what is gone one by one, which is believed: of two tickets, both may be deleted.
_CONCLUDED = "_is_removal AND _file IN (FROM whole)"


def taken_back(held: int, bench: Bench) -> int:
    """How many removals are too many to be believed, of a table that held `held` rows; those rows count as held again."""
    run = bench.connection.execute
    counted = run(f"SELECT count(*) FROM tombstones WHERE _has_key AND {_CONCLUDED}").fetchone()
    removed = int(counted[0]) if counted else 0
    if not removed or removed < SUSPICIOUS_SHARE * held:
        return 0
    run(f"INSERT INTO kept SELECT _file, _row_hash FROM tombstones WHERE {_CONCLUDED}")
    run(f"DELETE FROM tombstones WHERE {_CONCLUDED}")
    return removed
