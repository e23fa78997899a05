"""The schedules: a night for each day, run after the day is over, and in the morning what is to be forgotten."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from orchestration.jobs import nightly, retention


@dg.schedule(
    job=nightly, cron_schedule="0 2 * * *", execution_timezone="UTC", description="Asks for the day that is over, at two in the morning UTC"
)
def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The night of yesterday. Days end in UTC, as they do in the marts; by two the exports of the evening are there."""
    # Not dg.build_schedule_from_partitioned_job: the newest partition is today, so that a person can run it, and it would pick that.
    return dg.RunRequest(partition_key=str((context.scheduled_execution_time - timedelta(days=1)).date()))


@dg.schedule(
    job=retention,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    description="Erases people whose retention is over, at six in the morning UTC",
)
def every_morning(_: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """After the night, which told who was deleted; nobody is due where the configuration sets no period."""
    return dg.RunRequest()
