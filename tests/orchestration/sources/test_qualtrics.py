"""Qualtrics: codes and comments, what is no answer, what comes later."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.fakes.vendor import serving
from orchestration.configuration.sources import QualtricsSource
from orchestration.sources import SourceError
from orchestration.sources.qualtrics import export
from orchestration.sources.reading import json_text
from tests.fakes.qualtrics import QualtricsAccount, small_account
from tests.orchestration.sources.nights import Nights, landed, without_waiting


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[QualtricsAccount]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, QualtricsAccount)
        yield vendor


def test_answers_come_with_scale_and_comment_and_new_ones_the_next_night(account: QualtricsAccount, tmp_path: Path) -> None:
    survey = {"id": "SV_1", "questions": {"QID1": "nps", "QID2": "csat"}, "scales": {"QID2": [0, 4]}, "comments": {"QID1": "QID3_TEXT"}}
    settings = QualtricsSource(type="qualtrics", data_center="fra1", api_token="${KEY}", base_url=account.url, surveys=[survey])  # type: ignore[list-item]
    nights = Nights(tmp_path, settings.model_copy(update={"api_token": account.token}))
    assert landed(nights.night("survey_responses")) == {"survey_responses": 4}
    told = nights.rows("survey_responses")
    assert sorted(told) == ["R_1", "R_1:QID2", "R_2", "R_6"]  # no preview, no spam; what was imported is somebody's answer
    assert (told["R_1"]["comment"], told["R_1"]["language"], told["R_1"]["customer_id"]) == ("Good", "en", "C1")
    assert (told["R_1:QID2"]["score"], told["R_1:QID2"]["scale_max"]) == (4, 4)
    account.respond("R_5", "2026-01-12T10:00:00Z", QID1=10, recipientEmail="eve@example.org")
    assert landed(nights.night("survey_responses")) == {"survey_responses": 1}
    assert [one["responseId"] for one in account.exports[-1]] == ["R_2", "R_3", "R_4", "R_5"][-len(account.exports[-1]) :]
    assert len(account.exports[-1]) < 5


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
