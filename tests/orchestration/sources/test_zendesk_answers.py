"""Whose an answer to Zendesk's newer surveys is, and where its lists go on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from examples.fakes.vendor import serving
from orchestration.configuration.sources import ZendeskSource
from orchestration.sources.base import Bench
from orchestration.sources.zendesk import Zendesk
from tests.fakes.zendesk import ZendeskAccount, small_account
from tests.orchestration.sources.nights import Nights, landed, without_waiting


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[ZendeskAccount]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, ZendeskAccount)
        vendor.ratings, vendor.survey_responses = None, [_response(number) for number in (1, 2)]
        yield vendor


def _response(number: int) -> dict[str, Any]:
    """An answer about the ticket of that number, which says nothing else of whose it is."""
    scored = {"type": "rating_scale", "rating": 2, "created_at": "2026-01-08T10:00:00Z"}
    return {"id": f"s{number}", "subject_zrns": [f"zen:ticket:{number}"], "answers": [scored]}


def _of(folder: Path, desk: ZendeskAccount) -> Nights:
    settings = ZendeskSource(type="zendesk", subdomain="acme", email=desk.email, api_token="${KEY}", base_url=desk.url)
    return Nights(folder, settings.model_copy(update={"api_token": desk.token}))


def _whose(nights: Nights) -> dict[str, Any]:
    return {key: row.get("customer_id") for key, row in nights.rows("survey_responses").items()}


def test_an_answer_stays_its_customers_in_a_night_that_does_not_read_its_ticket(desk: ZendeskAccount, tmp_path: Path) -> None:
    nights = _of(tmp_path, desk)
    nights.night()
    assert _whose(nights) == {"s1": "7", "s2": "8"}
    assert landed(nights.night()) == {}
    assert _whose(nights) == {"s1": "7", "s2": "8"}
    assert ("GET", "/api/v2/tickets/show_many") in desk.asked


def test_an_answer_stays_its_customers_when_its_ticket_is_deleted(desk: ZendeskAccount, tmp_path: Path) -> None:
    nights = _of(tmp_path, desk)
    nights.night()
    desk.put(2, status="deleted")
    nights.night()
    loads = nights.night()
    assert (landed(loads), _whose(nights)) == ({}, {"s1": "7", "s2": "8"})
    assert any("1 answer about a ticket that is gone" in line for load in loads.values() for line in load.warnings)
    nights.settings = nights.settings.model_copy(update={"full_every_days": 0})
    nights.night()
    assert _whose(nights) == {"s1": "7", "s2": "8"}


@pytest.mark.parametrize("is_newer", [True, False])
def test_an_answer_that_is_gone_is_so_here_when_everything_is_read_again(desk: ZendeskAccount, tmp_path: Path, is_newer: bool) -> None:
    if not is_newer:
        desk.survey_responses, desk.ratings = None, [{"id": f"s{who - 6}", "requester_id": who, "score": "good"} for who in (7, 8)]
    nights = _of(tmp_path, desk)
    nights.night()
    del (desk.survey_responses or desk.ratings or [])[0]
    nights.night()
    assert set(_whose(nights)) == {"s1", "s2"}
    nights.settings = nights.settings.model_copy(update={"full_every_days": 0})
    nights.night()
    assert set(_whose(nights)) == {"s2"}


def test_answers_of_the_older_kind_stay_when_the_account_has_the_newer(desk: ZendeskAccount, tmp_path: Path) -> None:
    newer, desk.survey_responses, desk.ratings = desk.survey_responses, None, [{"id": 60, "requester_id": 7, "score": "good"}]
    nights = _of(tmp_path, desk)
    nights.settings = nights.settings.model_copy(update={"full_every_days": 0})
    nights.night()
    desk.survey_responses, desk.ratings = newer, None
    nights.night()
    nights.night()
    assert set(_whose(nights)) == {"60", "s1", "s2"}
    desk.survey_responses = None
    nights.night()
    assert set(_whose(nights)) == {"60", "s1", "s2"}


def test_where_an_earlier_version_read_answers_none_is_taken_for_deleted(desk: ZendeskAccount, tmp_path: Path) -> None:
    """It did not write down of which kind they were."""
    (stream,) = Zendesk.from_settings(_of(tmp_path, desk).settings).streams("survey_responses")
    reading = stream.read({"since": 1}, Bench(duckdb.connect(), tmp_path))
    assert len(list(reading.told())) == 2
    assert not reading.complete
    again = stream.read({**reading.position(), "full_at": "2026-01-01T00:00:00+00:00"}, Bench(duckdb.connect(), tmp_path))
    assert not again.complete


def test_an_account_that_tells_no_single_tickets_says_so(desk: ZendeskAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = desk.answer
    monkeypatch.setattr(desk, "answer", lambda method, path, *rest: answer(method, path.replace("tickets/show", "tickets/no"), *rest))
    nights = _of(tmp_path, desk)
    loads = nights.night("survey_responses")
    assert loads["survey_responses"].error is None
    assert any("tickets cannot be asked for by their ids here (404)" in line for line in loads["survey_responses"].warnings)


@pytest.mark.parametrize("meta", [None, {"has_more": True, "after_cursor": None}])
def test_a_list_goes_on_at_the_address_of_its_next_page(
    desk: ZendeskAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meta: Any
) -> None:
    desk.survey_responses = [_response(number) for number in (1, 2, 1, 2, 1)]
    for number, one in enumerate(desk.survey_responses):
        one["id"] = f"s{number}"
    page = ZendeskAccount._page

    def by_links(self: ZendeskAccount, key: str, objects: list[dict[str, Any]], params: dict[str, str]) -> dict[str, Any]:
        told = page(self, key, objects, params)
        after = told["meta"]["after_cursor"] if told["meta"]["has_more"] else None
        links = {"next": f"https://acme.zendesk.com/api/v2/{key}?page%5Bafter%5D={after}&page%5Bsize%5D=2" if after else None}
        return {key: told[key], "links": links, "meta": meta if after else meta and {"has_more": False, "after_cursor": None}}

    monkeypatch.setattr(ZendeskAccount, "_page", by_links)
    nights = _of(tmp_path, desk)
    nights.night()
    assert set(nights.rows("survey_responses")) == {"s0", "s1", "s2", "s3", "s4"}


def test_an_export_that_goes_on_nowhere_is_no_end(desk: ZendeskAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, lost = desk.answer, {"end_of_stream": False, "after_cursor": None}

    def without_a_cursor(method: str, path: str, *rest: Any) -> Any:
        told = answer(method, path, *rest)
        return {**told, **lost} if path == "/api/v2/incremental/tickets/cursor" else told

    monkeypatch.setattr(desk, "answer", without_a_cursor)
    load = _of(tmp_path, desk).night("crm_tickets")["crm_tickets"]
    assert "the export of tickets says that more follow" in (load.error or "")


def test_another_number_of_answers_holds_for_all_that_were_given(desk: ZendeskAccount, tmp_path: Path) -> None:
    nights = _of(tmp_path, desk)
    nights.night()
    nights.settings = nights.settings.model_copy(update={"csat_answers": 3})
    nights.night()
    assert {key: row["score"] for key, row in nights.rows("survey_responses").items()} == {"s1": 3, "s2": 3}
    assert landed(nights.night()) == {}
