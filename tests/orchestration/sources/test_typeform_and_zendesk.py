"""Typeform and Zendesk: scales, comments, deleted answers and tickets, both generations of ratings."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.typeform import FORM, TypeformAccount
from examples.fakes.vendor import RefusalError, serving
from orchestration.configuration.sources import TypeformSource, ZendeskSource
from orchestration.sources import SourceError
from orchestration.sources.reading.columns import as_arrow
from orchestration.sources.typeform.answers import Form, columns, questions_of
from orchestration.sources.zendesk.rows import survey_response, tickets
from tests.fakes.typeform import small_account as typeform_account
from tests.fakes.zendesk import ZendeskAccount
from tests.fakes.zendesk import small_account as zendesk_account
from tests.orchestration.sources.nights import Nights, landed, without_waiting


@pytest.fixture
def forms(monkeypatch: pytest.MonkeyPatch) -> Iterator[TypeformAccount]:
    with without_waiting(monkeypatch), serving(typeform_account()) as vendor:
        assert isinstance(vendor, TypeformAccount)
        yield vendor


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[ZendeskAccount]:
    with without_waiting(monkeypatch), serving(zendesk_account()) as vendor:
        assert isinstance(vendor, ZendeskAccount)
        yield vendor


def _of_forms(folder: Path, account: TypeformAccount, questions: dict[str, str], **options: Any) -> Nights:
    settings = TypeformSource(
        type="typeform",
        token="${KEY}",
        base_url=account.url,
        forms=[{"id": "form1", "questions": questions}],  # type: ignore[list-item]
        **options,
    )
    return Nights(folder, settings.model_copy(update={"token": account.token}))


def _of_desk(folder: Path, account: ZendeskAccount) -> Nights:
    settings = ZendeskSource(type="zendesk", subdomain="acme", email=account.email, api_token="${KEY}", base_url=account.url)
    return Nights(folder, settings.model_copy(update={"api_token": account.token}))


def test_new_answers_arrive_and_deleted_ones_leave_with_the_next_full_reading(forms: TypeformAccount, tmp_path: Path) -> None:
    nights = _of_forms(tmp_path, forms, {"recommend": "nps"})
    nights.night("survey_responses")
    assert set(nights.rows("survey_responses")) == {"t1", "t2", "t3"}
    forms.responses = [one for one in forms.responses if one["token"] != "t1"]
    forms.clock += timedelta(days=1)
    forms.respond("t5", {"customer_id": "C5"}, ("recommend", "number", 10))
    calls = len(forms.asked)
    assert landed(nights.night("survey_responses")) == {"survey_responses": 1}
    assert len(forms.asked) - calls == 5  # the check, the form, two pages (with the last hour before the newest), an empty one
    nights.settings = nights.settings.model_copy(update={"full_every_days": 0})
    nights.night("survey_responses")
    assert set(nights.rows("survey_responses")) == {"t2", "t3", "t5"}


def test_a_total_that_is_of_the_page_ends_no_list(forms: TypeformAccount, tmp_path: Path) -> None:
    forms.counts_pages = True
    nights = _of_forms(tmp_path, forms, {"recommend": "nps"})
    nights.night("survey_responses")
    assert set(nights.rows("survey_responses")) == {"t1", "t2", "t3"}


def test_a_form_that_is_read_otherwise_is_read_anew(forms: TypeformAccount, tmp_path: Path) -> None:
    nights = _of_forms(tmp_path, forms, {"recommend": "nps"})
    nights.night("survey_responses")
    nights.settings = _of_forms(tmp_path, forms, {"recommend": "nps", "service": "csat"}).settings
    nights.night("survey_responses")
    assert set(nights.rows("survey_responses")) == {"t1", "t1:service", "t2", "t3"}


@pytest.mark.parametrize(
    ("field", "metric", "scale"),
    [
        ({"type": "nps", "properties": {"steps": 11}}, "nps", (0, 10)),
        ({"type": "opinion_scale", "properties": {"steps": 11, "start_at_one": False}}, "nps", (0, 10)),
        ({"type": "opinion_scale", "properties": {"steps": 7, "start_at_one": True}}, "ces", (1, 7)),
        ({"type": "rating", "properties": {"steps": 5}}, "csat", (1, 5)),
        ({"type": "number"}, "nps", (0, 10)),
    ],
)
def test_the_scale_is_that_of_the_question(field: dict[str, Any], metric: str, scale: tuple[int, int]) -> None:
    (question,) = questions_of("f", {"fields": [{"ref": "q", **field}]}, {"q": metric}, {})
    assert (question.scale.low, question.scale.high) == scale


def test_questions_that_are_not_there_or_have_no_scale_are_one_line() -> None:
    with pytest.raises(SourceError, match="the form form1 has no question nothing"):
        questions_of("form1", FORM, {"nothing": "nps"}, {})
    with pytest.raises(SourceError, match="the question why of the form form1 is no opinion scale"):
        questions_of("form1", FORM, {"why": "csat"}, {})


def test_a_token_for_responses_alone_is_enough(forms: TypeformAccount, tmp_path: Path) -> None:
    forms.hides_definitions = True
    nights = _of_forms(tmp_path, forms, {"recommend": "nps", "service": "csat"})
    loads = nights.night("survey_responses")
    assert float(nights.rows("survey_responses")["t1:service"]["scale_max"]) == 5
    assert any("scales are taken for the usual ones" in note for note in loads["survey_responses"].warnings)


def test_a_token_that_may_no_longer_read_the_form_takes_no_comment_away(forms: TypeformAccount, tmp_path: Path) -> None:
    nights = _of_forms(tmp_path, forms, {"recommend": "nps", "service": "csat"})
    nights.night("survey_responses")
    before = nights.rows("survey_responses")
    assert before["t1"]["comment"] == "Quick"
    forms.hides_definitions = True
    load = nights.night("survey_responses")["survey_responses"]
    assert (load.rows, nights.rows("survey_responses")) == (0, before)
    assert any("its scales and comments are as it last told" in note for note in load.warnings)


def test_a_comment_belongs_to_the_question_before_it() -> None:
    fields = [{"ref": ref, "type": kind} for ref, kind in (("a", "nps"), ("x", "long_text"), ("b", "nps"), ("y", "long_text"))]
    form = Form("f", questions_of("f", {"fields": fields}, {"a": "nps", "b": "nps"}, {}), "a", None, None, "customer_id", "email")
    told = [{"field": {"ref": ref}, "number": 5} for ref in "ab"] + [{"field": {"ref": ref}, "text": ref} for ref in "xy"]
    response = {"token": "t", "submitted_at": "2026-01-01T00:00:00Z", "answers": told}
    assert [told["comment"] for told in columns(form, [response])] == [["x"], ["y"]]
    assert list(columns(form, [{**response, "response_type": "partial"}])) == []


def test_tickets_change_and_leave(desk: ZendeskAccount, tmp_path: Path) -> None:
    nights = _of_desk(tmp_path, desk)
    nights.night()
    assert nights.rows("crm_tickets")["1"]["solved_at"] == datetime(2026, 1, 6, 10)
    desk.put(1, requester_id=7, status="open")
    nights.night()
    assert nights.rows("crm_tickets")["1"].get("solved_at") is None  # it was opened again, and its metrics tell of the time before
    desk.put(2, requester_id=8, status="solved")
    desk.put(1, status="deleted")
    desk.put(4, requester_id=9, subject="Lost")  # by somebody who is no longer known
    assert landed(nights.night()) == {"crm_customers": 1, "crm_tickets": 3}
    assert {key: row["status"] for key, row in nights.rows("crm_tickets").items()} == {"2": "solved", "4": "open"}
    assert nights.rows("crm_customers")["9"]["created_at"] == datetime(2026, 1, 5, 10)


def test_a_ticket_that_is_told_to_be_deleted_leaves_though_another_cannot_be_read(desk: ZendeskAccount, tmp_path: Path) -> None:
    nights = _of_desk(tmp_path, desk)
    nights.night("crm_tickets")
    desk.changes.append({"subject": "a ticket without an id"})
    desk.put(1, status="deleted")
    (load,) = nights.night("crm_tickets").values()
    assert any("an object without id" in note for note in load.warnings)
    assert set(nights.rows("crm_tickets")) == {"2"}
    desk.put(2, status="deleted")
    nights.settings = nights.settings.model_copy(update={"full_every_days": 0})
    nights.night("crm_tickets")
    assert nights.rows("crm_tickets") == {}


def test_what_comes_beside_the_tickets_is_not_asked_for_again(desk: ZendeskAccount, tmp_path: Path) -> None:
    desk.tells_beside = True
    nights = _of_desk(tmp_path, desk)
    nights.night()
    assert nights.rows("crm_tickets")["1"]["first_replied_at"] == datetime(2026, 1, 5, 11, 30)
    assert not {path for _, path in desk.asked} & {"/api/v2/users/show_many", "/api/v2/ticket_metrics"}


def test_an_account_that_tells_of_nobody_says_so_and_tickets_land(desk: ZendeskAccount, tmp_path: Path) -> None:
    desk.tells_nobody = True
    nights = _of_desk(tmp_path, desk)
    loads = nights.night()
    assert {load.error for load in loads.values()} == {None}
    assert any("nobody is told of" in note for load in loads.values() for note in load.warnings)
    assert set(nights.rows("crm_tickets")) == {"1", "2"}
    assert nights.rows("crm_customers")["8"] == {"customer_id": "8", "created_at": datetime(2026, 1, 5, 10)}


def test_lists_that_are_paged_by_number_are_read_to_their_end(desk: ZendeskAccount, tmp_path: Path) -> None:
    desk.has_numbers = True
    told = {"score": "good", "requester_id": 7, "created_at": "2026-01-07T10:00:00Z"}
    desk.ratings = [{**told, "id": 60 + number} for number in range(5)]
    nights = _of_desk(tmp_path, desk)
    nights.night("survey_responses")
    assert set(nights.rows("survey_responses")) == {"60", "61", "62", "63", "64"}


def test_a_cursor_that_was_forgotten_means_to_read_everything(desk: ZendeskAccount, tmp_path: Path) -> None:
    nights = _of_desk(tmp_path, desk)
    nights.night()
    desk.forgotten.append(str(len(desk.changes)))
    desk.put(5, requester_id=7, subject="New")
    assert landed(nights.night()) == {"crm_tickets": 1}


def test_somebody_who_is_redacted_is_so_here_when_everything_is_read_again(desk: ZendeskAccount, tmp_path: Path) -> None:
    """No ticket changes where its writer does, so what was known of them would stay for ever."""
    nights = _of_desk(tmp_path, desk)
    desk.users[8]["updated_at"] = "2026-01-31T10:00:00Z"
    nights.night("crm_customers")
    desk.users[7] |= {"name": "Permanently deleted user", "email": None, "updated_at": "2026-02-01T10:00:00Z"}
    del desk.users[8]
    assert landed(nights.night("crm_customers")) == {}
    nights.settings = nights.settings.model_copy(update={"full_every_days": 0})
    nights.night("crm_customers")
    told = nights.rows("crm_customers")
    assert (told["7"]["full_name"], told["7"].get("email")) == ("Permanently deleted user", None)
    assert set(told["8"]) == {"customer_id", "created_at", "updated_at"}


def test_a_clock_of_ours_that_is_ahead_keeps_nobody_out(desk: ZendeskAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zendesk refuses a time of its last minute, and knows nothing of our clock."""
    export = ZendeskAccount._export

    def settled(self: ZendeskAccount, params: dict[str, str]) -> Any:
        if int(params.get("start_time", 0)) > datetime(2026, 2, 1).timestamp():
            raise RefusalError(400, {"error": "StartTimeTooRecent"})
        return export(self, params)

    monkeypatch.setattr(ZendeskAccount, "_export", settled)
    assert landed(_of_desk(tmp_path, desk).night("crm_tickets"))


