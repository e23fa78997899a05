"""A question that changes its scale: what was answered before stays on the scale on which it was asked."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.typeform import FORM, TypeformAccount
from orchestration.sources.reading.scales import Scale, as_told, remembered, with_past
from tests.fakes.accounts import ACCOUNTS
from tests.fakes.surveymonkey import DETAILS, SurveymonkeyAccount
from tests.orchestration.sources.nights import Nights, without_waiting

JANUARY, FEBRUARY = (int(datetime(2026, month, 1, tzinfo=UTC).timestamp() * 1000) for month in (1, 2))


def test_an_answer_is_on_the_scale_that_was_asked_when_it_was_given():
    scale = with_past(Scale(1, 10), "q", {"scales": {"q": [1, 7, [[JANUARY, 1, 5]]]}, "asked_at": FEBRUARY})
    asked = ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00+00:00", None)
    assert [scale.at(moment, 4) for moment in asked] == [(1, 5), (1, 7), (1, 10), (1, 10)]
    assert [scale.at(moment, 8) for moment in asked] == [(1, 10)] * 4  # none of the earlier ones has an 8
    in_march = with_past(Scale(1, 10), "q", {"scales": {"q": [1, 5, []]}, "asked_at": JANUARY}, "2026-02-01T00:00:00Z")
    assert [in_march.at(moment, 4)[1] for moment in ("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z")] == [5, 10]
    known = as_told({"q": scale}, {"scales": {"gone": [0, 10, []]}}, datetime.now(UTC))
    assert with_past(Scale(1, 10), "q", known) == remembered("q", known) == scale  # nothing has changed since
    assert remembered("gone", known) == Scale(0, 10)
    assert with_past(Scale(1, 5), "new", known) == Scale(1, 5)


def _scales(nights: Nights) -> dict[str, tuple[float, float]]:
    told = nights.rows("survey_responses")
    return {key: (float(row["score"]), float(row["scale_max"])) for key, row in told.items()}


def test_a_form_whose_rating_gets_ten_steps_keeps_four_of_five(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_waiting(monkeypatch), ACCOUNTS["typeform"]() as account:
        assert isinstance(account.vendor, TypeformAccount)
        nights = Nights(tmp_path, account.settings)
        nights.night("survey_responses")
        assert _scales(nights)["t1:service"] == (4, 5)
        form: dict[str, Any] = deepcopy(FORM)
        form["fields"][2]["properties"]["fields"][0]["properties"]["steps"] = 10
        account.vendor.forms = {"form1": form}
        account.vendor.clock = datetime.now(UTC) + timedelta(days=1)
        account.vendor.respond("t9", {"customer_id": "C9"}, ("recommend", "number", 9), ("service", "number", 8))
        for is_told in (True, True, False):  # everything is read again; what is new; everything, and the definition is hidden
            account.vendor.hides_definitions = not is_told
            nights.night("survey_responses")
            told = _scales(nights)
            assert (told["t1:service"], told["t9:service"], told["t9"]) == ((4, 5), (8, 10), (9, 10))
        account.vendor.responses.append({**account.vendor.responses[0], "token": "odd", "answers": "none"})
        for _ in ("a response cannot be read", "so all is read again"):
            nights.night("survey_responses")
            assert _scales(nights)["t1:service"] == (4, 5)


def _offer(monkeypatch: pytest.MonkeyPatch, changed: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """From now on SurveyMonkey's second question offers what `changed` makes of its choices."""
    details: dict[str, Any] = deepcopy(DETAILS)
    (question,) = (one for page in details["pages"] for one in page["questions"] if one["id"] == "2")
    question["answers"]["choices"] = changed(question["answers"]["choices"])
    monkeypatch.setattr("tests.fakes.surveymonkey.DETAILS", details)


def test_a_survey_that_gets_another_choice_keeps_its_old_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_waiting(monkeypatch), ACCOUNTS["surveymonkey"]() as account:
        assert isinstance(account.vendor, SurveymonkeyAccount)
        nights = Nights(tmp_path, account.settings)
        nights.night("survey_responses")
        _offer(monkeypatch, lambda choices: [*choices, {"id": "c10", "text": "10", "weight": 10}])
        nights.night("survey_responses")
        assert _scales(nights)["501:2"] == (4, 5)


def test_a_choice_that_is_removed_keeps_the_score_of_those_who_chose_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_waiting(monkeypatch), ACCOUNTS["surveymonkey"]() as account:
        assert isinstance(account.vendor, SurveymonkeyAccount)
        nights = Nights(tmp_path, account.settings)
        nights.night("survey_responses")
        _offer(monkeypatch, lambda choices: [one for one in choices if one["id"] != "r4"])
        (load,) = nights.night("survey_responses").values()
        assert (load.error, load.tombstones, _scales(nights)["501:2"]) == (None, 0, (4, 5))
        (load,) = Nights(tmp_path / "late", account.settings).night("survey_responses").values()
        assert any("survey 77, question 2: without 1 answer whose choice had been removed" in line for line in load.warnings)
