"""Circuit breakers: what makes a night so unlike the ones before that a person has to say that it is meant.

Comes in: the plan, the state. Goes out: why nothing is sent, under the name by which a person lets it through (`sync NAME --override`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from math import inf, log
from typing import NamedTuple

import duckdb

from orchestration.activation.deciding import change_share
from orchestration.activation.report import SyncReport
from orchestration.activation.state import transaction
from orchestration.destinations.base import Destination
from orchestration.destinations.fields import FORMER
from orchestration.plain_words import counted

_MOST_SHIFT = 0.25  # population stability index; above it, by the usual reading, two distributions are not the same
_FEWEST = 200  # customers below which ten bins, and joining, say nothing
_BY_HAND = 20  # records that people change by hand: so few are sent again whatever their share
_BINS = """SELECT least(CAST(floor(told * 10) AS INTEGER), 9) AS bin, count(*) AS customers
FROM (SELECT probabilities['{field}'] AS told FROM desired WHERE suppressed_as IS NULL) WHERE told IS NOT NULL
GROUP BY ALL ORDER BY ALL"""


class Bounds(NamedTuple):
    """What a company sets: how much of an audience may change in one sync."""

    change_share: float  # of the customers sent before
    growth: float = inf  # customers who join, as a multiple of those sent before


def objection(
    connection: duckdb.DuckDBPyConnection,
    destination: Destination,
    report: SyncReport,
    bounds: Bounds,
    overrides: Collection[str],
    doubts: Mapping[str, str],
) -> str:
    """Why nothing may be sent, with the name of the override; empty when nothing speaks against it. `doubts`: what is known beforehand."""
    for name, judge in BREAKERS.items():
        if name not in overrides and (reason := doubts.get(name) or judge(connection, destination, report, bounds)):
            return f"{reason} (if it is meant: `python -m orchestration sync {destination.name} --override {name}`) [{name}]"
    return ""


def remember(connection: duckdb.DuckDBPyConnection, audience: str) -> None:
    """Keep what the next night is compared with: the distribution of every probability, and who has left and keeps what they had."""
    with transaction(connection):
        connection.execute("DELETE FROM state.kept WHERE audience = $audience", {"audience": audience})
        kept = "SELECT $audience, external_id FROM decided WHERE decision = 'kept'"
        connection.execute(f"INSERT INTO state.kept {kept}", {"audience": audience})
    for field in _probabilities(connection):
        connection.execute("DELETE FROM state.distributions WHERE audience = ? AND field = ?", [audience, field])
        query = f"SELECT ?, ?, bin, customers FROM ({_BINS.format(field=field)})"
        connection.execute(f"INSERT INTO state.distributions {query}", [audience, field])


def _receiver_gone(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, bounds: Bounds) -> str:
    gone = connection.execute("SELECT since FROM state.disabled WHERE address = ?", [destination.address]).fetchone()
    return f"the receiver asked us to stop on {gone[0]:%Y-%m-%d} (410); give {destination.name} another address" if gone else ""


def _empty_audience(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, bounds: Bounds) -> str:
    held, wanted = _counts(connection)
    return f"the audience is empty, and {counted(held, 'customer')} of the last sync's would leave it" if held and not wanted else ""


def _change_share(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, bounds: Bounds) -> str:
    share = change_share(connection)
    return f"{share:.0%} of the customers sent before would change, more than max_audience_change_share {bounds.change_share:.0%}" * (
        share > bounds.change_share
    )


def _audience_shrank(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, bounds: Bounds) -> str:
    query = "SELECT count(*) FILTER (WHERE decision = 'kept') / nullif(count(*), 0) FROM decided WHERE was_in"
    share = connection.execute(query).fetchall()[0][0] or 0.0
    return f"{share:.0%} of the customers sent before have left, more than max_audience_change_share {bounds.change_share:.0%}" * (
        share > bounds.change_share
    )


def _audience_grew(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, bounds: Bounds) -> str:
    """Not before everything has arrived once: a first sync, and one that goes on with it, has nothing to be measured by."""
    query = "SELECT count(*) FILTER (WHERE decision = 'upsert' AND NOT was_in), count(*) FILTER (WHERE was_in) FROM decided"
    joined, held = connection.execute(query).fetchall()[0]
    if not (report.complete_at and held and joined >= _FEWEST and joined > bounds.growth * held):
        return ""
    return (
        f"{counted(joined, 'customer')} would join the {held:,} sent before, more than max_audience_growth {bounds.growth:g} times as many"
    )


def _score_shift(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, bounds: Bounds) -> str:
    for field in _probabilities(connection):
        kept = connection.execute(
            "SELECT bin, customers FROM state.distributions WHERE audience = ? AND field = ?", [report.audience, field]
        ).fetchall()
        shift = stability(dict(kept), dict(connection.execute(_BINS.format(field=field)).fetchall())) if kept else 0.0
        if shift > _MOST_SHIFT:
            moved = f"the distribution of {field} has shifted by {shift:.2f}, more than {_MOST_SHIFT}"
            return f"{moved}: does another model score, or a base rate in its place? The release's model cards say"
    return ""


def stability(before: dict[int, int], after: dict[int, int]) -> float:
    """Population stability index of two counts per bin; 0 when either has too few to tell."""
    if min(sum(before.values()), sum(after.values())) < _FEWEST:
        return 0.0
    shares = [
        ((before.get(one, 0) + 0.5) / (sum(before.values()) + 5), (after.get(one, 0) + 0.5) / (sum(after.values()) + 5))
        for one in range(10)
    ]
    return sum((new - old) * log(new / old) for old, new in shares)


def _probabilities(connection: duckdb.DuckDBPyConnection) -> list[str]:
    row = connection.execute("SELECT json_keys(fields) FROM cleared").fetchone()
    return sorted(name for name in (row[0] if row else ()) if name.endswith("_probability") and not name.startswith(FORMER))


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Customers of the last sync's audience whom the destination has, and customers it shall have."""
    wanted = "decision IN ('upsert', 'unchanged', 'dead', 'absent', 'left_out')"
    query = f"SELECT count(*) FILTER (WHERE was_in), count(*) FILTER (WHERE {wanted}) FROM decided"
    row = connection.execute(query).fetchall()[0]
    return row[0], row[1]


def _drift(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, bounds: Bounds) -> str:
    """Another account, a filter on what we may see, a column that is gone: then nearly everybody holds something else."""
    found = report.comparison
    if found is None or found.share <= bounds.change_share or found.changed + found.missing < _BY_HAND:
        return ""
    return (
        f"{found.changed:,} of {found.records:,} records compared hold something else there and {found.missing:,} are not there any more,"
        f" more than max_audience_change_share {bounds.change_share:.0%}; is it the same account?"
    )


def _known_beforehand(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, bounds: Bounds) -> str:
    return ""  # neither the audience nor the destination shows it


RECEIVER_GONE, RELEASE_REFUSED, RENAMED, SOURCE_STALE = "receiver_gone", "release_refused", "renamed", "source_stale"
Judge = Callable[[duckdb.DuckDBPyConnection, Destination, SyncReport, Bounds], str]
BREAKERS: dict[str, Judge] = {
    RECEIVER_GONE: _receiver_gone,
    RELEASE_REFUSED: _known_beforehand,
    RENAMED: _known_beforehand,
    SOURCE_STALE: _known_beforehand,
    "empty_audience": _empty_audience,
    "change_share": _change_share,
    "audience_shrank": _audience_shrank,
    "audience_grew": _audience_grew,
    "score_shift": _score_shift,
    "drift": _drift,
}
