"""Names at a destination that are written no more, since a field was given another name, left out, or dropped from its audience.

Comes in: the fields of an audience, the state. Goes out: the fields that clear those names, which every record carries until everybody has
been sent once. Without it they would keep what they held, also of a person who is erased.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from orchestration.activation.audience import AudienceSource
from orchestration.activation.fields import kinds_by
from orchestration.destinations.base import Destination
from orchestration.destinations.fields import FORMER


def former(
    connection: duckdb.DuckDBPyConnection, destination: Destination, audience: str, release: AudienceSource, *, ask: bool
) -> dict[str, str]:
    """Field (the name behind a mark) → kind of what is to be cleared. A name that another audience writes is not, nor, where the
    destination may be asked, one that it has no place for any more.
    """
    kinds = kinds_by(connection, release, audience, destination)
    query = "SELECT name, kind FROM state.written WHERE audience = ? AND name NOT IN (SELECT name FROM state.written WHERE audience <> ?)"
    known = dict(connection.execute(f"{query} ORDER BY name", [audience, audience]).fetchall())
    if not known and _was_sent(connection, audience):  # by a version that wrote no names down: all fields, by our names
        every = kinds_by(connection, release, audience, destination, chosen=False)
        known = {destination.our_name(field): kind for field, kind in every.items()}
    names = set(known) - {destination.name_of(field) for field in kinds}
    names = destination.there(names) if ask and names else names
    return {f"{FORMER}{name}": known[name] for name in sorted(names)}


def _was_sent(connection: duckdb.DuckDBPyConnection, audience: str) -> bool:
    held = "SELECT 1 FROM state.acknowledged WHERE audience = $audience AND operation = 'upsert'"
    written = "SELECT 1 FROM state.written WHERE audience = $audience"
    return bool(connection.execute(f"{held} AND NOT EXISTS ({written}) LIMIT 1", {"audience": audience}).fetchall())


def remember(connection: duckdb.DuckDBPyConnection, destination: Destination, audience: str, kinds: Mapping[str, str]) -> None:
    """Write down under which names the audience's fields are about to be written."""
    known = {name for (name,) in connection.execute("SELECT name FROM state.written WHERE audience = ?", [audience]).fetchall()}
    for name, kind in {destination.name_of(field): kind for field, kind in kinds.items()}.items():
        if name not in known:
            connection.execute("INSERT INTO state.written VALUES (?, ?, ?)", [audience, name, kind])


def settle(connection: duckdb.DuckDBPyConnection, audience: str, cleared: Mapping[str, str]) -> None:
    """Drop the names that nobody holds any more: everybody was sent without them."""
    for field in cleared:
        connection.execute("DELETE FROM state.written WHERE audience = ? AND name = ?", [audience, field.removeprefix(FORMER)])
