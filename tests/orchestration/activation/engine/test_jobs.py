"""Jobs of a vendor that answers later: written down before they are asked about, resumed, and settled one by one."""

import duckdb
import pytest

from orchestration.activation import forget
from orchestration.destinations.base import Answer, DestinationError, Outcome, Result
from orchestration.destinations.limits import Limits
from tests.orchestration.activation.engine.scored import customer


def test_a_job_is_written_down_before_it_is_asked_about_and_resumed(tmp_path, night, fake):
    fake.limits = Limits(max_records=10, max_bytes=100_000, max_record_bytes=1_000)
    fake.answer = lambda batch: Answer([], job="j1")

    def crash(job):
        raise KeyboardInterrupt

    fake.finish = crash
    rows = [customer(number) for number in range(3)]
    with pytest.raises(KeyboardInterrupt):
        night(rows)
    seen = []

    def done(job):
        seen.append((job.id, [record.external_id for record in job.records]))
        return Answer([Outcome("x0", Result.ACKNOWLEDGED), Outcome("x1", Result.REJECTED, "bad"), Outcome("x2", Result.ACKNOWLEDGED)])

    fake.finish = lambda job: None
    report = night(rows)
    assert (report.ok, fake.sent) == (False, [])
    assert "still works on what it was sent" in report.refused
    fake.finish = done
    report = night(rows)
    assert seen == [("j1", ["x0", "x1", "x2"])]
    assert (fake.sent, report.decisions) == ([], {"dead": 1, "unchanged": 2})
    log = duckdb.execute(f"SELECT external_id, outcome FROM '{tmp_path}/state/sync_log/*.parquet' ORDER BY ALL").fetchall()
    assert log == [("x0", "acknowledged"), ("x1", "rejected"), ("x2", "acknowledged")]


@pytest.mark.parametrize("result", [Result.RETRYABLE, Result.UNKNOWN])
def test_what_an_earlier_job_did_not_take_and_tonight_does_has_arrived(night, fake, result):
    """The night was red although nothing was missing, and each of them counted twice."""
    usual, rows = fake.answer, [customer(number) for number in range(3)]
    fake.answer, fake.finish = lambda batch: Answer([], job=f"job of {batch.records[0].external_id}"), lambda job: None
    night(rows)
    fake.answer, fake.finish = usual, lambda job: Answer(job.outcomes(result, "never_uploaded"))
    report = night(rows)
    assert (report.ok, report.decisions, report.codes) == (True, {"upsert": 3}, {})
    assert {name: count for name, count in report.outcomes.items() if count} == {"acknowledged": 3}
    assert report.complete_at


def test_of_several_jobs_each_is_settled_by_its_own_answer(night, fake):
    fake.answer = lambda batch: Answer([], job=f"job of {batch.records[0].external_id}")
    fake.finish = lambda job: None if job.id == "job of x2" else Answer(job.outcomes(Result.ACKNOWLEDGED))
    rows = [customer(number) for number in range(6)]
    assert night(rows).outcomes == {"suppressed": 0, "acknowledged": 4}
    asked = []
    fake.finish = lambda job: asked.append(job.id) or Answer(job.outcomes(Result.ACKNOWLEDGED))
    assert night(rows).decisions == {"unchanged": 6}
    assert asked == ["job of x2"]


@pytest.mark.parametrize("side_by_side", [1, 2])
def test_no_more_jobs_are_open_than_the_receiver_takes_and_all_records_arrive(night, fake, side_by_side):
    """Above 500 Mailchimp refuses another one, and what was left waited for the next night."""
    fake.side_by_side, fake.alone, fake.limits = side_by_side, 0, Limits(2, 100_000, 1_000, max_jobs=2)
    waiting, most = set(), []

    def answer(batch):
        job = f"job of {batch.records[0].external_id}"
        if batch.records[0].external_id == "x4":
            return Answer(batch.outcomes(Result.ACKNOWLEDGED))
        waiting.add(job)
        most.append(len(waiting))
        return Answer([], job=job)

    fake.answer, fake.finish = answer, lambda job: waiting.discard(job.id) or Answer(job.outcomes(Result.ACKNOWLEDGED))
    rows = [customer(number) for number in range(20)]
    report = night(rows)
    assert (report.ok, report.outcomes["acknowledged"], waiting) == (True, 20, set())
    assert max(most) <= 2 + 2 * side_by_side * (side_by_side > 1), "and those that were under way by then"
    assert night(rows).decisions == {"unchanged": 20}


