"""The night in numbers, for people: read from the release, its manifest and the home; nothing here writes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import duckdb

from orchestration import last_run, refusing, releases, served
from orchestration.gates.waiting import by_table
from orchestration.home import Home, HomeError
from orchestration.plain_words import counted, lasting
from orchestration.releases import Release
from orchestration.settings import Settings

_NOT_ARRIVED = ("retryable", "rejected", "unknown")  # outcomes of records that a destination does not hold as they shall be


@dataclass(frozen=True)
class Status:
    """What `status` says, a line each."""

    lines: tuple[str, ...]


def of_night(home: Home, release: Release) -> Iterator[tuple[str, str]]:
    """Label and words for every stage of the night that made `release`."""
    with release.connect() as marts:
        yield "Landed", _landed(marts)
        yield "Quarantined", _quarantined(marts)
        yield "Built", f"{counted(len(release.tables), 'table')}, {counted(_rows(release), 'row')}"
        yield "Checked", _checked(release)
        yield from zip(chain(["Models"], repeat("")), _trained(marts), strict=False)
    yield "Published", f"{release.id}, as of {release.as_of}"
    yield "Sync", _synced(home, release.id)


def status(settings: Settings) -> Status:
    """Last release, its age and as-of date, what became of each audience last, what refused since, quarantine counts."""
    home = Home(settings.home)
    release = served.release(home)
    if release is None:
        lines = [f"{settings.company.name}: nothing is published yet; `python -m orchestration run` makes the first release"]
    else:
        lines = [
            f"{settings.company.name}: release {release.id} is served",
            f"  as of        {release.as_of}",
            f"  made         {release.created_at:%Y-%m-%d %H:%M} UTC, {lasting(_hours_since(release))} ago",
            f"  checks       {_checked(release)}",
        ]
    lines += [f"  home         {home.root}"]
    syncs = (f"  sync         {_sync_line(one, release.id if release else '')}" for one in _last_syncs(home))
    return Status((*lines, *syncs, *_stopped(home, release), *_kept_on(home), *_waiting(settings)))


def _stopped(home: Home, release: Release | None) -> Iterator[str]:
    """Why the served release is not newer: the last refusal of a gate, and the last night where it failed or was killed, a line for each
    reason.
    """
    refusal, failed = releases.standing_refusal(home.root), last_run.failed_since(home, release.created_at if release else None)
    if refusal is not None:
        at = datetime.fromisoformat(refusal.when)
        yield f"  refused      the night of {refusal.as_of} at the {refusal.stage}, {at:%Y-%m-%d %H:%M} UTC"
        yield from (f"               {reason}" for reason in refusal.reason.splitlines())
        if refusing.page(home).exists():
            yield f"               every check of it, in words: {refusing.page(home)}"
    if failed is not None:
        yield f"  failed       the night of {failed.as_of}, {failed.at:%Y-%m-%d %H:%M} UTC"
        yield from (f"               {reason}" for reason in failed.reasons)
    if (killed := last_run.killed(home)) is not None:
        begun, again = f"{killed.since:%Y-%m-%d %H:%M} UTC", f"python -m orchestration run --as-of {killed.as_of}"
        yield f"  killed       the night of {killed.as_of}, begun {begun}, never ended; run it again: {again}"


def _kept_on(home: Home) -> Iterator[str]:
    """That the last retention failed, so that whose time is over is still here, a line for each reason."""
    if (failed := last_run.failed_retention(home)) is not None:
        yield f"  retention    failed, {failed.at:%Y-%m-%d %H:%M} UTC; do it again: python -m orchestration erase --expired"
        yield from (f"               {reason}" for reason in failed.reasons)


def too_old(home: Home, hours: float) -> str | None:
    """What is wrong where no release, or none made within the last so many hours, is served; None where one is."""
    release = served.release(home)
    if release is None:
        return "status: nothing is published yet"
    age = _hours_since(release)
    return f"status: the served release is {lasting(age)} old, more than {hours:g} hours" if age > hours else None


def _hours_since(release: Release) -> float:
    return (datetime.now(UTC) - release.created_at).total_seconds() / 3600


def example_query(home: Home) -> str:
    """A line that works when pasted into the shell it is shown in."""
    database = short(home.root / "serving" / "rapport.duckdb")
    query = (
        "select month, customers_at_end, round(customer_retention_rate, 4) as retention from marts.metric_retention_monthly "
        "where dimension = 'all' order by month desc limit 6"
    )
    return f'.venv/bin/python -c "import duckdb; print(duckdb.connect(\'{database}\', read_only=True).sql(\\"{query}\\"))"'


def short(path: Path) -> str:
    """The path from here; whole where it lies elsewhere."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _waiting(settings: Settings) -> list[str]:
    try:
        waiting = [f"  quarantine   {line}" for line in by_table(settings)]
    except HomeError as error:
        return [f"  quarantine   not known now: {error}"]
    return waiting or ["  quarantine   empty"]