def test_tickets_behind_a_cursor_that_stays_are_not_taken_for_none(
    desk: ZendeskAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = ZendeskAccount._export
    monkeypatch.setattr(
        ZendeskAccount, "_export", lambda self, params: {**export(self, params), "end_of_stream": False, "after_cursor": "1"}
    )
    loads = _of_desk(tmp_path, desk).night("crm_tickets")
    assert "would never end" in str(loads["crm_tickets"].error)


def test_a_last_page_that_comes_again_is_the_last(desk: ZendeskAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some answers never say that the stream has ended; their cursor stays where it is."""
    export = ZendeskAccount._export
    monkeypatch.setattr(ZendeskAccount, "_export", lambda self, params: {**export(self, params), "end_of_stream": False})
    nights = _of_desk(tmp_path, desk)
    nights.night("crm_tickets")
    desk.put(4, requester_id=8)
    nights.night("crm_tickets")
    assert set(nights.rows("crm_tickets")) == {"1", "2", "4"}


def test_ratings_of_the_newer_kind_are_read_where_the_account_has_them(desk: ZendeskAccount, tmp_path: Path) -> None:
    desk.ratings = None
    options = [{"rating": rating} for rating in (1, 2, 3)]
    scored = {"type": "rating_scale", "rating": 2, "question": {"options": options}, "created_at": "2026-01-08T10:00:00Z"}
    desk.survey_responses = [
        {"id": "s1", "responder_id": 7, "answers": [scored, {"type": "open_ended", "value": "Fine"}]},
        {"id": "s2", "subject_zrns": ["zen:ticket:2"], "answers": [{**scored, "rating": 3}]},
    ]
    nights = _of_desk(tmp_path, desk)
    nights.night()
    told = nights.rows("survey_responses")
    assert {key: (row["customer_id"], float(row["score"]), row.get("comment")) for key, row in told.items()} == {
        "s1": ("7", 3.0, "Fine"),
        "s2": ("8", 5.0, None),
    }


def test_an_account_without_ratings_says_so(desk: ZendeskAccount, tmp_path: Path) -> None:
    desk.ratings = None
    loads = _of_desk(tmp_path, desk).night()
    assert any("no satisfaction ratings" in note for load in loads.values() for note in load.warnings)
    assert {load.error for load in loads.values()} == {None}


def test_a_scale_that_is_not_told_is_the_configured_one() -> None:
    (row,) = survey_response({"id": "s", "responder_id": 1, "answers": [{"type": "rating_scale", "rating": 2}]}, 2, {})
    assert row["score"] == 5


@pytest.mark.parametrize(
    ("opened_at", "minutes", "expected"),
    [
        ("2026-01-05T10:00:30Z", 90, "2026-01-05T11:30:30Z"),
        ("2026-02-28T23:59:59Z", 1, "2026-03-01T00:00:59Z"),
        ("2026-01-05T10:00:00+02:00", 0.5, "2026-01-05T08:00:30Z"),
        ("2026-01-05T10:00:00.250Z", 1, "2026-01-05T10:01:00Z"),
        ("2026-01-05T10:00:00Z", None, None),
        ("soon", 90, None),
        ("2026-01-05T25:00:00Z", 90, None),
        ("2026-01-05T10:00:00Z", "late", None),
    ],
)
def test_a_ticket_was_first_answered_some_minutes_after_it_was_opened(opened_at: str, minutes: Any, expected: str | None) -> None:
    told = tickets([{"id": 1, "created_at": opened_at}], [{"reply_time_in_minutes": {"calendar": minutes}}])
    beside = tickets([{"id": 2, "created_at": "2026-01-05T10:00:00Z"}], [{"reply_time_in_minutes": {"calendar": 5}}])
    both = tickets(
        [{"id": 1, "created_at": opened_at}, {"id": 2, "created_at": "2026-01-05T10:00:00Z"}],
        [{"reply_time_in_minutes": {"calendar": minutes}}, {"reply_time_in_minutes": {"calendar": 5}}],
    )
    (alone,), (together,) = as_arrow([told, beside]), as_arrow([both])
    assert alone.equals(together)
    assert alone["first_replied_at"].to_pylist() == [expected, "2026-01-05T10:05:00Z"]
