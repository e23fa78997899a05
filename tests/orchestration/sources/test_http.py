"""How a vendor is called: never faster than it allows, and as patiently as it asks."""

import ssl
import traceback
from collections import deque
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tenacity import RetryCallState
from urllib3.exceptions import NewConnectionError

from examples.fakes.vendor import CUT_OFF, Content, Vendor, serving
from orchestration.server_waits import retry_after
from orchestration.sources import SourceError
from orchestration.sources.http import Onward
from orchestration.sources.http.client import Api
from orchestration.sources.http.pacing import Limits, Pacer, limits
from orchestration.sources.http.patience import wait
from orchestration.sources.http.refusals import refused

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("windows", [((100, 10.0),), ((2, 1.0),), ((10, 60.0), (3, 1.0))])
def test_no_window_is_ever_used_up(windows: tuple[tuple[int, float], ...]) -> None:
    clock = Clock()
    pacer = Pacer(Limits(windows), clock=clock, sleep=clock.sleep)
    made: list[float] = []
    for _ in range(300):
        pacer.wait()
        made.append(clock.now)
    for calls, seconds in windows:
        lately = deque[float](maxlen=calls)
        for moment in made:
            assert len(lately) < calls or moment - lately[0] >= seconds
            lately.append(moment)
    slowest = max(seconds / calls for calls, seconds in windows)
    assert made[-1] == pytest.approx(300 * slowest / 0.8, rel=0.4)


def test_a_night_does_not_wait_for_tomorrows_calls() -> None:
    clock = Clock()
    pacer = Pacer(Limits(((2, 86_400.0),)), clock=clock, sleep=clock.sleep)
    pacer.wait()
    pacer.wait()
    with pytest.raises(SourceError, match="as the vendor allows in a day"):
        pacer.wait()
    assert clock.now == 0


def test_every_number_of_the_limits_can_be_read() -> None:
    for name in ("hubspot", "hubspot_search", "stripe", "typeform", "zendesk", "zendesk_incremental"):
        assert limits(name).windows


def test_an_answer_that_says_nothing_is_left_is_heeded() -> None:
    clock = Clock()
    pacer = Pacer(Limits(((100, 10.0),), "x-left", "x-reset"), clock=clock, sleep=clock.sleep)
    pacer.heed(httpx.Response(200, headers={"x-left": "0", "x-reset": "7"}))
    pacer.wait()
    assert clock.now == 7


@pytest.mark.parametrize(
    ("header", "expected"),
    [("7", 7.0), ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0), ("Wed, 31 Dec 2025 23:00:00 GMT", 0.0), ("soon", None), ("", None)],
)
def test_both_forms_of_retry_after(header: str, expected: float | None) -> None:
    assert retry_after(httpx.Response(429, headers={"retry-after": header}), NOW) == expected


def test_a_wait_of_no_time_is_no_wait_at_all() -> None:
    """So says a date of theirs by a clock that is ahead of it; six tries would be over at once."""
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]
    state.set_result(httpx.Response(429, headers={"retry-after": "Wed, 31 Dec 2025 23:00:00 GMT"}))
    assert all(wait(state) >= 0.5 for _ in range(100))


