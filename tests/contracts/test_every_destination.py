"""The same questions to every registered destination."""

import json
import logging
import re
import sqlite3
import stat
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from orchestration.destinations import DESTINATIONS, DestinationError, make
from orchestration.destinations.base import Batch, Job, Record, Result
from orchestration.destinations.fields import as_text
from orchestration.destinations.holdings import alike
from orchestration.destinations.http import ForbiddenCallError
from tests.fakes import forbidden
from tests.fakes.destinations import VENDORS
from tests.fakes.receiver import serving
from tests.fakes.webhook_receiver import SECRET, receiving

FOLDER = Path(__file__).parents[2] / "orchestration" / "destinations"
HELPERS = {
    "__init__",
    "base",
    "databases",
    "databases_errors",
    "databases_kinds",
    "delivery",
    "fields",
    "holdings",
    "http",
    "limits",
    "pacing",
    "polling",
    "reading",
    "records",
    "signing_in",
    "transport",
}
KINDS = {"churn_probability": "number", "reasons": "list", "plan": "text", "is_vip": "boolean", "as_of_date": "date"}
EMPTY = dict.fromkeys(KINDS)
RECORDS = [
    Record(
        "c1",
        "upsert",
        {"churn_probability": 0.25, "reasons": ["späte Antwort", "🙂"], "plan": None, "is_vip": True, "as_of_date": "2026-01-31"},
        80,
        "c1@example.com",
    ),
    Record("c2", "upsert", {**EMPTY, "plan": "pro"}, 80, "c2@example.com"),
]
BATCH = Batch("a" * 64, "customer_scores", "20260201T010203000000_as_of_20260131", "2026-02-01T01:02:03+00:00", RECORDS)
PERSONAL = ("@example.com", "späte Antwort")
NET = sorted(VENDORS)
READING = [kind for kind in sorted(DESTINATIONS) if DESTINATIONS[kind].reading]


@pytest.fixture(params=sorted(DESTINATIONS))
def kind(request):
    return request.param


@pytest.fixture
def place(kind, tmp_path):
    """How to make the destination, what arrived there (external id → fields), and the vendor."""
    if kind == "webhook":
        with receiving() as receiver:
            yield {"name": "w", "url": receiver.url, "secret": SECRET}, lambda: receiver.state, receiver
    elif kind == "files":
        yield {"name": "f", "path": str(tmp_path / "out"), "format": "jsonl"}, lambda: arrived(tmp_path / "out"), None
    elif kind == "sql":
        yield {"name": "s", "url": f"sqlite:///{tmp_path / 'out.db'}"}, lambda: rows(tmp_path / "out.db"), None
    else:
        with serving(VENDORS[kind]()) as vendor:
            yield {"name": "v", **vendor.options, "base_url": vendor.url, "sleep": lambda _: None}, vendor.arrived, vendor


@pytest.fixture
def destination(place, kind):
    made = make(kind, **place[0])
    made.kinds = KINDS
    yield made
    made.close()


@pytest.fixture
def vendor(place):
    return place[2]


@pytest.fixture
def somebody(kind, vendor, tmp_path):
    """Somebody there who changes or deletes what lies there."""

    def change(external_id, gone=False, **fields):
        changes = ", ".join(f"{name} = '{value}'" for name, value in fields.items())
        statement = "DELETE FROM crmp_customer_scores" if gone else f"UPDATE crmp_customer_scores SET {changes}"
        with closing(sqlite3.connect(tmp_path / "out.db")) as connection:
            connection.execute(f"{statement} WHERE external_id = ?", [external_id])
            connection.commit()

    return change if kind == "sql" else vendor.change


def arrived(folder):
    lines = [json.loads(line) for file in sorted(folder.rglob("*.jsonl")) for line in file.read_text().splitlines()]
    return {line.pop("external_id"): {k: v for k, v in line.items() if k not in ("operation", "release_id")} for line in lines}


