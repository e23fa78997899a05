"""The same questions to every registered destination."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.destinations import DESTINATIONS, DestinationError, make
from orchestration.destinations.base import Batch, Record, Result
from tests.fakes.webhook_receiver import SECRET, receiving

FOLDER = Path(__file__).parents[2] / "orchestration" / "destinations"
HELPERS = {"__init__", "base", "delivery", "fields", "http", "pacing", "transport"}
RECORDS = [
    Record(
        "c1",
        "upsert",
        {"customer_key": "k1", "churn_probability": 0.25, "reasons": ["späte Antwort", "🙂"], "plan": None, "is_vip": True},
        80,
    ),
    Record("c2", "clear", {"customer_key": "k2", "score": None, "reasons": None, "plan": None, "is_vip": None}, 80),
]
BATCH = Batch("a" * 64, "customer_scores", "20260201T010203000000_as_of_20260131", "2026-02-01T01:02:03+00:00", RECORDS)


@pytest.fixture(params=sorted(DESTINATIONS))
def kind(request):
    return request.param


@pytest.fixture
def place(kind, tmp_path):
    """How to make the destination, and what arrived there: external id → fields."""
    if kind == "webhook":
        with receiving() as receiver:
            yield {"name": "w", "url": receiver.url, "secret": SECRET}, lambda: receiver.state
    else:
        yield {"name": "f", "path": str(tmp_path / "out"), "format": "jsonl"}, lambda: arrived(tmp_path / "out")


@pytest.fixture
def destination(kind, place):
    made = make(kind, **place[0])
    yield made
    made.close()


def arrived(folder):
    lines = [json.loads(line) for file in sorted(folder.rglob("*.jsonl")) for line in file.read_text().splitlines()]
    return {line.pop("external_id"): {k: v for k, v in line.items() if k not in ("operation", "release_id")} for line in lines}


def test_every_file_is_registered_and_every_entry_has_a_file():
    assert {path.stem for path in FOLDER.glob("*.py")} - HELPERS == set(DESTINATIONS)


def test_is_called_what_it_is_registered_as(kind, destination):
    assert destination.type == kind
    assert DESTINATIONS[kind].__module__ == f"orchestration.destinations.{kind}"


def test_says_what_comes_in_and_goes_out(kind):
    documentation = __import__(f"orchestration.destinations.{kind}", fromlist=["_"]).__doc__
    assert "Comes in:" in documentation
    assert "oes out:" in documentation


def test_limits_are_usable(destination):
    limits = destination.limits
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
    answer = destination.send(BATCH)
    assert sorted((o.external_id, o.result) for o in answer.outcomes) == [("c1", Result.ACKNOWLEDGED), ("c2", Result.ACKNOWLEDGED)]
    assert (answer.stop, answer.disabled) == ("", False)


def test_what_arrives_is_what_was_sent(destination, place):
    destination.preflight()
    destination.send(BATCH)
    assert place[1]() == {record.external_id: record.fields for record in RECORDS}


def test_sending_a_batch_again_changes_nothing(destination, place):
    destination.preflight()
    destination.send(BATCH)
    once = place[1]()
    destination.send(replace(BATCH))
    assert place[1]() == once


def test_the_address_holds_no_secret(destination):
    assert destination.address
    assert SECRET not in destination.address
    assert SECRET not in repr(destination)


def test_what_lies_on_disk_is_for_the_owner_only(kind, destination, tmp_path):
    destination.preflight()
    destination.send(BATCH)
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in tmp_path.rglob("*")}
    assert modes == ({0} if kind == "files" else set())
