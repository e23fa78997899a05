"""What is written down while a plan is sent: what is about to leave before it leaves, and what became of it.

Comes in: cuts and answers. Goes out: the state. Writing waits for the disk longer than many vendors take to answer, so a few batches share
each announcement and each transaction.
"""

from __future__ import annotations

import time

import duckdb

from orchestration.activation import state
from orchestration.activation.batching import Cut
from orchestration.activation.recording import Stamp, of_jobs, of_plan, record
from orchestration.activation.report import SyncReport
from orchestration.destinations.base import Answer, Job, Outcome, covered

_ANNOUNCED_AHEAD = 5_000  # records; as many more look possibly sent after a crash, and nobody after any other end
_SECONDS_UNWRITTEN = 0.5  # a crash sends again what was acknowledged in this time, or in four times what writing takes
_STILL_WORKS = "the destination still works on what it was sent; the next sync asks for the outcome"


class Announcements:
    """Who is about to leave: a crash leaves them marked as possibly sent."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, audience: str, ahead: int) -> None:
        """`ahead`: records of further batches that go side by side with one. At least so many are announced that writing them down takes
        less than sending them: by each batch of a hundred it took a quarter of a sync.
        """
        self._connection, self._audience, self._ahead = connection, audience, max(ahead, _ANNOUNCED_AHEAD)
        self._started, self._announced = 0, 0

    def cover(self, cut: Cut) -> None:
        """Announce the records of `cut`, which is about to be sent, if they are not yet."""
        self._started = cut.last
        if cut.last > self._announced:
            state.announce(self._connection, self._audience, self._announced + 1, cut.last + self._ahead)
            self._announced = cut.last + self._ahead

    def retract(self) -> None:
        """Take back what was announced and then not sent: it would count as possibly sent, and be cleared when its customer leaves."""
        if self._announced > self._started:
            state.retract(self._connection, self._audience, self._started + 1, self._announced)
            self._announced = self._started


class Book:
    """Outcomes on their way into the state."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, report: SyncReport) -> None:
        self._connection, self._report = connection, report
        self._outcomes, self._jobs = list[Outcome](), list[str]()
        self._first, self._last, self._since = 0, 0, time.monotonic()
        self._patience = _SECONDS_UNWRITTEN

    def enter(self, cut: Cut, answer: Answer) -> list[Job]:
        """Take up what became of a batch; the jobs that it became, if it did, are written down at once."""
        self._report.calls += answer.calls
        self._first, self._last = self._first or cut.first, cut.last
        outcomes, jobs = answer.outcomes, list(answer.parts)
        if answer.job:
            told = {outcome.external_id for outcome in outcomes}
            jobs = [Job(answer.job, [record for record in cut.batch.records if record.external_id not in told])]
        for job in jobs:
            sent = [record.external_id for record in job.records]
            state.keep_job(self._connection, self._report.audience, job.id, sent, (cut.first, cut.last))
        if not jobs and cut.batch.records:
            outcomes = covered(cut.batch, outcomes)
        self._take_up([*outcomes, *cut.too_large])
        return jobs

    def finish(self, job: Job, answer: Answer | None) -> None:
        """Take up what became of a job, once what became of the batches is written down."""
        if answer is None:
            self._report.refused = self._report.refused or _STILL_WORKS
            return
        self._report.calls += answer.calls
        if answer.stop:  # not asked about: the job stays written down
            self._report.refused = self._report.refused or answer.stop
            return
        self._jobs.append(job.id)
        self._take_up([outcome for outcome in answer.outcomes if outcome.external_id])

    def _take_up(self, outcomes: list[Outcome]) -> None:
        self._outcomes += outcomes
        if time.monotonic() - self._since > self._patience:
            self.write()

    def write(self) -> None:
        """Write down what was taken up."""
        began = time.monotonic()
        if self._outcomes:
            self._enter(of_jobs(self._jobs) if self._jobs else of_plan(self._first, self._last))
        self._patience = max(_SECONDS_UNWRITTEN, 4 * (time.monotonic() - began))
        self._outcomes, self._jobs, self._first, self._since = [], [], 0, time.monotonic()

    def _enter(self, rows: str) -> None:
        stamp = Stamp(self._report.destination, self._report.audience, self._report.release_id)
        for outcome, code, count in record(self._connection, self._outcomes, stamp, rows, state.now()):
            self._report.outcomes[outcome] += count
            self._report.codes.update({f"{outcome}: {code}": count} if code else {})