def rows(file):
    """Fields by external id, of the table; SQLite has no booleans."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        found = {
            row["external_id"]: dict(row)
            for row in connection.execute(
                "SELECT external_id, churn_probability, reasons, plan, is_vip, as_of_date FROM crmp_customer_scores"
            )
        }
    truth = {None: None, 0: False, 1: True}
    return {
        key: {**row, "is_vip": truth[row["is_vip"]], "reasons": row["reasons"] and json.loads(row["reasons"])} for key, row in found.items()
    }


def send(destination, batch=BATCH):
    """The answer, the outcomes of a job waited for."""
    answer = destination.send(batch)
    if not answer.job:
        return answer
    told = {outcome.external_id for outcome in answer.outcomes}
    finished = destination.finish(Job(answer.job, [record for record in batch.records if record.external_id not in told]))
    return replace(finished, outcomes=answer.outcomes + finished.outcomes)


def results(answer):
    return {outcome.external_id: str(outcome.result) for outcome in answer.outcomes}


def test_every_file_is_registered_and_every_entry_has_a_file():
    files = {path.stem for path in FOLDER.glob("*.py")} - HELPERS
    assert {name for name in files if name.partition("_")[0] not in files - {name}} == set(DESTINATIONS)


def test_is_called_what_it_is_registered_as(kind, destination):
    assert destination.type == kind
    assert DESTINATIONS[kind].__module__ == f"orchestration.destinations.{kind}"


def test_says_what_comes_in_and_goes_out(kind):
    documentation = __import__(f"orchestration.destinations.{kind}", fromlist=["_"]).__doc__
    assert "Comes in:" in documentation
    assert "oes out:" in documentation


def test_limits_are_usable(destination):
    for limits in (destination.limits, destination.limits_for(10), destination.limits_for(1_000_000)):
        assert limits.max_records > 0
        assert limits.max_record_bytes < limits.max_bytes
        assert all(calls > 0 and seconds > 0 for calls, seconds in limits.windows)


def test_an_unknown_option_or_type_is_refused(kind, place):
    with pytest.raises(TypeError):
        make(kind, **place[0], colour="blue")
    with pytest.raises(DestinationError, match="no destination of type 'carrier_pigeon'"):
        make("carrier_pigeon", name="p")


def test_every_record_gets_exactly_one_outcome(destination):
    destination.preflight()
    destination.prepare(KINDS)
    answer = send(destination)
    assert sorted((o.external_id, o.result) for o in answer.outcomes) == [("c1", Result.ACKNOWLEDGED), ("c2", Result.ACKNOWLEDGED)]
    assert (answer.stop, answer.disabled) == ("", False)


def held(kind, fields):
    """The fields as texts of what holds them: a checkbox of Salesforce's knows no null, and Customer.io compares days by seconds."""
    texts = {key: as_text(value) for key, value in fields.items()}
    ticked = {"is_vip": texts["is_vip"] or "false"} if kind == "salesforce" else {}
    return {**texts, **ticked, **({"as_of_date": "1769817600"} if kind == "customerio" and texts["as_of_date"] else {})}


def test_what_arrives_is_what_was_sent(kind, destination, place):
    destination.preflight()
    destination.prepare(KINDS)
    send(destination)
    told = place[1]()
    assert {name: {key: as_text(value) for key, value in fields.items() if key in KINDS} for name, fields in told.items()} == {
        record.external_id: held(kind, record.fields) for record in RECORDS
    }  # fmt: skip


def test_sending_a_batch_again_changes_nothing(destination, place):
    destination.preflight()
    destination.prepare(KINDS)
    send(destination)
    once = place[1]()
    send(destination, replace(BATCH))
    assert place[1]() == once


def test_a_customer_is_cleared_and_no_contact_deleted(kind, destination, place):
    destination.preflight()
    destination.prepare(KINDS)
    told = {outcome.external_id: outcome.remote_id for outcome in send(destination).outcomes}
    gone = Record("c1", "clear", EMPTY, 80, "", told["c1"])
    assert results(send(destination, replace(BATCH, id="b" * 64, records=[gone]))) == {"c1": "acknowledged"}
    assert {key: as_text(value) for key, value in place[1]()["c1"].items() if key in KINDS} == held(kind, EMPTY)
    assert place[1]().keys() == {"c1", "c2"}


def test_an_empty_batch_touches_nothing(destination, vendor):
    assert destination.send(replace(BATCH, records=[])).outcomes == []
    assert vendor is None or vendor.requests == []


def test_the_address_holds_no_secret(destination, vendor):
    secret = getattr(vendor, "secret", SECRET)
    assert destination.address
    assert secret not in destination.address
    assert secret not in repr(destination)


def test_what_lies_on_disk_is_for_the_owner_only(kind, destination, tmp_path):
    destination.preflight()
    destination.prepare(KINDS)
    send(destination)
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in tmp_path.rglob("*")}
    assert modes == ({0} if kind in ("files", "sql") else set())


def acknowledged(destination):
    """The records as they are known once they were sent: by the destination's own ids."""
    destination.prepare(KINDS)
    told = {outcome.external_id: outcome.remote_id for outcome in send(destination).outcomes}
    return [record._replace(remote_id=told[record.external_id]) for record in RECORDS]


