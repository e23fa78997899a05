"""No destination can ask a vendor to delete, unsubscribe or write what is not ours."""

import re
import sqlite3
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from orchestration.destinations import make
from orchestration.destinations.base import Record
from orchestration.destinations.http import ForbiddenCallError
from tests.contracts.destinations.asking import BATCH, EMPTY, KINDS, NET, RECORDS, send
from tests.fakes import forbidden
from tests.fakes.destinations import VENDORS
from tests.fakes.receiver import serving
from tests.fakes.webhook_receiver import receiving


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
