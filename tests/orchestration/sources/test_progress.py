"""What is told while a long load goes on."""

import logging
from pathlib import Path

import pytest

from orchestration import landing
from orchestration.contract import INPUT_TABLES
from orchestration.hearing import LOGGER, heard
from orchestration.sources.reading import progress
from orchestration.sources.reading.progress import Progress
from tests.fakes.accounts import ACCOUNTS
from tests.orchestration.sources.nights import without_waiting


def test_counts_and_a_rate_are_told_every_ten_seconds_and_not_more_often() -> None:
    clock, lines = [0.0], []
    told = Progress("invoices", lines.append, lambda: clock[0])
    for _ in told.counted(iter(range(300))):
        clock[0] += 0.125
        told.called()
    assert lines == [
        "invoices: 80 rows, 80 calls, 8 rows a second",
        "invoices: 160 rows, 160 calls, 8 rows a second",
        "invoices: 240 rows, 240 calls, 8 rows a second",
    ]


@pytest.mark.parametrize("kind", ["stripe", "sql"])
def test_a_load_tells_what_it_reads_and_no_value_of_it(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    lines: list[str] = []
    with without_waiting(monkeypatch), ACCOUNTS[kind]() as account:
        landing.extract(account.settings, [INPUT_TABLES[account.table]], tmp_path / "landing", tmp_path / "dlt", tell=lines.append)
    assert any(f"{account.table} from " in line and " rows" in line for line in lines)
    assert not any("example.org" in line or "cus_" in line for line in lines)


def test_the_terminal_hears_how_far_the_extraction_is(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []
    with heard(tmp_path / "night.log", lambda step, became, _: seen.append((step, became))) as notices:
        logger = logging.getLogger(LOGGER)
        logger.setLevel(logging.DEBUG)
        for step in ("extract", "before_models"):
            record = logger.makeRecord(LOGGER, logging.INFO, "", 0, "all of it", (), None)
            record.dagster_meta = {"step_key": step, "orig_message": "stripe: 10 rows", "dagster_event": None}
            logger.handle(record)
    assert (seen, notices) == ([("extract", "stripe: 10 rows")], [])
