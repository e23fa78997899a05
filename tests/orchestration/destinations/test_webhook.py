"""The webhook against a receiver on loopback: signatures, retries, partial answers and refusals."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from orchestration.destinations import DestinationError, make
from orchestration.destinations.base import Batch, Record, Result, safe_code
from orchestration.destinations.pacing import Pacer, forecast_seconds
from orchestration.destinations.transport import checked_url, signature, signing_key, signing_keys
from orchestration.server_waits import retry_after
from tests.fakes.webhook_receiver import SECRET, receiving


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def naps():
    return []


@pytest.fixture
def webhook(receiver, naps):
    made = make("webhook", name="w", url=receiver.url, secret=SECRET, sleep=naps.append)
    yield made
    made.close()


def batch(count=3, batch_id="b1"):
    records = [Record(f"c{number}", "upsert", {"score": number}, 20) for number in range(count)]
    return Batch(batch_id, "customer_scores", "r1", "2026-02-01T00:00:00+00:00", records)


def results(answer):
    return {outcome.external_id: (outcome.result.value, outcome.code) for outcome in answer.outcomes}


def test_the_signature_is_that_of_the_specification():
    # The example of the Standard Webhooks specification and its reference libraries.
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_the_page_tells_receivers_is_what_they_get(receiver):
    """Its example has the shape of what is sent, and its few lines tell our requests from others; also while the secret is changed."""
    page = (Path(__file__).parents[3] / "docs" / "destinations.md").read_text().partition("## For whoever receives a webhook")[2]
    example, told = (re.search(f"```{kind}\n(.*?)```", page, re.DOTALL)[1] for kind in ("json", "python"))
    exec(told, checking := {})
    heard, usual = [], receiver.verified
    receiver.verified = lambda headers, body: heard.append((headers, body)) or usual(headers, body)
    new = "whsec_" + base64.b64encode(b"another secret").decode()
    destination = make("webhook", name="w", url=receiver.url, secret=f"{new} {SECRET}", mode="mirror")
    shown = json.loads(example)
    records = [Record(one["id"], one["operation"], one["fields"], 90) for one in shown["data"]["records"]]
    destination.send(Batch("b1", "customer_scores", shown["data"]["release_id"], shown["timestamp"], records))
    destination.close()
    ((headers, body),) = heard
    assert json.loads(body) == shown
    assert receiver.seen_ids == ["b1"], "the receiver knows the old secret only"
    assert checking["is_ours"](headers, body, new)
    assert not checking["is_ours"](headers, body + b" ", new)
    assert not checking["is_ours"]({**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 400)}, body, new)


def test_a_plain_secret_is_used_as_it_is():
    assert signing_key("plain") == b"plain"
    assert signing_keys("two words") == [b"two words"]
    with pytest.raises(DestinationError, match="not base64"):
        signing_key("whsec_!!")


def test_requests_carry_the_batch_and_verify(webhook, receiver):
    webhook.send(batch())
    headers, body, _ = receiver.requests[0]
    assert headers["webhook-id"] == "b1"
    assert body["data"]["records"][2] == {"id": "c2", "operation": "upsert", "fields": {"score": 2}}
    assert (body["type"], body["data"]["audience"], body["data"]["release_id"]) == ("audience.changed", "customer_scores", "r1")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_refusal_is_tried_again_under_the_same_id(webhook, receiver, status):
    receiver.answers = [(status, {}, b""), (status, {}, b"")]
    assert {result for result, _ in results(webhook.send(batch())).values()} == {"acknowledged"}
    assert [headers["webhook-id"] for headers, *_ in receiver.requests] == ["b1"] * 3
    assert receiver.seen_ids == ["b1"]


def test_it_waits_as_long_as_it_is_told(webhook, receiver, naps):
    receiver.answers = [
        (429, {"retry-after": "7"}, b""),
        (503, {"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)}, b""),
    ]
    webhook.send(batch())
    assert naps[0] == 7
    assert 35 < max(naps) <= 40


def test_it_does_not_wait_for_longer_than_the_night(webhook, receiver, naps):
    receiver.answers = [(429, {"retry-after": "86400"}, b"")]
    answer = webhook.send(batch())
    assert set(results(answer).values()) == {("retryable", "http_429")}
    assert (naps, len(receiver.requests)) == ([], 1)


PAGES = [
    b"<!DOCTYPE html><html><body>Sign in to continue</body></html>",
    b'\xef\xbb\xbf\r\n<!-- proxy 7 -->\n<html lang="en"><title>Blocked</title>',
    b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html xmlns="x"/>',
]


@pytest.mark.parametrize("status", [200, 202, 207])
@pytest.mark.parametrize("page", PAGES)
def test_a_web_page_in_the_receivers_place_has_taken_nothing(webhook, receiver, status, page):
    """A portal that wants a login answers 200 to whatever it is asked."""
    receiver.answers = [(status, {"content-type": "text/html; charset=utf-8"}, page)]
    answer = webhook.send(batch())
    assert set(results(answer).values()) == {("unknown", "web_page")}
    assert "page_is_success" in answer.stop
    assert {result for result, _ in results(webhook.send(batch())).values()} == {"acknowledged"}


def test_a_receiver_may_answer_with_a_page_where_that_is_said(receiver):
    receiver.answers = [(200, {"content-type": "text/html"}, PAGES[0])]
    destination = make("webhook", name="w", url=receiver.url, secret=SECRET, page_is_success=True)
    assert {result for result, _ in results(destination.send(batch())).values()} == {"acknowledged"}
    destination.close()


@pytest.mark.parametrize("body", [b"", b"ok", b"<p>Thank you</p>", b"<htmlish>", b'{"page": "<html>"}', b"\xff\xfe"])
def test_any_other_2xx_takes_all_whatever_type_it_says_it_has(webhook, receiver, body):
    """Web frameworks say text/html of a plain "ok"."""
    receiver.answers = [(200, {"content-type": "text/html; charset=utf-8"}, body)]
    assert {result for result, _ in results(webhook.send(batch())).values()} == {"acknowledged"}


def test_it_gives_up_after_six_tries_and_stops(webhook, receiver, naps):
    receiver.answers = [(500, {}, b"")] * 10
    answer = webhook.send(batch())
    assert set(results(answer).values()) == {("unknown", "http_500")}
    assert "500" in answer.stop
    assert len(receiver.requests) == 6
    assert all(0.5 <= nap <= 60 for nap in naps)


def test_a_partial_answer_gives_each_record_its_own_outcome(webhook, receiver):
    errors = [
        {"id": "c0", "code": "invalid_plan", "message": "jane@example.com is not a plan", "retryable": False},
        {"id": "c2", "code": "busy", "retryable": True},
    ]
    receiver.answers = [(207, {}, json.dumps({"errors": errors}).encode())]
    assert results(webhook.send(batch())) == {"c0": ("rejected", "invalid_plan"), "c1": ("acknowledged", ""), "c2": ("retryable", "busy")}


UNREADABLE = [b"", b"not json", b"[]", b'{"errors": [{"code": "x"}]}', b'{"errors": [{"id": "a stranger"}]}', b'{"results": []}']


@pytest.mark.parametrize("content", UNREADABLE)
def test_a_partial_answer_that_cannot_be_read_is_no_success(webhook, receiver, content):
    receiver.answers = [(207, {}, content)]
    assert {result for result, _ in results(webhook.send(batch())).values()} == {"unknown"}


def test_gone_for_good_stops_everything(webhook, receiver):
    receiver.answers = [(410, {}, b"")]
    answer = webhook.send(batch())
    assert answer.disabled
    assert {result for result, _ in results(answer).values()} == {"retryable"}


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_a_refusal_of_us_rejects_no_record(webhook, receiver, status):
    receiver.answers = [(status, {"location": "http://127.0.0.1:1/"}, b"")]
    answer = webhook.send(batch())
    assert {result for result, _ in results(answer).values()} == {"retryable"}
    assert str(status) in answer.stop


def test_an_answer_that_never_comes_is_unknown(webhook, receiver):
    receiver.answers = [(0, {}, b"")] * 10
    assert set(results(webhook.send(batch())).values()) == {("unknown", "no_answer")}


def test_a_lost_answer_is_asked_for_again_and_counts_once(webhook, receiver):
    receiver.answers = [(0, {}, b"")]
    assert {result for result, _ in results(webhook.send(batch())).values()} == {"acknowledged"}
    assert receiver.seen_ids == ["b1"]


def test_without_a_connection_nothing_is_lost(naps):
    webhook = make("webhook", name="w", url="http://127.0.0.1:9/", secret="s", sleep=naps.append)
    answer = webhook.send(batch())
    assert set(results(answer).values()) == {("retryable", "no_connection")}
    assert answer.stop


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_batch_refused_as_a_whole_is_halved_until_the_bad_record_is_found(webhook, receiver, status):
    def answer(body):
        bad = any(record["id"] == "c300" for record in body["data"]["records"])
        return (status if bad else 200), {}, b""

    receiver.answers = [answer] * 100
    outcomes = results(webhook.send(batch(500)))
    assert [external_id for external_id, (result, _) in outcomes.items() if result == "rejected"] == ["c300"]
    assert sum(result == "acknowledged" for result, _ in outcomes.values()) == 499
    assert len(receiver.requests) <= 19


def test_a_receiver_that_refuses_everything_is_left_alone(webhook, receiver):
    receiver.answers = [(400, {}, b"")] * 2000
    answer = webhook.send(batch(500))
    assert "refuses nearly every batch" in answer.stop
    assert len(answer.outcomes) == 500
    assert len(receiver.requests) < 100


PLAIN = ["http://example.com/x", "http://127.0.0.1.example.com/", "http://10.0.0.1/", "ftp://127.0.0.1/", "example.com"]


@pytest.mark.parametrize("url", PLAIN)
def test_plain_http_goes_to_loopback_only(url):
    with pytest.raises(DestinationError, match="only https"):
        make("webhook", name="w", url=url, secret="s")


def test_base_url_replaces_host_and_keeps_the_path():
    assert str(checked_url("https://example.com/a/b?c=d", "http://localhost:8080")) == "http://localhost:8080/a/b?c=d"
    with pytest.raises(DestinationError, match="only https"):
        checked_url("https://example.com/", "http://example.org")


def test_retry_after_in_both_forms():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    told = {"120": 120, "Thu, 01 Jan 2026 00:00:30 GMT": 30, "Wed, 31 Dec 2025 00:00:00 GMT": 0, "soon": None, "": None}
    assert {value: retry_after(httpx.Response(429, headers={"retry-after": value}), now) for value in told} == told


def test_the_pacer_keeps_within_every_window_at_80_percent():
    clock = [0.0]

    def sleep(seconds):
        clock[0] += seconds

    pacer, moments = Pacer(((10, 1.0), (20, 10.0)), clock=lambda: clock[0], sleep=sleep), []
    for _ in range(40):
        pacer.wait()
        moments.append(clock[0])
    for limit, seconds in ((8, 1.0), (16, 10.0)):
        assert max(sum(start <= moment < start + seconds for moment in moments) for start in moments) <= limit
    assert forecast_seconds(((10, 1.0), (20, 10.0)), 160) == 100


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("invalid_email", "invalid_email"),
        (404, "404"),
        ("E12", "e12"),
        ("jane@example.com", "unspecified"),
        ("Jane Doe", "unspecified"),
        ("+49 151 23", "unspecified"),
        ("", "unspecified"),
    ],
)
def test_codes_of_receivers_carry_nothing_personal(told, kept):
    assert safe_code(told) == kept


def test_results_are_the_contracts_outcomes():
    assert {result.value for result in Result} == {"acknowledged", "retryable", "rejected", "unknown", "suppressed"}