def drifted(destination, records):
    """External id → names there whose values are not those that were sent; None for a record that is not there."""
    told = destination.held("customer_scores", records).told
    sent = {record.external_id: destination.as_held(record) for record in records if record.external_id in told}
    return {
        key: None if told[key] is None else {name for name, value in fields.items() if not alike(value, told[key].get(name))}
        for key, fields in sent.items()
    }


@pytest.mark.parametrize("kind", READING)
def test_what_it_holds_is_what_it_was_sent_until_somebody_changes_or_deletes_it(destination, somebody):
    records = acknowledged(destination)
    assert drifted(destination, records) == {"c1": set(), "c2": set()}
    somebody("c1", plan="free")
    assert drifted(destination, records) == {"c1": {destination.name_of("plan")}, "c2": set()}
    somebody("c2", gone=True)
    gone = {} if destination.type == "braze" else {"c2": None}  # Braze takes the scores of strangers: nobody is missed there
    assert drifted(destination, records) == {"c1": {destination.name_of("plan")}, **gone}
    unnamed = [record._replace(remote_id="") for record in records]
    assert drifted(destination, unnamed) == drifted(destination, records), "by what identifies them, where no id was told"


@pytest.mark.parametrize("kind", sorted(set(READING) - {"braze"}))  # where it is always so
def test_a_record_that_shall_stay_gone_is_written_only_where_it_still_is(destination, somebody, place):
    records = [record._replace(stays_gone=True) for record in acknowledged(destination)]
    somebody("c2", gone=True)
    for told in (records, [record._replace(remote_id="") for record in records]):
        assert results(send(destination, replace(BATCH, records=told))) == {"c1": "acknowledged", "c2": "suppressed"}
    assert set(place[1]()) == {"c1"}


@pytest.mark.parametrize("kind", sorted(set(READING) & set(NET)))
@pytest.mark.parametrize("fault", [(401, {}, {}), (403, {}, {}), (404, {}, {}), (503, {}, {}), (200, {}, {}), (200, {}, b"<html>"), "late"])
def test_a_destination_that_does_not_tell_what_it_holds_has_lost_nothing(destination, vendor, fault):
    records = acknowledged(destination)
    for caller in (destination.caller, getattr(destination, "_profiles", destination).caller):
        caller._client.timeout = 0.1
    vendor.faults = [fault] * 20
    found = destination.held("customer_scores", records)
    assert (dict(found.told), bool(found.lacks)) == ({}, True)
    assert not [one for one in (*PERSONAL, vendor.secret) if one in found.lacks]


@pytest.mark.parametrize("kind", sorted(set(DESTINATIONS) - set(READING)))
def test_what_cannot_be_asked_says_so(destination):
    assert (destination.forecast_reading(10), destination.held("a", RECORDS).told) == ((0, 0.0), {})


@pytest.mark.parametrize("kind", NET)
@pytest.mark.parametrize("status", [429, 500])
def test_a_passing_refusal_is_tried_again(destination, place, vendor, status):
    destination.prepare(KINDS)
    vendor.faults = [(status, {}, {}), (status, {"retry-after": "1"}, {})]
    assert set(results(send(destination)).values()) == {"acknowledged"}
    assert not vendor.faults


@pytest.mark.parametrize("kind", NET)
@pytest.mark.parametrize("status", [401, 403, 404, 503])
def test_a_refusal_of_us_rejects_nobody_and_stops(destination, vendor, status):
    vendor.faults = [(status, {}, {})] * 20
    answer = send(destination)
    assert set(results(answer).values()) == {"retryable"}
    assert str(status) in answer.stop


@pytest.mark.parametrize("kind", NET)
def test_an_answer_that_does_not_come_is_unknown(destination, vendor):
    destination.caller._client.timeout = 0.1
    vendor.faults = ["late"] * 20
    assert set(results(send(destination)).values()) == {"unknown"}


@pytest.mark.parametrize("kind", NET)
def test_an_answer_that_is_cut_off_is_asked_for_again_or_unknown(destination, vendor):
    destination.prepare(KINDS)
    vendor.faults = ["cut"]
    assert set(results(send(destination)).values()) <= {"acknowledged", "unknown"}
    vendor.faults = ["cut"] * 40
    assert set(results(send(destination)).values()) == {"unknown"}


