"""The one Dagster resource: it reads the configuration when work starts, holds the home for the run and hands out the Night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date

import dagster as dg

from orchestration import last_run, run_history, settings
from orchestration.home import Home
from orchestration.night import Night
from orchestration.unforeseen import quoting_nothing

NIGHTS = dg.DailyPartitionsDefinition(start_date=settings.FIRST_NIGHT.isoformat(), end_offset=1)
ONE_NIGHT_A_RUN = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
RETENTION = "retention"  # the job that erases whose time is over
RELEASE = dg.AssetKey(["release", "current"])  # what readers see
WAREHOUSE_POOL = "warehouse"  # DuckDB takes one writer: one slot


class NightResource(dg.ConfigurableResource):
    """Settings come from the file that RAPPORT_CONFIG names, else from the one that was run last."""

    @contextmanager
    @quoting_nothing
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
                run_history.close_dead(context.instance, context.run.run_id)
                # Here and not with the release: nights that are refused or killed leave as much, and may do so for weeks.
                run_history.prune(context.instance, home, loaded.tuning.runs_kept)
            with last_run.under_way(home, night) if night and context.run and is_whole_night(context.run) else nullcontext():
                yield self

    def of(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Night:
        """The night that `context` belongs to: its partition is the as-of date."""
        loaded = settings.load(settings.chosen_config(None))
        return Night(loaded, Home.of(loaded), date.fromisoformat(context.partition_key), context.run.run_id)


def is_whole_night(run: dg.DagsterRun) -> bool:
    """Whether the run publishes if nothing refuses it: the job `nightly`, or assets that somebody picked, the release among them."""
    return run.job_name != RETENTION and (not run.asset_selection or RELEASE in run.asset_selection)


def night_of(run: dg.DagsterRun) -> str | None:
    """The as-of date of a run that is a night or a part of one, else None; a backfill of assets tells its one night as a range."""
    return run.tags.get("dagster/partition") or run.tags.get("dagster/asset_partition_range_start")
