"""Sending the plan, and writing down what became of it.

Comes in: the plan, a destination. Goes out: batches; outcomes in the state, each batch's in one transaction. What leaves is announced
before it leaves, and a job's id is written down before the job is asked about: a crash anywhere leaves a state from which the next sync
converges.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import duckdb

from orchestration.activation import state
from orchestration.activation.batching import Cut, batches
from orchestration.activation.recording import Stamp, of_job, of_plan, record
from orchestration.activation.report import SyncReport
from orchestration.destinations.base import Answer, Destination, Job, Outcome, Result, covered
from orchestration.destinations.limits import Limits

DEADLINE = 3 * 3600.0  # seconds after which a sync sends no further batch; the next one goes on where it stopped
_FEW = 10  # batches
_SECONDS_UNWRITTEN = 0.5  # a crash sends again what was acknowledged in this time
_MOST_SILENT = 3  # batches in a row without any answer after which nothing more is sent: each would take as long to find out
Progress = Callable[[int, int], None]


def resume(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport) -> None:
    """Fetch the outcomes of jobs that an earlier sync started, before anything is planned: what they did is not done again."""
    for job in state.open_jobs(connection, report.audience):
        _finished(connection, destination, report, job)


def deliver(
    connection: duckdb.DuckDBPyConnection,
    destination: Destination,
    limits: Limits,
    report: SyncReport,
    progress: Progress = lambda *_: None,
) -> None:
    """Send the plan, batch by batch, then wait for the jobs that it became."""
    expected, report.calls = report.calls, 0
    began, silent, jobs = time.monotonic(), 0, list[Job]()
    log_suppressed(connection, report)
    total = report.decisions.get("upsert", 0) + report.decisions.get("clear", 0)
    # Few batches gain nothing from going side by side.
    width = destination.side_by_side if expected > _FEW else 1
    book = _Book(connection, report)
    try:
        for cut, answer in _answers(connection, destination, batches(connection, limits, report), report, width):
            jobs += book.enter(cut, answer)
            progress(cut.last, total)
            silent = silent + 1 if answer.outcomes and all(one.result == Result.UNKNOWN for one in answer.outcomes) else 0
            # What is under way already is still written down; nothing more is started.
            report.refused = report.refused or answer.stop or _why_stop(silent, began, cut.last < total)
            if answer.disabled:
                connection.execute("INSERT INTO state.disabled VALUES (?, ?)", [destination.address, now()])
    finally:
        book.write()
    for job in jobs:
        _finished(connection, destination, report, job)


class _Book:
    """Outcomes on their way into the state: a transaction costs as much as many vendors take to answer, so a few batches share one."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, report: SyncReport) -> None:
        self._connection, self._report = connection, report
        self._outcomes: list[Outcome] = []
        self._first, self._last, self._since = 0, 0, time.monotonic()

    def enter(self, cut: Cut, answer: Answer) -> list[Job]:
        """Take up what became of a batch; the job that it became, if it did, is written down at once."""
        self._report.calls += answer.calls
        self._first, self._last = self._first or cut.first, cut.last
        outcomes, jobs = answer.outcomes, list[Job]()
        if answer.job:
            told = {outcome.external_id for outcome in outcomes}
            jobs = [Job(answer.job, [record for record in cut.batch.records if record.external_id not in told])]
            state.keep_job(self._connection, self._report.audience, answer.job, [record.external_id for record in jobs[0].records])
        elif cut.batch.records:
            outcomes = covered(cut.batch, outcomes)
        self._outcomes += [*outcomes, *cut.too_large]
        if time.monotonic() - self._since > _SECONDS_UNWRITTEN:
            self.write()
        return jobs

    def write(self) -> None:
        """Write down what was taken up."""
        if self._outcomes:
            _record(self._connection, self._report, self._outcomes, of_plan(self._first, self._last))
        self._outcomes, self._first, self._since = [], 0, time.monotonic()


