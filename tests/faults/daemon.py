"""Dagster's daemon on a home, a turn at a time: a schedule's tick, backfills as the UI asks for them, and the queue behind both.

Everything is the daemon's own: the code is loaded by a server in a process of its own, and each run gets another one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, InstigatorType, ScheduleInstigatorData
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._scheduler.scheduler import launch_scheduled_runs

from orchestration import jobs
from orchestration.home import Home
from tests.commands import ROOT

MODULE = "orchestration.definitions"
MINUTE = timedelta(minutes=1)
_LOG = logging.getLogger("tests.daemon")


@contextmanager
def at_work(home: Path) -> Iterator[Daemon]:
    """The daemon of this home; RAPPORT_CONFIG names its configuration, and PYTHONPATH the checkout."""
    target = ModuleTarget(MODULE, None, str(ROOT), MODULE)
    with jobs.instance(Home(home)) as storage, WorkspaceProcessContext(storage, target) as workspace:
        yield Daemon(storage, workspace)


class Daemon:
    """What is asked of it is done when the call returns: the runs that came of it, oldest first."""

    def __init__(self, storage: dg.DagsterInstance, workspace: WorkspaceProcessContext) -> None:
        self.storage, self._workspace = storage, workspace
        (location,) = workspace.create_request_context().code_locations
        (self._repository,) = location.get_repositories().values()

    def tick(self, schedule: str, moment: datetime) -> list[dg.DagsterRun]:
        """The schedule, switched on a minute before `moment`, a minute after it."""
        remote = self._repository.get_schedule(schedule)
        since = ScheduleInstigatorData(remote.cron_schedule, (moment - MINUTE).timestamp())
        state = InstigatorState(remote.get_remote_origin(), InstigatorType.SCHEDULE, InstigatorStatus.RUNNING, since)
        self.storage.add_instigator_state(state)
        before = self._runs()
        self._done(launch_scheduled_runs(self._workspace, _LOG, end_datetime_utc=moment + MINUTE, iteration_times={}))
        return self._ended(before)

    def backfill_job(self, job: str, nights: Sequence[str]) -> list[dg.DagsterRun]:
        """Nights picked on the job's page."""
        (partitions,) = [one for one in self._repository.get_partition_sets() if one.job_name == job]
        asked = PartitionBackfill("of_job", BulkActionStatus.REQUESTED, False, {}, time.time(), partition_names=nights,
                                  partition_set_origin=partitions.get_remote_origin())  # fmt: skip
        return self._backfilled(asked)

    def backfill_assets(self, nights: Sequence[str]) -> list[dg.DagsterRun]:
        """Nights picked in the asset graph, with all assets that have nights."""
        graph = self._workspace.create_request_context().asset_graph
        keys = [key for key in graph.materializable_asset_keys if graph.get(key).is_partitioned]
        unsaid = {"title": None, "description": None, "run_config": None, "all_partitions": False}
        asked = PartitionBackfill.from_asset_partitions("of_assets", graph, nights, keys, time.time(), {}, self.storage, **unsaid)
        return self._backfilled(asked)

    def steps(self, run: dg.DagsterRun) -> set[str]:
        """The steps that the run began."""
        return {entry.step_key for entry in self.storage.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_START) if entry.step_key}

    def _backfilled(self, asked: PartitionBackfill) -> list[dg.DagsterRun]:
        before = self._runs()
        self.storage.add_backfill(asked)
        return self._ended(before)

    def _ended(self, before: set[str], seconds: float = 540) -> list[dg.DagsterRun]:
        until = time.monotonic() + seconds
        while self._open():
            assert time.monotonic() < until, "the daemon's work took too long"
            with QueuedRunCoordinatorDaemon(interval_seconds=1) as queue:
                self._done(queue.run_iteration(self._workspace))
            self._done(execute_backfill_iteration(self._workspace, _LOG))
            time.sleep(1)
        return [run for run in reversed(self.storage.get_runs()) if run.run_id not in before]

    def _open(self) -> bool:
        waiting = self.storage.get_runs(dg.RunsFilter(statuses=list(NOT_FINISHED_STATUSES)), limit=1)
        return bool(waiting or self.storage.get_backfills(filters=BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED])))

    def _runs(self) -> set[str]:
        return {run.run_id for run in self.storage.get_runs()}

    def _done(self, turn: Iterator[Any] | Any) -> None:
        assert [told for told in turn if hasattr(told, "message")] == []
