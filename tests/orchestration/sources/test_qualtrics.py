"""Qualtrics: codes and comments, what is no answer, what comes later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.fakes.vendor import serving
from orchestration.configuration.sources import QualtricsSource
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
