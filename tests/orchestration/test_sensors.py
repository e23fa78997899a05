"""Nights that the schedule missed are asked for once each, oldest first, and never before the first release."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import defs
from orchestration.sensors import MOST_CAUGHT_UP, missed_nights, missing_nights


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("published", "yesterday", "missing"),
    [
        ([], "2026-03-05", []),
        (["2026-03-05"], "2026-03-05", []),
        (["2026-03-06"], "2026-03-05", []),
        (["2026-03-01", "2026-03-02"], "2026-03-05", ["2026-03-03", "2026-03-04", "2026-03-05"]),
        (["2026-03-04", "2026-03-01"], "2026-03-05", ["2026-03-05"]),  # a hole before the newest night was somebody's decision
        (["2026-02-27"], "2026-03-01", ["2026-02-28", "2026-03-01"]),
    ],
)
def test_missing_nights(published: list[str], yesterday: str, missing: list[str]) -> None:
    assert missing_nights([day(night) for night in published], day(yesterday)) == [day(night) for night in missing]


def test_after_a_long_silence_only_the_newest_nights_are_asked_for() -> None:
    nights = missing_nights([day("2020-01-01")], day("2026-03-05"))
    assert len(nights) == MOST_CAUGHT_UP
    assert nights == [day("2026-03-05") - timedelta(days=number) for number in range(MOST_CAUGHT_UP - 1, -1, -1)]


def test_without_a_release_the_sensor_asks_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"
    )
    monkeypatch.setenv("RAPPORT_CONFIG", str(config))
    monkeypatch.delenv("RAPPORT_HOME", raising=False)
    context = dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral(), definitions=defs)
    assert isinstance(missed_nights(context), dg.SkipReason)
