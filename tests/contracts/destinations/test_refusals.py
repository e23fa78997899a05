"""The same questions to every vendor: what becomes of records when it refuses, is late, says nothing or is cut off?"""

import logging

import pytest

from orchestration.destinations import DestinationError
from tests.contracts.destinations.asking import KINDS, NET, PERSONAL, RECORDS, results, send


@pytest.mark.parametrize("kind", NET)
@pytest.mark.parametrize("status", [429, 500, 520, 525])
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
def test_an_answer_that_cannot_be_unpacked_is_asked_for_again_or_unknown(destination, vendor):
    destination.prepare(KINDS)
    garbled = (200, {"content-encoding": "gzip"}, b"not packed")
    vendor.faults = [garbled]
    assert set(results(send(destination)).values()) == {"acknowledged"}
    vendor.faults = [garbled] * 40
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
