"""SurveyMonkey: scores of choices, comments, what changes later."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.sources import SourceError
from orchestration.sources.surveymonkey.answers import columns, questions_of
from tests.fakes.accounts import ACCOUNTS
from tests.fakes.surveymonkey import DETAILS, SurveymonkeyAccount
from tests.orchestration.sources.nights import Nights, landed, without_waiting


def test_answers_have_the_score_of_their_choice_and_change_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_waiting(monkeypatch), ACCOUNTS["surveymonkey"]() as account:
        assert isinstance(account.vendor, SurveymonkeyAccount)
        nights = Nights(tmp_path, account.settings)
        nights.night("survey_responses")
        told = nights.rows("survey_responses")
        assert {key: (float(row["score"]), float(row["scale_min"]), float(row["scale_max"])) for key, row in told.items()} == {
            "501": (9, 0, 10),
            "501:2": (4, 1, 5),
            "502": (3, 0, 10),
        }
        assert (told["501"]["comment"], told["501"]["customer_id"], told["502"]["email"]) == ("Quick", "C1", "bo@example.org")
        account.vendor.respond("503", "2026-01-12T10:00:00+00:00", {"1": "n8"}, custom_variables={"customer_id": "C3"})
        assert landed(nights.night("survey_responses")) == {"survey_responses": 1}


def test_questions_without_numbers_are_one_line() -> None:
    for question, said in (("9", "has no question 9"), ("3", "have no numbers")):
        with pytest.raises(SourceError, match=said):
            questions_of(SimpleNamespace(id="77", questions={question: "nps"}), DETAILS, {})


def test_of_a_question_about_several_things_one_is_named_and_not_applicable_is_no_score() -> None:
    choices = [{"id": f"c{n}", "text": word, "weight": n} for n, word in enumerate(("Poor", "Fair", "Good"), start=1)]
    choices.append({"id": "c0", "text": "N/A", "weight": 0, "is_na": True})
    matrix = {"id": "5", "answers": {"rows": [{"id": "a"}, {"id": "b"}], "choices": choices}}
    details = {"pages": [{"questions": [matrix]}]}
    survey = SimpleNamespace(id="77", questions={"5:b": "csat"}, comments={}, touchpoint=None, customer_id_variable="customer_id")
    (question,) = questions_of(survey, details, {})
    assert (question.scale.low, question.scale.high) == (1, 3)
    answered = [{"row_id": "a", "choice_id": "c1"}, {"row_id": "b", "choice_id": "c3"}]
    lost = Counter[str]()
    told = {"id": "9", "pages": [{"questions": [{"id": "5", "answers": answered}]}]}
    assert [(one["response_id"], one["score"]) for one in columns(survey, [question], lost, [told])] == [(["9"], [3])]
    answered[1]["choice_id"] = "c0"
    assert (list(columns(survey, [question], lost, [told])), lost) == ([], Counter())
    with pytest.raises(SourceError, match="asks 2 things; name one as `question:row`, a row being one of a, b"):
        questions_of(SimpleNamespace(id="77", questions={"5": "csat"}), details, {})


def test_an_answer_whose_choice_nobody_knows_is_counted_once_though_another_response_is_not_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_waiting(monkeypatch), ACCOUNTS["surveymonkey"]() as account:
        assert isinstance(account.vendor, SurveymonkeyAccount)
        account.vendor.respond("600", "2026-01-12T10:00:00+00:00", {"1": "gone"})
        account.vendor.respond("601", "2026-01-12T10:00:00+00:00", {"1": "n8"})
        account.vendor.responses["601"]["pages"] = "none"
        load = Nights(tmp_path, account.settings).night("survey_responses")["survey_responses"]
        assert any("1 record of another shape left out" in line for line in load.warnings)
        assert any("survey 77, question 1: without 1 answer whose choice" in line for line in load.warnings)
