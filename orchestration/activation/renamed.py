"""Whether a destination is one that went by another name: under a new one everybody would be sent again, and nothing would clear what went
out under the old one.

Comes in: the states of all destinations, each of which says of what it is. Goes out: why nothing is sent before a person has looked.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb

from orchestration.activation.forgetting import audiences
from orchestration.destinations.base import Destination


def note_place(connection: duckdb.DuckDBPyConnection, destination: Destination) -> None:
    """Write down of what the state is."""
    connection.execute("DELETE FROM state.place")
    connection.execute("INSERT INTO state.place VALUES (?, ?)", [destination.type, destination.address])


def former_name(state_folder: Path, destination: Destination, configured: Collection[str]) -> str:
    """Why `destination`, which has sent nothing yet, may be one that is `configured` no more; empty where nothing speaks for it."""
    if audiences(state_folder, destination.name):
        return ""
    for path in sorted((state_folder / "activation").glob("*.duckdb")):
        if path.stem not in configured and audiences(state_folder, path.stem) and _is_of(path, destination):
            return (
                f"{path.stem}, which is configured no more, sent to {destination.address} too: if {destination.name} is its new name, move"
                f" {path} to {destination.name}.duckdb beside it; else everybody is sent, and what {path.stem} sent stays there"
            )
    return ""


def _is_of(path: Path, destination: Destination) -> bool:
    place = (destination.type, destination.address)
    with duckdb.connect(str(path), read_only=True) as connection:
        if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'place'").fetchone():
            return False  # of a version that did not say
        return connection.execute("SELECT type, address FROM place").fetchone() == place
