"""The same questions to every registered destination: is what arrives what was sent, once, and what is cleared cleared?"""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.destinations import DESTINATIONS, DestinationError, make
from orchestration.destinations.base import Record, Result
from orchestration.destinations.fields import as_text
from tests.contracts.destinations.asking import BATCH, EMPTY, KINDS, RECORDS, results, send
from tests.fakes.webhook_receiver import SECRET

FOLDER = Path(__file__).parents[3] / "orchestration" / "destinations"
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
