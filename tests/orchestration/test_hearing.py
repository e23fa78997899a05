"""What a run says is in its log; the screen is for what a person should read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.hearing import heard

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
