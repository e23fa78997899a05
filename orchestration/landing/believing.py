"""Which removals are believed: a full reading that lacks much of what was there is taken for a broken export.

Comes in: the temporary tables of changes.py: tombstones, kept, whole. Goes out: how many removals were taken back, or believed.
"""

from __future__ import annotations

from orchestration.sources.base import Bench

# More than this share of a table's rows gone in one night is never taken for deletions, however few they are.
_NEARLY_ALL = 0.95
# Of fewer rows no other share tells a broken export: of four customers, three may leave on one day.
_FEWEST_ROWS = 100
# So much of a larger table gone is believed, and said: one of ten files of an export that was left out.
_TOLD_SHARE = 0.1
# A part that tells what changed names what is gone one by one, which is believed: of two tickets, both may be deleted.
_CONCLUDED = "_is_removal AND _file IN (FROM whole)"


def removed(bench: Bench) -> int:
    """How many rows are concluded to be gone, from full readings that lack them."""
    counted = bench.connection.execute(f"SELECT count(*) FROM tombstones WHERE _has_key AND {_CONCLUDED}").fetchone()
    return int(counted[0]) if counted else 0


def is_believed(gone: int, held: int, most: float | None) -> bool:
    """Whether `gone` of a table that held `held` rows may be removed; `most`: the share of them, None where the operator believes all."""
    if most is None or not gone:
        return True
    return gone < _NEARLY_ALL * held and (gone < _FEWEST_ROWS or gone <= most * held)


def is_told(gone: int, held: int, most: float | None) -> bool:
    """Whether people should hear of `gone` rows that were believed: of a small table where it would be too much of a larger one."""
    if gone >= _FEWEST_ROWS:
        return gone >= _TOLD_SHARE * held
    return most is not None and gone > most * held


def take_back(bench: Bench) -> None:
    """Count the rows that are concluded to be gone as held again."""
    bench.connection.execute(f"INSERT INTO kept SELECT _file, _row_hash FROM tombstones WHERE {_CONCLUDED}")
    bench.connection.execute(f"DELETE FROM tombstones WHERE {_CONCLUDED}")
