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
from functools import partial

import duckdb

from orchestration.activation import state
from orchestration.activation.batching import Cut, batches
from orchestration.activation.book import Announcements, Book
from orchestration.activation.report import SyncReport
from orchestration.destinations.base import Answer, Destination, DestinationError, Job, Result
from orchestration.destinations.limits import Limits

DEADLINE = 3 * 3600.0  # seconds after which a sync sends no further batch; the next one goes on where it stopped
_READY = 2  # times as many batches as go at once are handed out: no hand waits while outcomes are written down
_MOST_SILENT = 3  # batches in a row without any answer after which nothing more is sent: each would take as long to find out
Progress = Callable[[int, int], None]


def resume(connection: duckdb.DuckDBPyConnection, destination: Destination, report: SyncReport) -> None:
    """Fetch the outcomes of jobs that an earlier sync started, before anything is planned: what they did is not done again.

    What they did not do is planned again, and counts as what becomes of it then.
    """
    for job in state.open_jobs(connection, report.audience):
        book = Book(connection, report)  # each by itself: those of different nights may have a customer in common
        book.finish(job, _told(destination, job))
        book.write()
    for again in (Result.RETRYABLE, Result.UNKNOWN):
        del report.outcomes[str(again)]
        for code in [one for one in report.codes if one.startswith(f"{again}: ")]:
            del report.codes[code]


def deliver(
    connection: duckdb.DuckDBPyConnection,
    destination: Destination,
    limits: Limits,
    report: SyncReport,
    progress: Progress = lambda *_: None,
) -> None:
    """Send the plan, batch by batch, then wait for the jobs that it became."""
    expected, report.calls = report.calls, 0
    log_suppressed(connection, report)
    total = report.decisions.get("upsert", 0) + report.decisions.get("clear", 0)
    width = destination.width(total) if expected > destination.alone else 1
    send_plan(connection, destination, limits, report, total, width, progress)


def send_plan(
    connection: duckdb.DuckDBPyConnection,
    destination: Destination,
    limits: Limits,
    report: SyncReport,
    total: int,
    width: int,
    progress: Progress,
) -> None:
    """Send a plan of `total` records, up to `width` batches at once, and add what became of it to the report."""
    began, silent, jobs = time.monotonic(), 0, list[Job]()
    book, announced = Book(connection, report), Announcements(connection, report.audience, ahead=(width - 1) * limits.max_records)
    try:
        for cut, answer in _answers(destination, batches(connection, limits, report), report, announced, width):
            jobs += book.enter(cut, answer)
            if limits.max_jobs and len(jobs) >= limits.max_jobs:
                book.write()  # of batches, which is not written together with what became of jobs
                _finish(destination, jobs, book, width)
                jobs.clear()
            progress(cut.last, total)
            silent = silent + 1 if answer.outcomes and all(one.result == Result.UNKNOWN for one in answer.outcomes) else 0
            # What is under way already is still written down; nothing more is started.
            report.refused = report.refused or answer.stop or _why_stop(silent, began, cut.last < total)
            if answer.disabled:
                connection.execute("INSERT INTO state.disabled VALUES (?, ?)", [destination.address, state.now()])
    finally:
        book.write()
        announced.retract()
    _finish(destination, jobs, book, width)


def _finish(destination: Destination, jobs: list[Job], book: Book, width: int) -> None:
    """Wait for jobs, up to `width` at once."""
    try:
        with ThreadPoolExecutor(width) as pool:
            told = partial(_told, destination)
            for job, answer in zip(jobs, pool.map(told, jobs) if width > 1 else map(told, jobs), strict=True):
                book.finish(job, answer)
    finally:
        book.write()


def _told(destination: Destination, job: Job) -> Answer | None:
    try:
        return destination.finish(job)
    except DestinationError as error:
        return Answer([], stop=str(error), calls=0)  # this job stays written down; the others are asked about all the same


def _answers(
    destination: Destination, cuts: Iterator[Cut], report: SyncReport, announced: Announcements, width: int
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
            announced.cover(cut)
            under_way.append((cut, _sent(destination, cut, report) if width == 1 else pool.submit(_sent, destination, cut, report)))
            if len(under_way) >= (width * _READY if width > 1 else 1):
                yield _awaited(*under_way.popleft())
        while under_way:
            yield _awaited(*under_way.popleft())


def _waits(before: Cut, cut: Cut) -> bool:
    """Whether `cut` writes while `before` may still clear: a destination's record can be another person's from tonight on."""
    clearing, writing = before.batch.records, cut.batch.records
    return bool(clearing and writing) and clearing[0].operation == "clear" and writing[-1].operation == "upsert"


def _sent(destination: Destination, cut: Cut, report: SyncReport) -> Answer:
    if report.refused:  # since it was handed out
        return Answer(cut.batch.outcomes(Result.RETRYABLE, "not_sent"), calls=0)
    if not cut.batch.records:
        return Answer([], calls=0)
    try:
        return destination.send(cut.batch)
    except DestinationError as error:  # by a question before it was sent; what became of the batches beside it is written down all the same
        return Answer(cut.batch.outcomes(Result.RETRYABLE, "not_sent"), stop=str(error), calls=0)


def _awaited(cut: Cut, answer: Future[Answer] | Answer) -> tuple[Cut, Answer]:
    return cut, answer if isinstance(answer, Answer) else answer.result()


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
    logged = {**parameters, "destination": report.destination, "release_id": report.release_id, "at": state.now()}
    with state.transaction(connection):
        connection.execute(
            f"""INSERT INTO state.attempts SELECT $destination, $audience, customer_key, external_id, '{Result.SUPPRESSED}', suppressed_as,
            $release_id, $at, NULL FROM decided WHERE decision = 'suppressed' AND (external_id, suppressed_as) NOT IN
            (SELECT (external_id, code) FROM state.suppressed WHERE audience = $audience)""",
            logged,
        )
        connection.execute("DELETE FROM state.suppressed WHERE audience = $audience", parameters)
        connection.execute(f"INSERT INTO state.suppressed SELECT $audience, external_id, suppressed_as FROM ({suppressed})", parameters)
    report.outcomes[str(Result.SUPPRESSED)] += sum(report.suppressed.values())