def test_a_refusal_names_scopes_and_nothing_else_of_the_answer() -> None:
    hubspot = {"message": "no for ann@example.org", "errors": [{"context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]}
    error = refused("GET", "/x", httpx.Response(403, json=hubspot))
    assert (
        str(error) == "GET /x is forbidden (403): the credential lacks the scope crm.objects.contacts.read; grant it, or do not ask for it"
    )
    stripe = {"error": {"message": "The key 'rk_live_1' does not have 'rak_invoice_read' for this endpoint"}}
    error = refused("GET", "/x", httpx.Response(403, json=stripe))
    assert error.scopes == ("rak_invoice_read",)
    assert "rk_live_1" not in str(error)
    assert "403" in str(refused("GET", "/x", httpx.Response(403, text="<html>")))
    assert "is sent elsewhere (302), where no credential is taken" in str(refused("GET", "/x", httpx.Response(302)))


@pytest.mark.parametrize("content", [b"<html>", b"", b"[]", b"null", b'{"error": "busy"}', b'{"data": null}'])
def test_what_is_no_answer_of_the_vendors_is_asked_for_again_and_named_in_the_end(content: bytes) -> None:
    clock = Clock()
    with serving(_Fixed(content)) as vendor:
        api = Api("stripe", "https://a.b", base_url=vendor.url, clock=clock, sleep=clock.sleep)
        with pytest.raises(SourceError, match=r"not the vendor's \(application/json\), after 6 tries"):
            api.get("/list", holds="data")
        assert len(vendor.asked) == 6


def test_places_of_a_list_come_once() -> None:
    onward = Onward("contacts")
    assert [onward.to(place) for place in ("a", "b", ("c", 1))] == ["a", "b", ("c", 1)]
    with pytest.raises(SourceError, match="contacts: a page is told to go on behind itself or an earlier one"):
        onward.to("a")


def test_a_base_url_takes_the_place_of_the_vendors_scheme_host_and_port() -> None:
    api = Api("stripe", "https://api.stripe.com", base_url="http://127.0.0.1:9/ignored")
    assert str(api._wire.address) == "http://127.0.0.1:9"


@pytest.mark.parametrize(("account", "limit"), [("zendesk_incremental", None), ("zendesk", "zendesk_incremental")])
def test_what_is_foreseen_is_sent_once_within_the_pace_and_answered_later(account: str, limit: str | None) -> None:
    with serving(_Counting()) as vendor:
        clock = Clock()
        api = Api(account, "https://a.b", base_url=vendor.url, clock=clock, sleep=clock.sleep)
        most = limits("zendesk_incremental").windows[0][0]
        for page in range(most):
            api.foresee("/list", {"page": page}, limit)
        assert clock.now == 0
        api.foresee("/list", {"page": most}, limit)  # would have to wait: it is asked for when it is wanted
        assert api.calls == most
        told = [api.get("/list", {"page": page}, limit=limit) for page in range(most + 1)]
        assert told == [{"page": str(page)} for page in range(most + 1)]
        assert (api.calls, len(vendor.asked)) == (most + 1, most + 1)
        assert clock.now > 0


def test_calls_with_a_limit_of_their_own_are_some_of_all_that_the_account_may_make() -> None:
    with serving(_Counting()) as vendor:
        clock = Clock()
        api = Api("hubspot", "https://a.b", base_url=vendor.url, clock=clock, sleep=clock.sleep)
        for page in range(limits("hubspot").windows[0][0]):
            api.get("/list", {"page": page})
        assert clock.now == 0
        api.get("/search", {}, limit="hubspot_search")
        assert clock.now >= 10


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 507, 520, 525, 530])
def test_what_may_be_another_answer_the_next_time_is_asked_for_again(status: int) -> None:
    with serving(_Counting()) as vendor:
        clock = Clock()
        vendor.faults = [(status, {})]
        assert Api("stripe", "https://a.b", base_url=vendor.url, clock=clock, sleep=clock.sleep).get("/list", {"page": 1}) == {"page": "1"}


def test_what_was_foreseen_and_got_no_answer_is_asked_for_again() -> None:
    with serving(_Counting()) as vendor:
        clock = Clock()
        api = Api("stripe", "https://a.b", base_url=vendor.url, clock=clock, sleep=clock.sleep)
        vendor.faults = [CUT_OFF, (500, {})]
        api.foresee("/list", {"page": 1})
        assert api.get("/list", {"page": 1}) == {"page": "1"}
        assert api.calls == 3
    api = Api("stripe", "https://a.b", base_url="http://127.0.0.1:9", clock=clock, sleep=clock.sleep)
    api.foresee("/list", {"page": 2})  # nobody is there: whoever asks is told
    with pytest.raises(SourceError, match="GET /list gets no answer"):
        api.get("/list", {"page": 2})


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (
            ssl.SSLCertVerificationError("unable to get local issuer certificate"),
            "the certificate of that.example is not one that is trusted",
        ),
        (NewConnectionError("that.example", "no route"), "that.example is not reached: is it the right address in the configuration"),
    ],
)
def test_where_nobody_is_reached_it_says_so_and_whom(raised: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    api = Api("stripe", "https://that.example", clock=clock, sleep=clock.sleep)

    def connect(*_: Any) -> None:
        raise raised

    monkeypatch.setattr("orchestration.sources.http.wire.HTTPSConnection.connect", connect)
    with pytest.raises(SourceError, match="GET /list gets no answer") as caught:
        api.get("/list")
    assert said in str(caught.value)


@pytest.mark.parametrize("key", ["s3cret\n", "s3cret\u20ac"])
def test_a_credential_that_no_header_may_hold_is_not_quoted(key: str) -> None:
    with serving(_Counting()) as vendor:
        clock = Clock()
        headers = {"authorization": f"Bearer {key}"}
        api = Api("stripe", "https://a.b", base_url=vendor.url, headers=headers, clock=clock, sleep=clock.sleep)
        with pytest.raises(SourceError, match="such as a line break") as caught:
            api.get("/list", {})
        assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_path_of_any_letters_is_asked_for() -> None:
    with serving(_Counting()) as vendor:
        Api("stripe", "https://a.b", base_url=vendor.url).get("/forms/Fr\u00fchling 1", {"a": "\u00fc &"})
        assert vendor.asked == [("GET", "/forms/Fr%C3%BChling%201")]


class _Taken(list[Any]):
    """Connections of which another thread takes the last between a look and a grasp."""

    def __len__(self) -> int:
        return 1


def test_a_connection_that_another_thread_has_taken_is_made_anew() -> None:
    with serving(_Counting()) as vendor:
        api = Api("stripe", "https://a.b", base_url=vendor.url)
        api._wire._free = _Taken()
        assert api.get("/list", {"page": 1}) == {"page": "1"}


class _Counting(Vendor):
    """Answers with what it was asked."""

    def is_known(self, authorization: str) -> bool:
        return True

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        return params


class _Fixed(_Counting):
    """Answers the same whatever it is asked."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        return Content(self.content, {})