def _landed(marts: duckdb.DuckDBPyConnection) -> str:
    rows, tables = _one(marts, "SELECT coalesce(sum(landed), 0)::BIGINT, count(*) FILTER (landed > 0) FROM marts.data_reconciliation")
    return f"{counted(rows, 'row')} in {counted(tables, 'table')}"


def _quarantined(marts: duckdb.DuckDBPyConnection) -> str:
    query = "SELECT coalesce(sum(quarantined), 0)::BIGINT, sum(quarantined) / nullif(sum(landed), 0) FROM marts.data_reconciliation"
    rows, share = _one(marts, query)
    return counted(rows, "row") + (f" ({share:.2%}); `python -m orchestration quarantine` says why" if rows else "")


def _checked(release: Release) -> str:
    counts = release.manifest["checks"]
    others = (name for name in ("warned", "failed", "errored", "not_run") if counts.get(name))
    return ", ".join([f"{counts.get('passed', 0):,} passed", *(f"{counts[name]:,} {name.replace('_', ' ')}" for name in others)])


def _trained(marts: duckdb.DuckDBPyConnection) -> list[str]:
    """A line a model; reasons are long."""
    runs = marts.execute("SELECT model, status, any_value(reason) FROM marts.model_quality GROUP BY ALL ORDER BY ALL").fetchall()
    return [
        f"{model.replace('_', ' ')}: {status.replace('_', ' ')}{f' ({reason})' if reason else ''}" for model, status, reason in runs
    ] or ["none"]


def _rows(release: Release) -> int:
    return sum(described["rows"] for described in release.manifest["tables"].values())


def _synced(home: Home, release_id: str) -> str:
    """What the last activation did, or would do; without a destination everything stays on the machine."""
    lines = "; ".join(_sync_line(one, release_id) for one in _last_syncs(home))
    return lines or "no destination configured: audiences are published, nothing leaves the machine"


def _last_syncs(home: Home) -> list[dict[str, Any]]:
    path = home.state / "last_sync.json"
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def _sync_line(one: dict[str, Any], release_id: str) -> str:
    if one.get("refused"):
        return f"{one['destination']}/{one['audience']} refused: {one['refused']}"
    decisions = ", ".join(f"{count:,} {decision}" for decision, count in one["decisions"].items())
    older = "" if one.get("release_id", release_id) == release_id else f" (of release {one['release_id']})"
    open_ones = [f"{count:,} {name}" for name, count in one.get("outcomes", {}).items() if count and name in _NOT_ARRIVED]
    became = f"; of them {', '.join(open_ones)}" if open_ones else ""
    did = "sent" if one["live"] else "dry run, would send"
    return f"{one['destination']}/{one['audience']} {did}: {decisions or 'nothing'}{became}{older}"


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None  # an aggregate always has one row
    return row
