"""What Dagster loads: the assets, their checks, the nightly job, its schedule. Nothing is opened; of the configuration only the
destinations are read.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from orchestration import activating
from orchestration.assets import activate, extract, forget, predict, publish, quality, serve, transform
from orchestration.configuration.destinations import EveryDestination
from orchestration.jobs import night_logger, nightly, retention
from orchestration.resources import NightResource
from orchestration.schedules import every_morning, every_night
from orchestration.sensors import killed_runs, missed_nights, nights_that_fail, nights_that_publish


def made(destinations: Sequence[EveryDestination]) -> dg.Definitions:
    """Everything, with an asset for each audience of `destinations`."""
    return dg.Definitions(
        assets=[
            extract.landing_tables,
            quality.quarantine,
            *quality.HANDED_ON,
            transform.before_models,
            predict.comment_readings,
            predict.churn_scores,
            predict.clv_scores,
            predict.decisions,
            transform.after_models,
            publish.release,
            serve.served,
            *map(activate.sync_assets, destinations),
            activate.activation_asset,
            forget.expired_people,
        ],
        asset_checks=[quality.landing_gate, quality.mart_gate, quality.audience_gate],
        jobs=[nightly, retention],
        schedules=[every_night, every_morning],
        sensors=[missed_nights, killed_runs, nights_that_fail, nights_that_publish],
        resources={"night": NightResource()},
        loggers={"console": dg.colored_console_logger, "night": night_logger},
        executor=dg.in_process_executor,
    )


defs = made(activating.configured())
