"""The one Dagster resource: it reads the configuration when work starts, holds the home for the run and hands out the Night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from orchestration import settings
from orchestration.home import Home
from orchestration.night import Night

NIGHTS = dg.DailyPartitionsDefinition(start_date=settings.FIRST_NIGHT.isoformat(), end_offset=1)
ONE_NIGHT_A_RUN = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
RETENTION = "retention"  # the job that erases whose time is over
WAREHOUSE_POOL = "warehouse"  # DuckDB takes one writer: one slot


class NightResource(dg.ConfigurableResource):
    """Settings come from the file that RAPPORT_CONFIG names, else from the one that was run last."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[NightResource]:
        """Hold the home while the run lasts, whoever started it. Raises HomeError, naming the holder, when another run has it."""
        loaded = settings.load(settings.chosen_config(None))
        home = Home.of(loaded)
        home.prepare()
        home.claim(loaded.company.name)
        night = night_of(context.run) if context.run else None
        with home.exclusive(f"the night of {night}" if night else "a run in Dagster"):
            if not (context.run and context.run.job_name == RETENTION):  # that one goes on with it
                home.refuse_interrupted_erasure()
            if context.instance and context.run:
                _close_dead_runs(context.instance, context.run.run_id)
            yield self

    def of(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Night:
        """The night that `context` belongs to: its partition is the as-of date."""
        loaded = settings.load(settings.chosen_config(None))
        return Night(loaded, Home.of(loaded), date.fromisoformat(context.partition_key), context.run.run_id)


def night_of(run: dg.DagsterRun) -> str | None:
    """The as-of date of a run that is a night or a part of one, else None."""
    return run.tags.get("dagster/partition")


def _close_dead_runs(instance: dg.DagsterInstance, alive: str) -> None:
    """Mark runs that were killed as failed and give back the pool slots they hold: else the next run waits for them for ever.

    Whoever holds the home knows that every other run that says it has started is dead.
    """
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    for run in instance.get_runs(started):
        if run.run_id != alive:
            instance.report_run_failed(run, "the process of this run was killed; the run after it found that out")
    unfinished = {run.run_id for run in instance.get_runs(dg.RunsFilter(statuses=list(IN_PROGRESS_RUN_STATUSES)))}
    for holder in _slot_holders(instance) - unfinished - {alive}:
        instance.event_log_storage.free_concurrency_slots_for_run(holder)


def _slot_holders(instance: dg.DagsterInstance) -> set[str]:
    storage = instance.event_log_storage
    keys = storage.get_concurrency_keys()
    claimed = {slot.run_id for key in keys for slot in storage.get_concurrency_info(key).claimed_slots}
    return claimed | storage.get_concurrency_run_ids()
