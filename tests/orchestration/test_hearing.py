"""What a run says is in its log; the screen is for what a person should read."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.hearing import LOGGER, heard

ADDRESS = "ann@example.org"


def stubborn() -> Iterator[str]:
    """A generator as dagster-dbt has it: thrown away while it waits, it goes on."""
    while True:
        try:
            yield ADDRESS
        except GeneratorExit:
            continue


def test_what_python_can_only_print_is_in_the_log_without_its_message(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    class Gone:
        def __del__(self) -> None:
            raise ValueError(f"{ADDRESS} is no number")

    log = tmp_path / "night.log"
    with heard(log, lambda *_: None) as notices:
        waiting = stubborn()
        next(waiting)
        del waiting
        Gone()
        gc.collect()
    written = log.read_text()
    assert "RuntimeError" in written
    assert "ValueError" in written
    assert ADDRESS not in written
    assert "test_hearing.py" in written
    assert capfd.readouterr() == ("", "")
    assert notices == []


def test_what_dagster_says_of_its_storage_is_in_the_log_and_other_words_are_on_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, screen = tmp_path / "night.log", sys.stderr
    with heard(log, lambda *_: None):
        sys.stderr.write("Exception while writing logger call to event log: (sqlite3.OperationalError) disk I/O error\n(Background …)\n")
        sys.stderr.write("for a person\n")
    assert sys.stderr is screen
    assert capsys.readouterr().err == "for a person\n"
    assert "(sqlite3.OperationalError) disk I/O error\n(Background …)" in log.read_text()


@pytest.mark.parametrize(
    ("step", "expected"),
    [("extract", ["look"]), ("landing_gate", ["look"]), ("mart_gate", ["look"]), ("audience_gate", ["look"]), ("before_models", [])],
)
def test_what_the_extraction_and_the_gates_warn_of_is_noticed(step: str, expected: list[str], tmp_path: Path) -> None:
    with heard(tmp_path / "night.log", lambda *_: None) as notices:
        told = {"step_key": step, "dagster_event": None, "orig_message": "look"}
        logging.getLogger(LOGGER).warning("look, with what Dagster puts around it", extra={"dagster_meta": told})
    assert notices == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_log_that_cannot_be_written_is_one_notice(capsys: pytest.CaptureFixture[str]) -> None:
    with heard(Path("/dev/full"), lambda *_: None) as notices:
        for _ in range(3):
            logging.getLogger(LOGGER).error("something")
    assert capsys.readouterr().err == ""
    (notice,) = notices
    assert notice.startswith("/dev/full: the log is not whole ([Errno 28] ")
