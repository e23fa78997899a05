"""One sync: one audience of one release to one destination.

Comes in: a release, a destination, the state folder. Goes out: a report; and, when live, batches, state and log.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf
from pathlib import Path
from types import MappingProxyType

import duckdb

from orchestration.activation import breakers, drift, owners, state
from orchestration.activation.audience import ActivationError, AudienceSource
from orchestration.activation.breakers import BREAKERS, RECEIVER_GONE, Bounds, objection
from orchestration.activation.deciding import knows, make_plan, plan_what_followed
from orchestration.activation.forgetting import rewritten
from orchestration.activation.former_names import former, remember, settle
from orchestration.activation.found_again import look_for
from orchestration.activation.log import export_attempts
from orchestration.activation.planning import make_desired
from orchestration.activation.renamed import note_place
from orchestration.activation.report import SyncReport, describe
from orchestration.activation.sending import Progress, deliver, resume, send_plan
from orchestration.destinations.base import Destination, DestinationError
from orchestration.destinations.limits import Limits


def synchronise(
    release: AudienceSource,
    destination: Destination,
    audience: str,
    *,
    state_folder: str | Path,
    max_change_share: float,
    max_growth: float = inf,
    mode: str = "mirror",
    recreate: bool = True,
    live: bool = False,
    compare_days: int = 0,
    overrides: Collection[str] = (),
    doubts: Mapping[str, str] = MappingProxyType({}),
    retry_dead: bool = False,
    limit: int | None = None,
    only: str | None = None,
    retired: bool = False,
    later: AudienceSource | None = None,
    progress: Progress = lambda *_: None,
) -> SyncReport:
    """Bring `sync_<type>__<audience>` of `release` to `destination`; without `live` only tell what would be sent, calling nobody.

    `max_change_share` and `max_growth` bound those who change and those who join, by those sent before; `overrides` names circuit breakers
    that a person has let through, `doubts` (name → reason) those that speak against the release itself; `retry_dead` sends rejected
    records again; `limit` and `only` send so many, or one; every `compare_days` (0: never) the destination is asked what it holds, and what
    has drifted is sent again; without `recreate` what was deleted there stays so. Of a `retired` audience, which the configuration names no
    more, only who may not be told of is cleared: nobody is sent, and nobody else loses anything. `later` is a release that knows more than
    this one: who has withdrawn by then is not sent. Raises ActivationError, DestinationError or StateError before anything is sent.
    """
    report = SyncReport(destination.name, audience, release.id, release.created_at.isoformat(timespec="seconds"), live)
    path = Path(state_folder) / "activation" / f"{destination.name}.duckdb"
    with state.opened(path, writable=live) as connection:
        no_more = former(connection, destination, audience, release, ask=live)
        kinds = make_desired(connection, release, f"sync_{destination.type}__{audience}", destination, no_more, later)
        owners.make_owners(connection, release, destination)
        destination.kinds = {**kinds, **no_more}
        report.names = {field: destination.name_of(field) for field in kinds if destination.names}
        report.no_more = [destination.name_of(field) for field in no_more]
        if retired:
            connection.execute("DELETE FROM desired WHERE suppressed_as IS NULL")
            mode, overrides = "upsert", set(BREAKERS) - {RECEIVER_GONE}
        if live:
            note_place(connection, destination)
            resume(connection, destination, report)
            look_for(connection, destination, audience, release.id)
            owners.learn(connection, audience)
            state.compact(connection)  # what a job did is newer than what was there before it
        is_whole = limit is None and only is None and not retired
        report.comparison = drift.compare(connection, destination, audience, compare_days if is_whole else 0, ask=live)
        report.decisions = make_plan(connection, audience, mode=mode, recreate=recreate, retry_dead=retry_dead, limit=limit, only=only)
        if only is not None and not knows(connection, only):
            raise ActivationError(f"{audience}: nobody in it, and nobody who was sent before, has this external id or customer key")
        limits = destination.limits_for(report.decisions.get("upsert", 0) + report.decisions.get("clear", 0))
        describe(connection, destination, limits, report)
        report.complete_at = state.completed(connection, audience)
        report.refused = report.refused or objection(
            connection, destination, report, Bounds(max_change_share, max_growth), overrides, doubts
        )
        if live:
            report.refused = report.refused or _unprepared(destination, kinds, report)
            try:
                if report.refused:
                    _forget_all_the_same(connection, destination, limits, report)
                else:
                    drift.settle(connection, report, recreate=recreate)
                    remember(connection, destination, audience, kinds)
                    deliver(connection, destination, limits, report, progress)
                    if limit is None and only is None:
                        _go_on(connection, destination, report, progress, mode=mode, recreate=recreate, retry_dead=retry_dead)
                    breakers.remember(connection, audience)
                    _note_completeness(connection, report, no_more)
            finally:
                report.forgotten += state.settle_orders(connection, audience)
                export_attempts(connection, Path(state_folder), destination.name)
    if report.forgotten:
        rewritten(path)
    return report


def _unprepared(destination: Destination, kinds: Mapping[str, str], report: SyncReport) -> str:
    """Why the destination has no room for the fields; empty when it has, or nothing is to be sent."""
    try:
        if report.calls:
            destination.prepare(kinds)
    except DestinationError as error:
        return str(error)
    return ""


def _go_on(
    connection: duckdb.DuckDBPyConnection,
    destination: Destination,
    report: SyncReport,
    progress: Progress,
    *,
    mode: str,
    recreate: bool,
    retry_dead: bool,
) -> None:
    """Send who waited for a record to be cleared, now that it is: the next sync would do the same, a day later."""
    if report.refused or not destination.needs_email or not report.decisions.get("clear"):
        return
    state.compact(connection)
    report.forgotten += state.settle_orders(connection, report.audience)
    followed = plan_what_followed(connection, report.audience, mode=mode, recreate=recreate, retry_dead=retry_dead)
    report.decisions["upsert"] = report.decisions.get("upsert", 0) + followed["upsert"]
    report.decisions["left_out"] = followed["left_out"]
    report.decisions = {name: count for name, count in report.decisions.items() if count}
    send_plan(connection, destination, destination.limits_for(followed["upsert"]), report, followed["upsert"], 1, progress)


def _note_completeness(connection: duckdb.DuckDBPyConnection, report: SyncReport, no_more: Mapping[str, str]) -> None:
    if report.ok and not report.decisions.get("left_out"):
        report.complete_at = state.completed(connection, report.audience, state.now())
        if not report.decisions.get("kept") and not report.decisions.get("dead"):  # who is kept was not sent: they hold them still
            settle(connection, report.audience, no_more)


def _forget_all_the_same(connection: duckdb.DuckDBPyConnection, destination: Destination, limits: Limits, report: SyncReport) -> None:
    """Clear who was erased, also on a night that is refused: their right does not wait for somebody to look into it."""
    report.calls = 0
    if _keep_orders(connection, report.audience) and f"[{RECEIVER_GONE}]" not in report.refused:
        reason, report.refused = report.refused, ""
        deliver(connection, destination, limits, report)
        report.refused = report.refused or reason


def _keep_orders(connection: duckdb.DuckDBPyConnection, audience: str) -> int:
    """Leave in the plan only the clearing of people who were erased; returns how many they are."""
    ordered = "operation = 'clear' AND external_id IN (SELECT external_id FROM state.to_forget WHERE audience = $audience)"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE plan AS SELECT * REPLACE (row_number() OVER () AS number) FROM plan WHERE {ordered}",
        {"audience": audience},
    )
    return len(connection.execute("FROM plan").fetchall())
