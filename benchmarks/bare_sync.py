"""What is left of a sync without all that makes it one: a table read and sent, nothing compared, written down or asked about again.

Comes in: the audience's file and a destination of benchmarks/activation.py. Goes out: simulated seconds, and how much of them was processor
time, which no client is spared that reads rows, writes them as the vendor wants them and reads what it answers. As many calls go at once,
batches are as large, and every answer is read: whoever does not read what was refused has not delivered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from benchmarks.simulated_time import Clock
from orchestration.destinations.base import Answer, Batch, Destination, Job, Record

_FIELDS = "churn_probability, churn_risk_band, clv_predicted, next_best_action, nps, lifecycle_stage, as_of_date, customer_key"


def seconds(place: Destination, file: Path, customers: int, clock: Clock) -> tuple[float, float]:
    """From the table to the last answer, and of that the processor time."""
    began, worked = clock.now(), clock.worked
    with ThreadPoolExecutor(place.width(customers)) as pool:
        sent = list(pool.map(lambda batch: (batch, place.send(batch)), _batches(place, file, customers)))
        jobs = [job for batch, answer in sent for job in _jobs(batch, answer)]
        list(pool.map(place.finish, jobs))
    return clock.now() - began, clock.worked - worked


def _batches(place: Destination, file: Path, customers: int) -> Iterator[Batch]:
    query = f"SELECT external_id, email, to_json({{{', '.join(f'{one}: {one}' for one in _FIELDS.split(', '))}}}) FROM '{file}'"
    duckdb.execute("SET threads = 1")
    rows = duckdb.execute(query)
    most = min(place.limits_for(customers).max_records, 10_000)
    while part := rows.fetchmany(most):
        yield Batch("b", "a", "r", "2026-02-01", [Record(one, "upsert", json.loads(told), len(told), email) for one, email, told in part])


def _jobs(batch: Batch, answer: Answer) -> list[Job]:
    return [Job(answer.job, batch.records)] if answer.job else list(answer.parts)
