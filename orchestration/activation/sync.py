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
from orchestration.activation.blame import blame
from orchestration.activation.breakers import BREAKERS, RECEIVER_GONE, Bounds, objection
from orchestration.activation.deciding import Wish, knows, make_plan, plan_what_followed
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
    wish = Wish("upsert" if retired else mode, recreate, retry_dead, limit, only, retired)
    path = Path(state_folder) / "activation" / f"{destination.name}.duckdb"
    with state.opened(path, writable=live) as connection:
        sync = _Sync(connection, destination, report, wish)
        sync.want(release, later)
        if live:
            sync.hear_what_was_done()
        limits = sync.plan(compare_days)
        let_through = set(BREAKERS) - {RECEIVER_GONE} if retired else overrides
        report.refused = report.refused or objection(
            connection, destination, report, Bounds(max_change_share, max_growth), let_through, doubts
        )
        if live:
            sync.carry_out(limits, Path(state_folder), progress)
    if report.forgotten:
        rewritten(path)
    return report


class _Sync:
    """The steps of one sync, in the order in which they are taken, over one connection to the state."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, wish: Wish) -> None:
        self.connection, self.destination, self.report, self.wish = connection, destination, report, wish
        self.kinds: Mapping[str, str] = {}  # field → kind, of what is sent tonight
        self.no_more: Mapping[str, str] = {}  # likewise, of what was sent under a name that is written no more

    def want(self, release: AudienceSource, later: AudienceSource | None) -> None:
        """What the destination should hold by this release, under which names."""
        connection, destination, report = self.connection, self.destination, self.report
        self.no_more = former(connection, destination, report.audience, release, ask=report.live)
        table = f"sync_{destination.type}__{report.audience}"
        self.kinds = make_desired(connection, release, table, destination, self.no_more, later)
        owners.make_owners(connection, release, destination)
        destination.kinds = {**self.kinds, **self.no_more}
        report.names = {field: destination.name_of(field) for field in self.kinds if destination.names}
        report.no_more = [destination.name_of(field) for field in self.no_more]
        if self.wish.retired:
            connection.execute("DELETE FROM desired WHERE suppressed_as IS NULL")

    def hear_what_was_done(self) -> None:
        """What became of earlier syncs' jobs and of records whose place or key is another."""
        note_place(self.connection, self.destination)
        resume(self.connection, self.destination, self.report)
        look_for(self.connection, self.destination, self.report.audience, self.report.release_id)
        owners.learn(self.connection, self.report.audience)
        state.compact(self.connection)  # what a job did is newer than what was there before it

    def plan(self, compare_days: int) -> Limits:
        """Who is to be sent or cleared, and in how many calls. Raises ActivationError where the one that is wished for is nobody."""
        connection, report, wish = self.connection, self.report, self.wish
        days = compare_days if wish.is_for_all and not wish.retired else 0
        report.comparison = drift.compare(connection, self.destination, report.audience, days, ask=report.live)
        report.decisions = make_plan(connection, report.audience, wish)
        if wish.only is not None and not knows(connection, wish.only):
            raise ActivationError(f"{report.audience}: nobody in it, and nobody who was sent before, has this external id or customer key")
        limits = self.destination.limits_for(report.decisions.get("upsert", 0) + report.decisions.get("clear", 0))
        describe(connection, self.destination, limits, report)
        report.complete_at = state.completed(connection, report.audience)
        return limits

    def carry_out(self, limits: Limits, state_folder: Path, progress: Progress) -> None:
        """Send the plan, or what of it a refusal does not hold back; whatever happens, what was done is in the log."""
        connection, report = self.connection, self.report
        report.refused = report.refused or _unprepared(self.destination, self.kinds, report)
        try:
            if report.refused:
                _forget_all_the_same(connection, self.destination, limits, report)
            else:
                self._send(limits, progress)
        finally:
            report.forgotten += state.settle_orders(connection, report.audience)
            export_attempts(connection, state_folder, self.destination.name)

    def _send(self, limits: Limits, progress: Progress) -> None:
        connection, report, began = self.connection, self.report, state.now()
        drift.settle(connection, report, recreate=self.wish.recreate)
        remember(connection, self.destination, report.audience, self.kinds)
        deliver(connection, self.destination, limits, report, progress)
        if self.wish.is_for_all and not self.wish.retry_dead:
            blame(connection, self.destination, self.kinds, report, began)
        if self.wish.is_for_all:
            self._go_on(progress)
        breakers.remember(connection, report.audience)
        _note_completeness(connection, report, self.no_more)

    def _go_on(self, progress: Progress) -> None:
        """Send who waited for a record to be cleared, now that it is: the next sync would do the same, a day later."""
        connection, report, wish = self.connection, self.report, self.wish
        if report.refused or not self.destination.needs_email or not report.decisions.get("clear"):
            return
        state.compact(connection)
        report.forgotten += state.settle_orders(connection, report.audience)
        followed = plan_what_followed(connection, report.audience, wish)
        report.decisions["upsert"] = report.decisions.get("upsert", 0) + followed["upsert"]
        report.decisions["left_out"] = followed["left_out"]
        report.decisions = {name: count for name, count in report.decisions.items() if count}
        send_plan(connection, self.destination, self.destination.limits_for(followed["upsert"]), report, followed["upsert"], 1, progress)


def _unprepared(destination: Destination, kinds: Mapping[str, str], report: SyncReport) -> str:
    """Why the destination has no room for the fields; empty when it has, or nothing is to be sent."""
    try:
        if report.calls:
            destination.prepare(kinds)
    except DestinationError as error:
        return str(error)
    return ""


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