@pytest.mark.parametrize("kind", NET)
@pytest.mark.parametrize("body", [b"", b"not json", [], {}, {"results": [], "errors": []}])
def test_a_success_that_says_nothing_is_no_success(destination, vendor, body):
    if vendor.silent_success:
        pytest.skip("this vendor answers nothing when it has taken everything")
    vendor.faults = [(200, {}, body)] * 10
    assert "acknowledged" not in results(send(destination)).values()


@pytest.mark.parametrize("kind", NET)
def test_nothing_personal_and_no_secret_is_told(destination, vendor, caplog):
    caplog.set_level(logging.DEBUG)
    destination.caller._client.timeout = 0.2
    told = []
    for fault in [*vendor.echoes(*[record.email for record in RECORDS]), "late"]:
        for ask in (destination.preflight, lambda: destination.prepare(KINDS)):
            vendor.faults = [fault] * 8
            told.append(complaint(ask))
        vendor.faults = [fault] * 8
        answer = send(destination)
        told.append(f"{answer.stop} {[(outcome.code, str(outcome.result)) for outcome in answer.outcomes]}")
    text = "\n".join([*told, *(record.getMessage() for record in caplog.records)])
    assert not [one for one in (*PERSONAL, vendor.secret) if one in text]


def complaint(ask):
    try:
        ask()
    except DestinationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", NET)
@pytest.mark.parametrize("call", ["DELETE /crm/v3/objects/contacts/1", "POST /api/profile-subscription-bulk-create-jobs", "POST /"])
def test_a_call_that_is_not_listed_cannot_be_made(destination, vendor, call):
    with pytest.raises(ForbiddenCallError):
        destination.caller.call(*call.split(" "))
    assert vendor.requests == []


def test_a_forbidden_field_is_found_wherever_it_stands():
    operation = {"operations": [{"path": "/lists/l1", "body": '{"status": "subscribed"}'}]}
    for body, name in (
        (operation, "status"),
        ("crmp_customer_id__c,DoNotCall\nc1,true\n", "DoNotCall"),
        ([{"a": [{"events": 1}]}], "events"),
    ):
        assert forbidden.names_in(body) & forbidden.FIELDS == {name}


@pytest.mark.parametrize("kind", [*NET, "webhook"])
@pytest.mark.parametrize(("path", "body"), [("/x/unsubscribe", {}), ("/x", {"a": [{"unsubscribed": False}]})])
def test_every_fake_objects_to_what_is_forbidden(kind, path, body):
    signed = {"webhook-id": "1", "webhook-timestamp": "0", "webhook-signature": ""}
    with (
        pytest.raises(AssertionError, match="unsubscribe"),
        serving(VENDORS[kind]()) if kind in VENDORS else receiving() as asked,
        suppress(httpx.HTTPError),  # a fake that does not know the call
    ):
        httpx.post(f"{httpx.URL(asked.url).copy_with(path=path)}", json=body, headers=signed)


@pytest.mark.parametrize("kind", NET)
def test_nothing_forbidden_is_ever_asked_for(destination, vendor):
    destination.preflight()
    destination.prepare(KINDS)
    told = {outcome.external_id: outcome.remote_id for outcome in send(destination).outcomes}
    many = [RECORDS[1]._replace(external_id=f"m{number}", email=f"m{number}@example.com") for number in range(250)]
    send(destination, replace(BATCH, id="b" * 64, records=many[: destination.limits_for(len(many) * 100).max_records]))
    send(destination, replace(BATCH, id="c" * 64, records=[Record("c1", "clear", EMPTY, 80, "", told["c1"])]))
    assert {request.method for request in vendor.requests} - {"GET"}, "something was written"
    assert not vendor.offended


def test_a_table_is_only_ever_added_to(tmp_path):
    """No statement takes a row or a table away, or touches one that is not ours."""
    destination = make("sql", name="s", url=f"sqlite:///{tmp_path / 'out.db'}")
    said = []
    destination._database._connection = sqlite3.connect(tmp_path / "out.db")
    destination._database._connection.set_trace_callback(said.append)
    destination.prepare(KINDS)
    send(destination)
    destination.prepare({**KINDS, "more": "text"})
    send(destination, replace(BATCH, id="b" * 64, records=[Record("c1", "clear", EMPTY, 80)]))
    destination.held("customer_scores", RECORDS)
    destination.close()
    assert [one for one in said if one.startswith("ALTER TABLE")], "a column was added"
    assert not [one for one in said if one.upper().startswith(forbidden.STATEMENTS)]
    assert {name for one in said for name in re.findall(r"(?:TABLE|INTO|FROM)(?: IF NOT EXISTS)? (\S+)", one)} == {'"crmp_customer_scores"'}
