"""The same questions to every registered destination: does it tell what it holds, and does what somebody deleted stay gone?"""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from orchestration.destinations import DESTINATIONS
from orchestration.destinations.holdings import alike
from tests.contracts.destinations.asking import BATCH, KINDS, NET, PERSONAL, RECORDS, results, send

READING = [kind for kind in sorted(DESTINATIONS) if DESTINATIONS[kind].reading]


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
