"""What may have arrived although the vendor says otherwise, and what concerns us although it looks like a record's fault."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import duckdb
import httpx
import pytest

from orchestration.activation import synchronise
from orchestration.destinations import DestinationError, make
from orchestration.destinations.base import Job
from orchestration.destinations.http import NoAnswerError
from orchestration.destinations.pacing import pause_for_all
from orchestration.destinations.salesforce_answers import outcome_of, results_of
from tests.orchestration.destinations.conftest import batch_of, cleared, counted, sent

DAY_AHEAD = {"date": "Sun, 17 Mar 2030 17:46:40 GMT"}


@pytest.mark.parametrize(
    ("status", "result"),
    [*((status, "unknown") for status in (500, 502, 504, 520, 524)), *((status, "retryable") for status in (503, 521, 429))],
)
def test_a_server_that_failed_may_have_done_the_work_before(place, status, result):
    destination, vendor = place("hubspot")
    vendor.faults = [(status, {}, {})] * 6
    assert sent(destination, batch_of(2)) == dict.fromkeys(("c1", "c2"), (result, f"http_{status}"))


def test_the_last_try_does_not_speak_for_the_ones_before(place):
    destination, vendor = place("hubspot")
    vendor.faults = ["lost", *[(429, {}, {})] * 5]
    assert sent(destination, batch_of(1)) == {"c1": ("unknown", "http_429")}
    vendor.faults = [(502, {}, {}), (401, {}, {})]
    assert sent(destination, batch_of(1)) == {"c1": ("unknown", "http_401")}


def test_no_connection_after_a_try_that_was_sent_is_no_answer(place):
    destination, _ = place("hubspot")
    tries = [httpx.ReadError("cut"), *[httpx.ConnectError("refused")] * 5]

    def fails(request):
        raise tries.pop(0)

    destination.caller._client = httpx.Client(transport=httpx.MockTransport(fails))
    with pytest.raises(NoAnswerError):
        destination.caller.call("POST", "/crm/v3/objects/contacts/batch/upsert", json={})
    assert tries == []


def test_a_moment_is_by_the_clock_of_whoever_names_it(place):
    naps = []
    destination, vendor = place("hubspot", sleep=naps.append)
    destination.prepare({"nps": "number"})
    vendor.faults = [(429, {"retry-after": "Sun, 17 Mar 2030 17:46:47 GMT", **DAY_AHEAD}, {})]
    assert counted(sent(destination, batch_of(1))) == {"acknowledged": 1}
    assert naps[0] == 7.0


@pytest.mark.parametrize("told", ["0", "Sun, 17 Mar 2002 17:46:47 GMT"])
def test_a_wait_of_no_time_is_no_wait_at_all(place, told):
    """So says a date of theirs, by a clock that is behind ours; six tries would be over at once."""
    naps = []
    destination, vendor = place("hubspot", sleep=naps.append)
    destination.prepare({"nps": "number"})
    vendor.faults = [(429, {"retry-after": told}, {})] * 3
    assert counted(sent(destination, batch_of(1))) == {"acknowledged": 1}
    assert [nap >= 0.5 for nap in naps] == [True] * 3


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (429, {"retry-after": "5"}, 5.0),
        (429, {"x-ratelimit-reset": "1900000007", **DAY_AHEAD}, 7.0),
        (429, {}, None),
        (200, {"retry-after": "5"}, None),
        (200, {"ratelimit-remaining": "0", "ratelimit-reset": "9"}, 9.0),
        (200, {"ratelimit-remaining": "0", "ratelimit-reset": "259200"}, None),
        (429, {"retry-after": "86400"}, None),
    ],
)
def test_all_wait_for_a_window_and_nobody_for_days(status, headers, pause):
    assert pause_for_all(httpx.Response(status, headers=headers)) == pause


def test_few_at_fault_among_many_do_not_stop_a_sync_and_a_vendor_that_takes_nothing_does(place):
    destination, vendor = place("hubspot")
    destination.prepare({"nps": "number"})
    refused = {f"c{number}@example.com" for number in range(5, 1_200, 100)}
    usual = vendor.answer

    def strict(request):
        inputs = request.body["inputs"] if "batch" in request.path else []
        return (400, {}, {"category": "VALIDATION_ERROR"}) if refused & {one["id"] for one in inputs} else usual(request)

    vendor.answer = strict
    outcomes = [sent(destination, batch_of(100, first=first)) for first in range(1, 1_200, 100)]
    assert [counted(one) for one in outcomes] == [{"acknowledged": 99, "rejected": 1}] * 12
    vendor.answer = lambda request: (400, {}, {"category": "VALIDATION_ERROR"})
    assert any(destination.send(batch_of(100)).stop for _ in range(3))


@pytest.mark.parametrize("body", [b"<html>please log in</html>", b"[]"])
def test_customerios_success_is_an_object(place, body):
    destination, vendor = place("customerio")
    vendor.faults = [(200, {}, body)]
    assert sent(destination, batch_of(1)) == {"c1": ("unknown", "unreadable_answer")}


def test_brazes_success_says_so(place):
    destination, vendor = place("braze")
    vendor.faults = [(201, {}, {"message": "something went wrong"})]
    assert counted(sent(destination, batch_of(1))) == {"unknown": 1}


def test_a_property_that_hubspot_keeps_in_its_archive_is_told_before_the_first_record(place):
    destination, vendor = place("hubspot")
    usual = vendor.answer
    vendor.answer = lambda request: (409, {}, {}) if request.method == "POST" and "properties" in request.path else usual(request)
    with pytest.raises(DestinationError, match="archived properties under the names crmp_nps"):
        destination.prepare({"nps": "number"})


def test_a_table_that_takes_no_value_of_ours_rejects_nobody(tmp_path, monkeypatch):
    destination = make("sql", name="db", url=f"sqlite:///{tmp_path}/out.db")
    with closing(destination):
        destination.prepare({"nps": "number"})
        sent(destination, batch_of(2))
        destination._database.run("PRAGMA query_only = ON")
        tried, write = [], destination._database.write
        monkeypatch.setattr(destination._database, "write", lambda *given: tried.append(given) or write(*given))
        answer = destination.send(batch_of(900, plan="pro"))
    assert {str(one.result) for one in answer.outcomes} == {"retryable"}
    assert answer.stop.startswith("the database refuses us")
    assert 0 < len(tried) < 20, "it is not asked 900 times"


@pytest.mark.parametrize("named", [0, 1])
def test_klaviyo_that_names_none_or_one_of_many_at_fault_is_sent_the_others(place, named):
    destination, vendor = place("klaviyo")
    vendor.malformed = {f"c{number}@example.com" for number in range(3, 40, 3)}
    usual = vendor.answer

    def sparing(request):
        status, headers, body = usual(request)
        return status, headers, {"errors": body["errors"][:named] or [{"code": "invalid"}]} if status == 400 else body

    vendor.answer = sparing
    assert counted(sent(destination, batch_of(40))) == {"acknowledged": 27, "rejected": 13}
    assert len(vendor.profiles) == 27


def test_a_vendor_that_takes_nothing_at_all_refuses_no_record(place):
    destination, _ = place("hubspot")  # nobody has made the property
    answer = destination.send(batch_of(100))
    assert {str(one.result) for one in answer.outcomes} == {"retryable"}
    assert answer.stop == "the receiver refuses nearly every batch; check what it expects"


def test_salesforce_is_asked_for_no_more_ids_than_a_url_holds(place):
    destination, vendor = place("salesforce", mode="update_only")
    batch = batch_of(200)
    records = [one._replace(external_id=one.external_id + "é" * 60) for one in batch.records]
    vendor.contacts = {one.external_id: {} for one in records}
    longest = []
    usual = destination.caller._client.send
    destination.caller._client.send = lambda request, **options: longest.append(len(request.url.raw_path)) or usual(request, **options)
    assert counted(sent(destination, replace(batch, records=records))) == {"acknowledged": 200}
    assert max(longest) < 16_000


@pytest.mark.parametrize(
    ("kind", "there"), [("hubspot", {"properties": {"crmp_nps": "string"}}), ("mailchimp", {"tags": {"CRMP_NPS": "text"}})]
)
def test_a_field_of_another_type_is_found_by_asking(place, kind, there):
    destination, vendor = place(kind)
    destination.check_fields({"nps": "number"})
    for name, fields in there.items():
        setattr(vendor, name, fields)
    with pytest.raises(DestinationError, match="there already"):
        destination.check_fields({"nps": "number"})
    assert not vendor.calls("POST")


@pytest.mark.parametrize("own", ["", "_as_the_company_calls_it_in_all_of_its_other_systems"])
def test_many_short_fields_fit_with_what_is_put_around_them(place, tmp_path, own):
    destination, vendor = place("customerio")
    destination.names = {f"f{number}": f"n{number}{own}" for number in range(60)} if own else {}
    file, fields = tmp_path / "audience.parquet", ", ".join(f"i % 7 AS f{number}" for number in range(60))
    duckdb.execute(f"""COPY (SELECT 'c' || i AS external_id, 'k' || i AS customer_key, 'c' || i || '@example.com' AS email, {fields},
        false AS is_erased, true AS can_profile, true AS can_email, true AS can_sms, true AS can_push
        FROM range(2000) AS t(i)) TO '{file}' (FORMAT parquet)""")
    release = SimpleNamespace(
        id="r1", created_at=datetime(2026, 2, 1, tzinfo=UTC), tables=("sync_customerio__many",), table_file=lambda name: file
    )
    report = synchronise(release, destination, "many", state_folder=tmp_path / "state", max_change_share=1.0, live=True)
    assert report.outcomes["acknowledged"] == 2_000
    assert 450_000 < max(request.size for request in vendor.requests) < 500_000


SAID = [None, "x", {"crmp_customer_id__c": None}, {}]


@pytest.mark.parametrize(
    "told",
    [
        *((200, {}, one) for one in (b"", b"<html>", {}, {"records": [], "done": False}, {"records": [], "done": True, "totalSize": 1})),
        *((200, {}, {"records": [one], "done": True}) for one in SAID),
    ],
)
def test_nobody_is_taken_for_cleared_because_salesforce_did_not_say_who_is_there(place, told):
    destination, vendor = place("salesforce")
    vendor.contacts = {"c1": {"crmp_nps__c": 3}}
    vendor.faults = [told]
    answer = destination.send(cleared("c1"))
    assert [(one.external_id, str(one.result)) for one in answer.outcomes] == [("c1", "retryable")]
    assert "salesforce did not tell of all records" in answer.stop
    assert vendor.contacts == {"c1": {"crmp_nps__c": 3}}


def test_salesforce_knows_a_contact_whose_key_somebody_wrote_in_other_letters(place):
    """It finds by the key whatever the letters, unless told otherwise, and tells the key as it is there."""
    destination, vendor = place("salesforce")
    vendor.contacts = {"c1": {"crmp_nps__c": 3}}
    vendor.faults = [(200, {}, {"records": [{"crmp_customer_id__c": "C1"}], "done": True, "totalSize": 1})]
    assert sent(destination, cleared("c1")) == {"c1": ("acknowledged", "")}
    assert vendor.contacts == {"c1": {"crmp_nps__c": None}}


@pytest.mark.parametrize("told", [(200, {}, one) for one in (b"<html>", {}, {"data": ["x"]}, {"data": [{"attributes": {}}]})])
def test_no_profile_is_taken_for_gone_because_klaviyo_did_not_say_so(place, told):
    destination, vendor = place("klaviyo", mode="update_only")
    vendor.faults = [told]
    assert destination._profiles.gone([one._replace(remote_id="01P1") for one in batch_of(1).records]) == set()
    vendor.faults = [told]
    with pytest.raises(DestinationError, match="does not say which profiles it has"):
        destination.send(batch_of(2))


def test_a_page_that_is_not_found_is_no_member_that_is_gone(place):
    destination, vendor = place("mailchimp")
    vendor.faults = [(404, {}, b"<html>")]
    assert sent(destination, cleared("c1", remote_id="contact1")) == {"c1": ("retryable", "http_404")}
    assert sent(destination, cleared("c1", remote_id="contact1")) == {"c1": ("acknowledged", "not_there")}


TOLD = [("customerio", 200, {}), ("customerio", 207, {}), ("braze", 201, {"message": "success"})]


@pytest.mark.parametrize("errors", [[7], "all of it", [{"index": 0, "batch_index": 0}, None], {"0": "invalid"}])
@pytest.mark.parametrize(("kind", "status", "told"), TOLD)
def test_errors_that_cannot_be_read_are_not_taken_for_none(place, kind, status, told, errors):
    destination, vendor = place(kind)
    vendor.faults = [(status, {}, {**told, "errors": errors})]
    assert counted(sent(destination, batch_of(2))) == {"unknown": 2}


def test_whom_mailchimp_has_deleted_for_good_needs_no_clearing(place):
    destination, vendor = place("mailchimp")
    gone = {"title": "Forgotten Email Not Subscribed", "status": 400, "detail": "c1@example.com was permanently deleted"}
    vendor.faults = [(400, {}, gone), (400, {}, gone), (400, {}, {**gone, "title": "Invalid Resource"})]
    assert sent(destination, cleared("c1", remote_id="contact1")) == {"c1": ("acknowledged", "not_there")}
    assert sent(destination, batch_of(1)) == {"c1": ("rejected", "forgotten_email")}
    assert sent(destination, cleared("c1", remote_id="contact1")) == {"c1": ("rejected", "invalid_resource")}


@pytest.mark.parametrize("operation", ["clear", "upsert"])
def test_a_contact_that_is_deleted_while_it_is_written_is_gone_or_sent_again(operation):
    (record,) = cleared("c1").records if operation == "clear" else batch_of(1).records
    wanted = ("acknowledged", "not_there") if operation == "clear" else ("retryable", "entity_is_deleted")
    told = outcome_of(record, {"success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted"}]})
    tables = {"failedResults": 'sf__Id,sf__Error,k\n,"ENTITY_IS_DELETED:entity is deleted:--",c1\n', "successfulResults": ""}
    (of_job,) = results_of(Job("j", [record]), "k", tables)
    assert [(str(one.result), one.code) for one in (told, of_job)] == [wanted, wanted]


@pytest.mark.parametrize("identify_by", ["email", "external_id"])
def test_klaviyo_makes_no_profile_in_order_to_clear_it(place, identify_by):
    destination, vendor = place("klaviyo", identify_by=identify_by)
    assert sent(destination, cleared("c1", email="c1@example.com")) == {"c1": ("acknowledged", "not_there")}
    assert (vendor.profiles, vendor.calls("POST")) == ({}, [])
