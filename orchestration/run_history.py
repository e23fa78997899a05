"""Dagster's record of runs: killed ones are closed, old ones are forgotten with the logs of nights; a night writes nine megabytes.

Comes in: Dagster's storage, for `close_dead` held by who also holds the home, and how many runs to keep. Goes out: the ids of the runs that
were closed or are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from orchestration.home import Home

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
STARTED = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
KILLED = "the process of this run was killed; what came after it found that out"


def close_dead(storage: dg.DagsterInstance, alive: str | None = None) -> list[str]:
    """Mark runs that were killed as failed and give back the pool slots they hold: else what waits, waits for them for ever.

    A run holds its home from before it says that it has started until after it says that it has ended. So whoever holds the home now, for
    the run `alive` or for none, knows that all others which say so are dead.
    """
    dead = [run for run in storage.get_runs(dg.RunsFilter(statuses=STARTED)) if run.run_id != alive]
    for run in dead:
        storage.report_run_failed(run, KILLED)
    unfinished = {run.run_id for run in storage.get_runs(dg.RunsFilter(statuses=list(IN_PROGRESS_RUN_STATUSES)))}
    for holder in slot_holders(storage) - unfinished - {alive}:
        storage.event_log_storage.free_concurrency_slots_for_run(holder)
    return [run.run_id for run in dead]


def was_killed(events: Iterable[dg.DagsterEvent]) -> bool:
    """Whether the run of `events` was closed by `close_dead`."""
    return any(event.is_failure and event.message == KILLED for event in events)


def slot_holders(storage: dg.DagsterInstance) -> set[str]:
    """The ids of the runs that hold a slot of a pool, or wait for one; Dagster starts nothing that would have to wait behind them."""
    events = storage.event_log_storage
    claimed = {slot.run_id for key in events.get_concurrency_keys() for slot in events.get_concurrency_info(key).claimed_slots}
    return claimed | events.get_concurrency_run_ids()


def prune(storage: dg.DagsterInstance, home: Home, keep: int) -> list[str]:
    """Forget all but the newest `keep` finished runs and logs; returns the ids that are gone. Runs that wait or go on are left alone.

    Which nights are still to be caught up is told by releases, not by runs, so that forgetting a run asks for nothing again.
    """
    finished = storage.get_runs(filters=dg.RunsFilter(statuses=FINISHED))
    doomed = [run.run_id for run in finished[keep:]]
    for run_id in doomed:
        storage.delete_run(run_id)
        # Dagster empties the file of the run's events and leaves it at its size.
        for left in (home.dagster / "history" / "runs").glob(f"{run_id}.db*"):
            left.unlink()
    logs = sorted(home.logs.glob("*.log"), key=lambda log: log.stat().st_mtime, reverse=True)
    for log in logs[keep:]:
        log.unlink()
    return doomed
