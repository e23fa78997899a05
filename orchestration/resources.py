"""The one Dagster resource: it reads the configuration when work starts and hands out the Night."""

from __future__ import annotations

from datetime import date

import dagster as dg

from orchestration import settings
from orchestration.home import Home
from orchestration.night import Night

FIRST_NIGHT = "1990-01-01"
NIGHTS = dg.DailyPartitionsDefinition(start_date=FIRST_NIGHT, end_offset=1)
ONE_NIGHT_A_RUN = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
WAREHOUSE_POOL = "warehouse"  # DuckDB takes one writer: one slot


class NightResource(dg.ConfigurableResource):
    """Settings come from the file that RAPPORT_CONFIG names, else from the one that was run last."""

    def of(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Night:
        """The night that `context` belongs to: its partition is the as-of date."""
        loaded = settings.load(settings.chosen_config(None))
        home = Home(loaded.home)
        home.prepare()
        home.claim(loaded.company.name)
        return Night(loaded, home, date.fromisoformat(context.partition_key), context.run.run_id)
