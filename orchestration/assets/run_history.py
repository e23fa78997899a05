"""Dagster's record of past runs and the logs of nights, kept as long as somebody may look at them: a night writes nine megabytes of events.

Comes in: Dagster's storage and how many runs to keep. Goes out: the ids of the runs that are forgotten.
"""

from __future__ import annotations

import dagster as dg

from orchestration.home import Home

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


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
