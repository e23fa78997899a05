"""The nightly schedule: one partition a day, run after the day is over."""

from __future__ import annotations

import dagster as dg

from orchestration.jobs import nightly

# Two in the morning: the day is over everywhere the company's day may end, and the exports of the evening are there.
every_night = dg.build_schedule_from_partitioned_job(nightly, name="every_night", hour_of_day=2, minute_of_hour=0)
