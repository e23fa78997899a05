"""What Dagster loads: the assets, their checks, the nightly job, its schedule. Nothing is read or opened here."""

from __future__ import annotations

import dagster as dg

from orchestration.assets import activate, extract, forget, predict, publish, quality, serve, transform
from orchestration.jobs import night_logger, nightly, retention
from orchestration.resources import NightResource
from orchestration.schedules import every_morning, every_night
from orchestration.sensors import missed_nights

defs = dg.Definitions(
    assets=[
        extract.landing_tables,
        quality.quarantine,
        transform.before_models,
        predict.comment_readings,
        predict.churn_scores,
        predict.clv_scores,
        predict.decisions,
        transform.after_models,
        publish.release,
        serve.served,
        activate.activation_asset,
        forget.expired_people,
    ],
    asset_checks=[quality.landing_gate, quality.mart_gate, quality.audience_gate],
    jobs=[nightly, retention],
    schedules=[every_night, every_morning],
    sensors=[missed_nights],
    resources={"night": NightResource()},
    loggers={"console": dg.colored_console_logger, "night": night_logger},
    executor=dg.in_process_executor,
)