def _answers(
    connection: duckdb.DuckDBPyConnection, destination: Destination, cuts: Iterator[Cut], report: SyncReport, width: int
) -> Iterator[tuple[Cut, Answer]]:
    """Each batch with its answer, in order, up to `width` of them under way at once; none is started once the report says why not."""
    with ThreadPoolExecutor(width) as pool:
        under_way: deque[tuple[Cut, Future[Answer] | Answer]] = deque()
        for cut in cuts:
            if report.refused:
                break
            if under_way and _waits(under_way[-1][0], cut):
                yield from (_awaited(*one) for one in under_way)
                under_way.clear()
            state.announce(connection, report.audience, cut.first, cut.last)
            under_way.append((cut, _sent(destination, cut) if width == 1 else pool.submit(_sent, destination, cut)))
            if len(under_way) >= width:
                yield _awaited(*under_way.popleft())
        while under_way:
            yield _awaited(*under_way.popleft())


def _waits(before: Cut, cut: Cut) -> bool:
    """Whether `cut` writes while `before` may still clear: a destination's record can be another person's from tonight on."""
    clearing, writing = before.batch.records, cut.batch.records
    return bool(clearing and writing) and clearing[0].operation == "clear" and writing[-1].operation == "upsert"


def _sent(destination: Destination, cut: Cut) -> Answer:
    return destination.send(cut.batch) if cut.batch.records else Answer([], calls=0)


def _awaited(cut: Cut, answer: Future[Answer] | Answer) -> tuple[Cut, Answer]:
    return cut, answer if isinstance(answer, Answer) else answer.result()


def _finished(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport, job: Job) -> None:
    answer = destination.finish(job)
    if answer is None:
        report.refused = report.refused or "the destination still works on what it was sent; the next sync asks for the outcome"
        return
    report.calls += answer.calls
    if answer.stop:  # not asked about: the job stays written down
        report.refused = report.refused or answer.stop
        return
    _record(connection, report, [outcome for outcome in answer.outcomes if outcome.external_id], of_job(job.id))


def _record(connection: duckdb.DuckDBPyConnection, report: SyncReport, outcomes: list[Outcome], rows: str) -> None:
    stamp = Stamp(report.destination, report.audience, report.release_id)
    for outcome, code, count in record(connection, outcomes, stamp, rows, now()):
        report.outcomes[outcome] += count
        report.codes.update({f"{outcome}: {code}": count} if code else {})


def _why_stop(silent: int, began: float, is_more: bool) -> str:
    if silent >= _MOST_SILENT:
        return f"{silent} batches in a row were not answered"
    if is_more and time.monotonic() - began > DEADLINE:
        return f"stopped after {DEADLINE / 3600:.0f} hours; the next sync goes on"
    return ""


def log_suppressed(connection: duckdb.DuckDBPyConnection, report: SyncReport) -> None:
    """Log who is suppressed since the last sync; repeating everyone every night would say nothing and fill the disk."""
    suppressed = "SELECT external_id, suppressed_as FROM decided WHERE decision = 'suppressed'"
    parameters = {"audience": report.audience}
    logged = {**parameters, "destination": report.destination, "release_id": report.release_id, "at": now()}
    with state.transaction(connection):
        connection.execute(
            f"""INSERT INTO state.attempts SELECT $destination, $audience, customer_key, external_id, '{Result.SUPPRESSED}', suppressed_as,
            $release_id, $at FROM decided WHERE decision = 'suppressed' AND (external_id, suppressed_as) NOT IN
            (SELECT (external_id, code) FROM state.suppressed WHERE audience = $audience)""",
            logged,
        )
        connection.execute("DELETE FROM state.suppressed WHERE audience = $audience", parameters)
        connection.execute(f"INSERT INTO state.suppressed SELECT $audience, external_id, suppressed_as FROM ({suppressed})", parameters)
    report.outcomes[str(Result.SUPPRESSED)] += sum(report.suppressed.values())


def now() -> datetime:
    """The moment, UTC, without a zone, as the state keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)
