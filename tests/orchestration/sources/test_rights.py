"""What a credential may not do, where the vendor does not say what is missing; and what is asked of it beyond that: nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.vendor import RefusalError
from orchestration.sources import SourceError
from orchestration.sources.reading.json_text import written
from tests.fakes.accounts import ACCOUNTS, Account
from tests.orchestration.sources.nights import Nights, without_waiting


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Account]]:
    entered = []

    def _open(kind: str) -> Account:
        entered.append(ACCOUNTS[kind]())
        return entered[-1].__enter__()

    with without_waiting(monkeypatch):
        yield _open
        for one in entered:
            one.__exit__(None, None, None)


def _forbid(vendor: Any, path: str) -> None:
    answer = vendor.answer

    def forbidding(method: str, asked: str, *others: Any) -> Any:
        if asked.endswith(path):
            raise RefusalError(403, {"error": {"message": "Permission has not been granted for ann@example.org"}})
        return answer(method, asked, *others)

    vendor.answer = forbidding


@pytest.mark.parametrize(
    ("kind", "path", "said"),
    [
        ("typeform", "/responses", "(most likely responses:read)"),
        ("surveymonkey", "/details", "(most likely surveys_read)"),
        ("surveymonkey", "/responses/bulk", "(most likely responses_read_detail)"),
        ("zendesk", "/incremental/tickets/cursor", "only an administrator may export tickets"),
    ],
)
def test_what_is_most_likely_missing_is_named(opened: Callable[[str], Account], tmp_path: Path, kind: str, path: str, said: str) -> None:
    account = opened(kind)
    _forbid(account.vendor, path)
    try:
        told = " ".join(str(load.error) for load in Nights(tmp_path, account.settings).night().values() if load.error)
    except SourceError as error:
        told = str(error)
    assert "403" in told
    assert said in told
    assert "ann@" not in told


def test_surveymonkey_needs_no_right_to_look_at_users(opened: Callable[[str], Account], tmp_path: Path) -> None:
    account = opened("surveymonkey")
    _forbid(account.vendor, "/users/me")
    nights = Nights(tmp_path, account.settings)
    assert nights.night()["survey_responses"].error is None
    assert nights.rows("survey_responses")


@pytest.mark.parametrize(
    ("features", "is_said"), [({"customer_satisfaction": False}, False), ({"customer_satisfaction": True}, True), ({}, True), (None, True)]
)
def test_an_account_of_zendesk_that_asks_nobody_hears_nothing_of_it(
    opened: Callable[[str], Account], tmp_path: Path, features: dict[str, bool] | None, is_said: bool
) -> None:
    account = opened("zendesk")
    vendor: Any = account.vendor
    vendor.ratings, vendor.features = None, features
    (load,) = Nights(tmp_path, account.settings).night("survey_responses").values()
    assert load.error is None
    assert any("no satisfaction ratings" in line for line in load.warnings) is is_said


@pytest.mark.parametrize("kind", ["typeform", "surveymonkey"])
def test_of_a_response_that_is_kept_for_a_night_that_was_killed_only_what_is_read(
    opened: Callable[[str], Account], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Where somebody was, with what, and the address at which anybody may change what they said."""
    account = opened(kind)
    vendor: Any = account.vendor
    responses = vendor.responses
    for one in responses.values() if isinstance(responses, dict) else responses:
        one |= {"metadata": {"contact": {}, "network_id": "s3cret"}, "edit_url": "https://example.org/s3cret", "ip_address": "s3cret"}
    kept: list[bytes] = []
    monkeypatch.setattr("orchestration.sources.reading.pages.written", _remembered(kept))
    nights = Nights(tmp_path, account.settings)
    nights.night("survey_responses")
    assert kept
    assert b"s3cret" not in b"".join(kept)
    assert nights.rows("survey_responses")


def _remembered(kept: list[bytes]) -> Callable[[Any], bytes]:
    def remember(value: Any) -> bytes:
        kept.append(written(value))
        return kept[-1]

    return remember


@pytest.mark.parametrize(
    ("kind", "headers"),
    [("hubspot", {"x-hubspot-ratelimit-daily-remaining": "0"}), ("surveymonkey", {"x-ratelimit-app-global-day-remaining": "0"})],
)
def test_calls_that_are_spent_for_the_day_are_not_asked_for_again_and_again(
    opened: Callable[[str], Account], tmp_path: Path, kind: str, headers: dict[str, str]
) -> None:
    account = opened(kind)
    account.vendor.faults = [None, (429, headers)] + [(429, headers)] * 100
    told = [str(load.error) for load in Nights(tmp_path, account.settings).night("survey_responses").values() if load.error]
    assert told
    assert "as many calls as the account may make in a day were made" in told[0]
    assert len(account.vendor.asked) == 2
