"""Qualtrics: codes and comments, what is no answer, what comes later."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.fakes.vendor import serving
from orchestration.configuration.sources import QualtricsSource
from orchestration.configuration.surveys import QualtricsSurvey
from orchestration.sources import SourceError
from orchestration.sources.qualtrics import answers, export
from orchestration.sources.reading import json_text
from tests.fakes.qualtrics import QualtricsAccount, small_account
from tests.orchestration.sources.nights import Nights, landed, without_waiting


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[QualtricsAccount]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, QualtricsAccount)
        yield vendor


def test_answers_come_with_scale_and_comment_and_new_ones_the_next_night(account: QualtricsAccount, tmp_path: Path) -> None:
    asked = {"questions": {"QID1": "nps", "QID2": "csat"}, "scales": {"QID2": [0, 4]}, "comments": {"QID1": "QID3_TEXT"}}
    nights = _nights(tmp_path, account, **asked)
    assert landed(nights.night("survey_responses")) == {"survey_responses": 4}
    told = nights.rows("survey_responses")
    assert sorted(told) == ["R_1", "R_1:QID2", "R_2", "R_6"]  # no preview, no spam; what was imported is somebody's answer
    assert (told["R_1"]["comment"], told["R_1"]["language"], told["R_1"]["customer_id"]) == ("Good", "en", "C1")
    assert (told["R_1:QID2"]["score"], told["R_1:QID2"]["scale_max"]) == (4, 4)
    account.respond("R_5", "2026-01-12T10:00:00Z", QID1=10, recipientEmail="eve@example.org")
    assert landed(nights.night("survey_responses")) == {"survey_responses": 1}
    assert [one["responseId"] for one in account.exports[-1]] == ["R_2", "R_3", "R_4", "R_5"][-len(account.exports[-1]) :]
    assert len(account.exports[-1]) < 5


def _nights(folder: Path, account: QualtricsAccount, **survey: Any) -> Nights:
    survey = {"id": "SV_1", "questions": {"QID1": "nps"}, **survey}
    settings = QualtricsSource.model_validate(
        {"type": "qualtrics", "data_center": "fra1", "api_token": "${KEY}", "base_url": account.url, "surveys": [survey]}
    )
    return Nights(folder, settings.model_copy(update={"api_token": account.token}))


def test_an_export_holds_what_columns_need_and_no_more(account: QualtricsAccount, tmp_path: Path) -> None:
    told = {"QID1": 8, "QID2_TEXT": "ann@example.org", "QID3_TEXT": "Fine", "ipAddress": "192.0.2.1", "crm": "C7", "plan": "gold"}
    account.respond("R_7", "2026-01-12T10:00:00Z", QID5=1, **told)
    nights = _nights(tmp_path, account, comments={"QID1": "QID3_TEXT"}, customer_id_field="crm", email_field="QID2_TEXT")
    nights.night("survey_responses")
    (exported,) = [one["values"] for one in account.exports[0] if one["responseId"] == "R_7"]
    assert exported.keys() == {"QID1", "QID2_TEXT", "QID3_TEXT", "crm", "recordedDate", "finished", "status"}
    row = nights.rows("survey_responses")["R_7"]
    assert (row["customer_id"], row["email"], row["comment"]) == ("C7", "ann@example.org", "Fine")


@pytest.mark.parametrize(
    ("said", "count"), [(1, 1), ("1", 1), (True, 1), ("True", 1), (None, 1), (0, 0), ("0", 0), (False, 0), ("False", 0)]
)
def test_a_response_is_finished_however_that_is_written(said: Any, count: int) -> None:
    survey = QualtricsSurvey(id="SV_1", questions={"QID1": "nps"})
    assert len(list(answers.columns(survey, [{"responseId": "R_1", "values": {"QID1": 9, "finished": said}}]))) == count


def test_what_is_no_question_of_qualtrics_is_looked_for_in_all_there_is(account: QualtricsAccount, tmp_path: Path) -> None:
    """A score that the survey works out itself goes by a name that no list of an export takes."""
    account.respond("R_7", "2026-01-12T10:00:00Z", SC_0abc=8, externalDataReference="C7")
    nights = _nights(tmp_path, account, questions={"SC_0abc": "nps"})
    nights.night("survey_responses")
    assert nights.rows("survey_responses")["R_7"]["score"] == 8


@pytest.mark.parametrize("is_refused", [True, False])
def test_a_question_that_the_survey_has_no_more_is_named_and_takes_no_answer_away(
    account: QualtricsAccount, tmp_path: Path, is_refused: bool
) -> None:
    """Whether an export that asks for it is refused, or only holds nothing of it."""
    account.knows_its_questions = is_refused
    survey = {"questions": {"QID1": "nps", "QID2": "csat"}, "comments": {"QID1": "QID3_TEXT"}}
    nights = _nights(tmp_path, account, **survey)
    nights.night("survey_responses")
    before, exports = nights.rows("survey_responses"), len(account.exports)
    account.questions.discard("QID2")
    for told in account.responses.values():
        told["values"].pop("QID2", None)
    nights.settings = _nights(tmp_path, account, **survey, touchpoint="onboarding").settings  # so that all is read again
    error = nights.night("survey_responses")["survey_responses"].error
    assert error == "the survey SV_1 has no question QID2; correct the questions of the survey"
    assert (nights.rows("survey_responses"), len(account.exports)) == (before, exports)


def test_a_question_that_nobody_is_asked_any_more_is_said(account: QualtricsAccount, tmp_path: Path) -> None:
    account.unused = {"QID1"}
    load = _nights(tmp_path, account).night("survey_responses")["survey_responses"]
    assert load.error is None
    assert any("SV_1 does not ask QID1 any more" in line for line in load.warnings)


def test_where_the_survey_does_not_tell_what_it_asks_a_refused_export_names_what_it_was_asked_for(
    account: QualtricsAccount, tmp_path: Path
) -> None:
    account.tells_of_questions = False
    nights = _nights(tmp_path, account, questions={"QID1": "nps", "QID9": "csat"}, customer_id_field="crm")
    error = str(nights.night("survey_responses")["survey_responses"].error)
    assert "SV_1" in error
    assert "QID1, QID9, crm" in error
    load = _nights(tmp_path / "known", account).night("survey_responses")["survey_responses"]
    assert load.error is None
    assert any("whether the survey SV_1 has the questions QID1 is not known" in line for line in load.warnings)


def _zip(content: str) -> bytes:
    with zipfile.ZipFile(packed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("survey.json", content)
    return packed.getvalue()


def test_a_large_export_is_read_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [{"responseId": f"R_{n}", "values": {"QID1": n, "text": 'a "quoted" ],} é' * 20, "none": None}} for n in range(500)]
    monkeypatch.setattr(json_text, "_BLOCK", 4_096)
    for content in (json.dumps({"responses": told}), json.dumps({"format": 1, "responses": told}, indent=1, ensure_ascii=False)):
        at_once = export._unpacked(_zip(content))
        with monkeypatch.context() as patch:
            patch.setattr(export, "_MOST_AT_ONCE", 1_000)
            assert list(export._unpacked(_zip(content))) == at_once == told
        file = io.StringIO(content)
        assert next(json_text.members(file, "responses")) == told[0]
        assert file.tell() == 4_096


@pytest.mark.parametrize("content", ['{"responses": [{"responseId": "R_1"}, {"respon', '{"error": 1}'])
def test_a_large_export_that_ends_too_early_is_one_line(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(export, "_MOST_AT_ONCE", 1)
    with pytest.raises(SourceError, match="ends before its responses do"):
        list(export._unpacked(_zip(content)))
    with pytest.raises(ValueError, match="no whole zip"):
        export._unpacked(_zip(content)[:-10])
