"""What nobody foresaw is written down without what it says: not in the log, not in Dagster's history, not in its ticks."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration import jobs
from orchestration.definitions import defs
from orchestration.hearing import heard
from orchestration.home import Home, HomeError
from orchestration.resources import NightResource
from orchestration.unforeseen import UnforeseenError, in_words, quoting_nothing, shown, unquoted

PERSON = "Canary Seven, canary7391@nobody.example"


class AnsweredError(OSError):
    """As libraries derive it that ask servers: no error of the system's."""


def broken() -> None:
    """As a step breaks whose query stumbles over a value."""
    duckdb.execute("SELECT CAST(? AS INTEGER)", [PERSON])


def of_ours() -> None:
    try:
        broken()
    except duckdb.Error as error:
        raise HomeError("the scores cannot be read") from error


def while_handling() -> None:
    try:
        broken()
    except duckdb.Error:
        raise KeyError(PERSON)  # noqa: B904, what nobody foresaw


@pytest.fixture(params=[broken, of_ours, while_handling], ids=["theirs", "ours, from theirs", "one while the other is handled"])
def failed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Home, dg.ExecuteInProcessResult, dict[str, bytes]]:
    """A run with such a step, in Dagster's storage of a home and with its log; everything that it wrote."""

    @dg.asset
    @quoting_nothing
    def step() -> Iterator[dg.MaterializeResult]:
        request.param()
        yield dg.MaterializeResult()

    home = Home(tmp_path / "home")
    home.prepare()
    job = dg.Definitions(assets=[step], jobs=[dg.define_asset_job("job")], loggers={"night": jobs.night_logger}).resolve_job_def("job")
    with jobs.instance(home) as storage, heard(home.logs / "night.log", lambda *_: None):
        result = job.execute_in_process(instance=storage, raise_on_error=False, run_config={"loggers": {"night": {}}})
    return home, result, {str(path): path.read_bytes() for path in home.root.rglob("*") if path.is_file()}


def test_a_step_that_breaks_at_a_value_quotes_it_nowhere(failed: Any, capfd: pytest.CaptureFixture[str]) -> None:
    home, result, written = failed
    assert [path for path, content in written.items() if b"canary" in content.lower()] == []
    assert "canary" not in str(result.all_events).lower()
    log = (home.logs / "night.log").read_text()
    assert "test_unforeseen.py" in log, "where it happened is told, line by line"
    assert "ConversionException" in log


def test_what_is_worded_for_people_is_told_as_it_is_worded(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="the scores cannot be read") as caught, unquoted():
        of_ours()
    assert isinstance(caught.value.__cause__, UnforeseenError)
    assert str(caught.value.__cause__).startswith("ConversionException; run again with --debug")


def test_whoever_asks_is_shown_it_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for is_wanted in (False, True):
        with shown(is_wanted), pytest.raises(UnforeseenError), unquoted():
            broken()
        assert (PERSON in capsys.readouterr().err) == is_wanted
    assert not logging.getLogger("rapport.unforeseen").handlers


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, f"no, {PERSON}", "state/x.json"), "state/x.json: Permission denied; run this as the user"),
        (OSError(errno.ENOSPC, f"Error writing {PERSON}"), f"[Errno 28] {os.strerror(errno.ENOSPC)}: is the disk full?"),
        (OSError(f"No space left on device: {PERSON}"), "No space left on device: is the disk full?"),
        (AnsweredError(f"400: {PERSON} is no address"), "AnsweredError; run again with --debug"),
        (FileNotFoundError(PERSON), "FileNotFoundError; run again with --debug"),
    ],
)
def test_of_the_system_only_what_the_system_says_is_told(error: OSError, said: str) -> None:
    assert in_words(error).startswith(said)
    assert "anary" not in in_words(error)


def test_everything_that_dagster_runs_of_ours_quotes_nothing() -> None:
    repository = defs.get_repository_def()
    ops = [op.compute_fn.decorated_fn for job in repository.get_all_jobs() for op in job.graph.node_defs]  # type: ignore[attr-defined]
    sensors = [getattr(one, "_run_status_sensor_fn", None) or one._raw_fn for one in repository.sensor_defs]  # type: ignore[attr-defined]
    assert len({op.__name__ for op in ops}) > 10
    bare = {work.__name__ for work in [*ops, *sensors, NightResource.yield_for_execution] if quoting_nothing.__module__ not in origin(work)}
    assert bare == set()


def origin(work: Any) -> set[str]:
    """The modules of the functions that are wrapped around each other."""
    found = set()
    while work is not None:
        found.add(work.__globals__["__name__"])
        work = getattr(work, "__wrapped__", None)
    return found
