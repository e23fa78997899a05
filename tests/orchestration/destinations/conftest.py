"""A destination of each vendor, made against its fake; waits take no time."""

from contextlib import ExitStack

import pytest

from orchestration.destinations import make
from orchestration.destinations.base import Batch, Job, Record
from tests.fakes.destinations import VENDORS
from tests.fakes.receiver import serving


@pytest.fixture
def place():
    """kind, options → (destination, vendor)."""
    with ExitStack() as stack:

        def opened(kind, vendor=None, **options):
            vendor = vendor or stack.enter_context(serving(VENDORS[kind]()))
            usual = {"name": "v", **vendor.options, "base_url": vendor.url, "sleep": lambda _: None}
            destination = make(kind, **{**usual, **options})
            stack.callback(destination.close)
            return destination, vendor

        yield opened


def batch_of(count, first=1, **fields):
    records = [
        Record(f"c{number}", "upsert", {"nps": number % 11, **fields}, 60, f"c{number}@example.com")
        for number in range(first, first + count)
    ]
    return Batch("a" * 64, "customer_scores", "r1", "2026-02-01T00:00:00+00:00", records)


def cleared(external_id, remote_id="", email=""):
    return Batch(
        "b" * 64, "customer_scores", "r2", "2026-02-02T00:00:00+00:00", [Record(external_id, "clear", {"nps": None}, 20, email, remote_id)]
    )


def sent(destination, batch):
    """External id → (result, code), a job waited for."""
    answer = destination.send(batch)
    outcomes, jobs = list(answer.outcomes), list(answer.parts)
    if answer.job:
        told = {outcome.external_id for outcome in outcomes}
        jobs.append(Job(answer.job, [one for one in batch.records if one.external_id not in told]))
    outcomes += [outcome for job in jobs for outcome in destination.finish(job).outcomes]
    assert sorted(one.external_id for one in outcomes) == sorted(one.external_id for one in batch.records)
    return {one.external_id: (str(one.result), one.code) for one in outcomes}


def counted(results):
    names = [result for result, _ in results.values()]
    return {name: names.count(name) for name in set(names)}