def test_where_jobs_are_not_done_no_more_are_started(night, fake):
    fake.limits, fake.finish = Limits(2, 100_000, 1_000, max_jobs=2), lambda job: None
    fake.answer = lambda batch: Answer([], job=f"job of {batch.records[0].external_id}")
    rows = [customer(number) for number in range(20)]
    assert "still works on what it was sent" in night(rows).refused
    assert len(fake.batches) == 2
    fake.finish, fake.limits = lambda job: Answer(job.outcomes(Result.ACKNOWLEDGED)), Limits(100, 100_000, 1_000)
    assert night(rows).ok
    assert night(rows).decisions == {"unchanged": 20}


def test_a_job_that_cannot_be_asked_about_keeps_no_other_one_waiting(night, fake):
    fake.answer = lambda batch: Answer([], job=f"job of {batch.records[0].external_id}")

    def finish(job):
        if job.id == "job of x0":
            raise DestinationError("no answers")
        return Answer(job.outcomes(Result.ACKNOWLEDGED))

    fake.finish = finish
    rows = [customer(number) for number in range(6)]
    report = night(rows)
    assert (report.refused, report.outcomes["acknowledged"], report.ok) == ("no answers", 4, False)
    assert night(rows).refused == "no answers", "and nothing is sent over it"
    assert fake.sent == []
    fake.finish = lambda job: Answer(job.outcomes(Result.ACKNOWLEDGED))
    assert night(rows).decisions == {"unchanged": 6}


@pytest.mark.parametrize("side_by_side", [1, 3])
def test_a_batch_that_cannot_be_sent_loses_nothing_of_what_became_of_the_others(night, fake, side_by_side):
    fake.side_by_side, fake.alone, fake.finish = side_by_side, 0, lambda job: Answer(job.outcomes(Result.ACKNOWLEDGED))

    def answer(batch):
        if batch.records[0].external_id == "x2":
            raise DestinationError("nobody says who is there")
        return Answer([], job=f"job of {batch.records[0].external_id}")

    fake.answer = answer
    rows = [customer(number) for number in range(4)]
    report = night(rows)
    assert (report.refused, report.outcomes["acknowledged"], report.outcomes["retryable"]) == ("nobody says who is there", 2, 2)
    fake.answer = lambda batch: Answer(batch.outcomes(Result.ACKNOWLEDGED))
    assert night(rows).decisions == {"unchanged": 2, "upsert": 2}


def test_what_a_job_did_is_newer_than_what_was_acknowledged_before_it(night, fake):
    usual, rows, others = fake.answer, [customer(1, 0.2), customer(2, 0.7)], [customer(1, 0.7), customer(2, 0.2)]
    night(rows)
    fake.answer, fake.finish = lambda batch: Answer([], job="j1"), lambda job: None
    night(others)
    fake.answer, fake.finish = usual, lambda job: Answer(job.outcomes(Result.ACKNOWLEDGED))
    assert night(rows).decisions == {"upsert": 2}, "the job has made them the others"


def test_an_erasure_while_a_job_runs_leaves_the_others_in_their_places(tmp_path, night, fake):
    fake.limits = Limits(max_records=10, max_bytes=100_000, max_record_bytes=1_000)
    fake.answer, fake.finish = lambda batch: Answer([], job="j1"), lambda job: None
    night([customer(number) for number in range(3)])
    forget(tmp_path / "state", ["k1"], ["x1"], lambda *_: None)
    fake.finish = lambda job: Answer(
        [Outcome(one.external_id, Result.ACKNOWLEDGED if at != 2 else Result.REJECTED) for at, one in enumerate(job.records)]
    )
    fake.answer = lambda batch: Answer(batch.outcomes(Result.ACKNOWLEDGED))
    report = night([customer(0), customer(2)])
    assert report.decisions == {"clear": 1, "dead": 1, "unchanged": 1}
    assert [(one.external_id, one.operation) for one in fake.batches[0].records] == [("x1", "clear")], "who was sent by the job is cleared"
