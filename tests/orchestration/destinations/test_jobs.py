"""Jobs that a vendor works on: how far they came, what became of each record, and what is said when nobody knows."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestration.destinations.base import Job
from tests.orchestration.destinations.conftest import batch_of, counted, sent


def test_a_job_of_klaviyos_that_lost_some_has_not_taken_the_others_for_certain(place):
    destination, vendor = place("klaviyo")
    usual = vendor.described
    vendor.described = lambda job, **told: usual(job, **told, **({"completed_count": 2} if told["status"] == "complete" else {}))
    assert sent(destination, batch_of(3)) == dict.fromkeys(("c1", "c2", "c3"), ("unknown", "not_told"))
    assert counted(sent(destination, batch_of(2))) == {"acknowledged": 2}


@pytest.mark.parametrize("name", ["total_count", "completed_count", "failed_count"])
def test_a_count_of_klaviyos_that_is_no_number_says_nothing(place, name):
    destination, vendor = place("klaviyo")
    usual = vendor.described
    vendor.described = lambda job, **told: usual(job, **{**told, name: "several"})
    assert sent(destination, batch_of(2)) == dict.fromkeys(("c1", "c2"), ("unknown", "not_told"))


@pytest.mark.parametrize("lost", ["PUT", "PATCH"])
def test_a_job_of_salesforces_whose_upload_was_not_answered_is_asked_how_far_it_came(place, lost):
    destination, vendor = place("salesforce")
    usual, seen = vendor.answer, []

    def once(request):
        """As Salesforce: a second upload, or closing what is closed, is 400."""
        again = "jobs/ingest" in request.path and request.method in seen
        seen.append(request.method if "jobs/ingest" in request.path else "")
        if request.method == lost and not again:
            usual(request)
            return 502, {}, b"bad gateway"
        return (400, {}, [{"errorCode": "INVALIDJOBSTATE"}]) if again and request.method in ("PUT", "PATCH") else usual(request)

    vendor.answer = once
    assert counted(sent(destination, batch_of(201))) == {"acknowledged": 201}


def test_a_job_of_salesforces_is_kept_when_nobody_knows_whether_it_runs(place):
    destination, vendor = place("salesforce")
    usual = vendor.answer
    vendor.answer = lambda request: (503, {}, b"") if request.method == "PATCH" and "ingest" in request.path else usual(request)
    batch = batch_of(201)
    answer = destination.send(batch)
    assert (answer.job, answer.stop) == ("7500", "salesforce answers 503 to PATCH /services/data/v62.0/jobs/ingest/7500")
    vendor.answer = usual
    assert counted(
        {one.external_id: (str(one.result), one.code) for one in destination.finish(Job(answer.job, batch.records)).outcomes}
    ) == {"retryable": 201}


@pytest.fixture
def jobs(place):
    """Jobs of Mailchimp's with 101 members each: number → (destination, vendor, jobs)."""

    def started(number, polls=2):
        destination, vendor = place("mailchimp")
        destination.prepare({"nps": "number"})
        vendor.polls = polls
        batches = [batch_of(101, first=1 + 101 * one) for one in range(number)]
        return destination, vendor, [Job(destination.send(batch).job, batch.records) for batch in batches]

    return started


def taken(answers):
    return {outcome.external_id for answer in answers for outcome in answer.outcomes if outcome.result == "acknowledged"}


def test_one_listing_tells_of_all_jobs_and_each_has_its_own_outcomes(jobs):
    destination, vendor, started = jobs(12)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(destination.finish, started))
    assert taken(answers) == {f"c{number}" for number in range(1, 12 * 101 + 1)}
    assert len(vendor.calls("GET /3.0/batches")) == 3
    assert len(vendor.calls("GET /answers/")) == 12


def test_a_job_that_a_listing_does_not_name_is_asked_about_by_itself(jobs):
    destination, vendor, started = jobs(3)
    vendor.most_listed = 1
    assert len(taken(map(destination.finish, started))) == 303
    assert vendor.calls(f"GET /3.0/batches/{started[0].id}")


def test_answers_that_cannot_be_read_or_found_are_unknown_and_hold_nothing_up(jobs):
    destination, vendor, started = jobs(2, polls=0)
    archive = vendor.jobs[started[0].id]["archive"]
    vendor.jobs[started[0].id]["archive"] = archive[: len(archive) // 2]
    assert {(str(one.result), one.code) for one in destination.finish(started[0]).outcomes} == {("unknown", "unreadable_answers")}
    usual = vendor.told
    vendor.told = lambda job: {**usual(job), "response_body_url": ""}
    assert {(str(one.result), one.code) for one in destination.finish(started[1]).outcomes} == {("acknowledged", "")}
    destination._listed.clear()
    assert {(str(one.result), one.code) for one in destination.finish(started[1]).outcomes} == {("unknown", "no_answers")}
