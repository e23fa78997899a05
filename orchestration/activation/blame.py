"""Whose fault it is that records were refused: their own, or that of the destination, which has no place for their fields any more.

Comes in: what a sync was told, the destination. Goes out: the state, where those at no fault are no dead letters, and the reason in the
report. A rejected record waits until it changes; what has changed here is the destination, maybe in the middle of a sync.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import duckdb

from orchestration.activation.drift import want_soon
from orchestration.activation.patience import ask_again
from orchestration.activation.report import SyncReport
from orchestration.destinations.base import Destination, DestinationError, Result
from orchestration.destinations.fields import shortened

_MANY = 10  # records that are refused, and none taken: so many are not all at fault themselves


def blame(
    connection: duckdb.DuckDBPyConnection, destination: Destination, kinds: Mapping[str, str], report: SyncReport, began: datetime
) -> None:
    """Let whoever was rejected since `began` be sent again where the fields `kinds` are no longer there, or where nobody was taken and
    many were refused.
    """
    if not report.outcomes[Result.REJECTED]:
        return
    if amiss := _amiss(destination, kinds):
        if refused := ask_again(connection, report.audience, began, least=1):
            want_soon(connection, report.audience)  # with the field went what others had in it
            were = "record was" if refused == 1 else "records were"
            report.refused = report.refused or f"{amiss}; {refused:,} {were} refused since, and are sent again"
    elif not report.outcomes[Result.ACKNOWLEDGED] and (refused := ask_again(connection, report.audience, began, least=_MANY)):
        why = f"it took nothing and refused {refused:,} records, which are sent again; check which fields it has, and of which types"
        report.refused = report.refused or why


def _amiss(destination: Destination, kinds: Mapping[str, str]) -> str:
    """What the destination lacks of the fields that it was prepared for; empty where it lacks none, or does not tell."""
    names = {destination.name_of(field) for field in kinds}
    try:
        there = {name.lower() for name in destination.there(names)}
    except DestinationError:
        return ""
    try:
        destination.check_fields(kinds)
    except DestinationError as error:
        return str(error)
    gone = {name for name in names if name.lower() not in there}
    return f"destination {destination.name}: {shortened(gone, 3)} is gone there since the sync began" if gone else ""
