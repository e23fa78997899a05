"""What a destination said no to and is asked again for, in ever longer steps: who was not there, and what it did not clear.

Comes in: the temporary table `decided`, the state. Goes out: `decided`, where who waits is `dead` or `absent`. Steps are whole days, since
nights begin a little early or late: one, two, four and so on.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from orchestration.activation import state
from orchestration.destinations.base import REFUSED_FOR_GOOD
from orchestration.sql_text import literal

_LONGEST_ABSENCE = 7  # days: as often as what a destination holds is compared; who joins a list has their fields a week later at most
_LONGEST_REFUSAL = 30  # days: what is owed is asked for as long as it is owed


def bury(connection: duckdb.DuckDBPyConnection, audience: str) -> None:
    """Leave out what was rejected as it is. A clearing is owed and never changes: it is tried again, and no night gives it up."""
    connection.execute(_BURY, {"audience": audience, "at": state.now()})


def ask_again(connection: duckdb.DuckDBPyConnection, audience: str, since: datetime, *, least: int) -> int:
    """Let who was rejected `since` then be sent again as they are, where they are `least` or more; how many that is."""
    connection.execute(_REFUSED_WITH_ALL, {"audience": audience, "since": since})
    many = len(connection.execute("FROM refused_with_all").fetchall())
    if many < least:
        return 0
    forget = "DELETE FROM state.dead_letters WHERE audience = $audience AND external_id IN (FROM refused_with_all)"
    connection.execute(forget, {"audience": audience})
    return many


def spare(connection: duckdb.DuckDBPyConnection, audience: str) -> None:
    """Leave out who was not there and would not be made, at the address they were looked for under."""
    connection.execute(_SPARE, {"audience": audience, "at": state.now()})


def waiting(connection: duckdb.DuckDBPyConnection, audience: str) -> set[str]:
    """External ids of those whose clearing was refused and is not tried again yet."""
    query = f"SELECT external_id FROM state.dead_letters AS dead WHERE audience = $audience AND NOT {_REFUSED_IS_DUE}"
    return {external_id for (external_id,) in connection.execute(query, {"audience": audience, "at": state.now()}).fetchall()}


def _is_due(asked_at: str, times: str, longest: int) -> str:
    """SQL: whether to ask again; a state of an older version knows neither."""
    return f"coalesce(date_diff('day', {asked_at}, $at::TIMESTAMP) >= least(power(2, least({times}, 9) - 1), {longest}), true)"


_REFUSED_IS_DUE = _is_due("dead.tried_at", "dead.attempts", _LONGEST_REFUSAL)
_FOR_GOOD = ", ".join(map(literal, REFUSED_FOR_GOOD))
_BURY = f"""
UPDATE decided SET decision = 'dead' FROM state.dead_letters AS dead
WHERE dead.audience = $audience AND dead.external_id = decided.external_id AND (
    (decision = 'clear' AND dead.payload_hash = decided.payload_hash AND NOT {_REFUSED_IS_DUE})
    OR (decision = 'upsert' AND (dead.payload_hash = decided.payload_hash
        OR (dead.code IN ({_FOR_GOOD}) AND dead.address_hash = decided.address_hash))))
"""
# Whom it has forgotten for good, and what is too large for any call, is no matter of its fields.
_REFUSED_WITH_ALL = f"""
CREATE OR REPLACE TEMP TABLE refused_with_all AS
SELECT external_id FROM state.dead_letters
WHERE audience = $audience AND tried_at >= $since AND coalesce(code, '') NOT IN ({_FOR_GOOD}, 'too_large')
    AND external_id IN (SELECT external_id FROM plan WHERE operation = 'upsert')
"""
# Whoever restores a record that was deleted there has their fields with the next night: of those who stay gone all are asked for.
_SPARE = f"""
UPDATE decided SET decision = 'absent' FROM state.absent AS away
WHERE away.audience = $audience AND away.external_id = decided.external_id AND decision = 'upsert' AND NOT stays_gone
    AND away.address_hash IS NOT DISTINCT FROM decided.address_hash AND NOT {_is_due("away.asked_at", "away.times", _LONGEST_ABSENCE)}
"""
