"""Starts of dbt are forks of one process that stands by: each is its own, and none outlives whom it works for."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from orchestration import dbt, dbt_process
from tests.commands import ROOT, run_dbt

pytestmark = pytest.mark.thorough


_Answer = TypeVar("_Answer")
# A query that dbt would be at for minutes.
ENDLESS = ("show", "--inline", "select count(*) from range(1000000000) as a, range(1000) as b", "--quiet")


def test_each_start_has_its_own_folder_environment_output_and_exit_code(tmp_path: Path) -> None:
    database, other = tmp_path / "rapport_build.duckdb", tmp_path / "other"
    other.mkdir()
    built = run_dbt(tmp_path / "first", database, "build", "--select", "currencies")
    failed = run_dbt(tmp_path / "second", other / database.name, "build", "--select", "int_orders")
    misled = run_dbt(tmp_path / "third", database, "build", "--no-such-option")
    assert [done.returncode for done in (built, failed, misled)] == [0, 1, 2]
    assert "OK loaded seed file seeds.currencies" in built.stdout
    assert "currencies" not in failed.stdout
    assert database.exists()
    assert not database.with_name(f"{database.name}.wal").exists()  # it was closed, with all that was written in its file
    assert {place.name for place in tmp_path.iterdir() if (place / "run_results.json").exists()} == {"first", "second"}


def test_no_start_quotes_the_value_that_a_query_broke_at(tmp_path: Path) -> None:
    """What dbt says, logs and keeps as results lies in the home for as long as its run does."""
    asked = ("show", "--inline", "select cast(concat('Cana', 'ry Seven') as integer) as number")
    done = run_dbt(tmp_path / "start", tmp_path / "rapport_build.duckdb", *asked)
    written = [done.stdout, done.stderr, *(path.read_text(errors="replace") for path in (tmp_path / "start").rglob("*") if path.is_file())]
    assert done.returncode != 0
    assert "Could not convert string '…' to INT32" in done.stdout
    assert not [text for text in written if "Canary" in text]


def test_starts_share_the_process_that_stands_by_until_the_project_is_parsed_anew(tmp_path: Path) -> None:
    packed = tmp_path / "nightly.msgpack"
    packed.write_bytes(dbt.nightly_path().read_bytes())
    once, again = (_address(dbt.command("build", manifest=packed)) for _ in range(2))
    os.utime(packed, (0, 0))
    assert once == again != _address(dbt.command("build", manifest=packed))
    assert _address(dbt.command("build")) == _address(dbt.command("build", "--select", "currencies"))


def test_a_build_ends_with_its_start(tmp_path: Path) -> None:
    start = _started(dbt.command(*ENDLESS), tmp_path)
    [build] = _eventually(lambda: _builds_of(_standing_by(start)))
    start.kill()
    start.wait()
    _eventually(lambda: not _lives(build))


def test_a_build_that_nobody_listens_to_any_more_ends_as_nothing_but_a_build() -> None:
    """Else it would tidy up what the process that it was forked from still needs."""
    connection = socket.socket(socket.AF_UNIX)
    connection.close()
    build = os.fork()
    if not build:
        try:
            dbt_process._build(connection, 0, [], None)
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(build, 0)[1]) == 2


def test_a_run_that_is_killed_takes_everything_with_it(tmp_path: Path) -> None:
    """What goes on building would hold the warehouse when the next run opens it."""
    begin = "import subprocess, sys; from orchestration import dbt; subprocess.run(dbt.command(*sys.argv[1:]))"
    run = _started([sys.executable, "-c", begin, *ENDLESS], tmp_path)
    [start, standing_by] = sorted(_eventually(lambda: len(_children(run.pid)) == 2 and _children(run.pid)), key=_is_standing_by)
    [build] = _eventually(lambda: _builds_of(standing_by))
    folder = Path(_command_line(standing_by)[5])
    assert folder.is_dir()
    run.send_signal(signal.SIGKILL)
    run.wait()
    _eventually(lambda: not any(_lives(process) for process in (start, standing_by, build)))
    assert not folder.exists()


def test_a_run_that_is_killed_while_dbt_is_being_imported_leaves_nothing_either(tmp_path: Path) -> None:
    run = _started([sys.executable, "-c", "import time; from orchestration import dbt; dbt.stand_by(); time.sleep(60)"], tmp_path)
    [standing_by] = _eventually(lambda: _children(run.pid))
    run.send_signal(signal.SIGKILL)
    run.wait()
    _eventually(lambda: not _lives(standing_by))


def test_what_stands_by_tidies_up_when_it_is_terminated_too(tmp_path: Path) -> None:
    run = _started([sys.executable, "-c", "import time; from orchestration import dbt; dbt.stand_by(); time.sleep(60)"], tmp_path)
    [standing_by] = _eventually(lambda: _children(run.pid))
    folder = Path(_eventually(lambda: _is_standing_by(standing_by) and _command_line(standing_by)[5]))
    _eventually(lambda: _children(standing_by))  # it is importing dbt, and Python tracks its resources
    os.kill(standing_by, signal.SIGTERM)
    _eventually(lambda: not folder.exists())
    run.kill()
    run.wait()


def test_why_dbt_could_not_stand_by_is_told_by_its_start(tmp_path: Path) -> None:
    packed = tmp_path / "nightly.msgpack"
    packed.write_bytes(b"no project")
    done = subprocess.run(dbt.command("build", manifest=packed), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dbt has ended before it could say how\n")
    assert "msgpack" in done.stderr


@pytest.fixture(autouse=True)
def _the_project_is_parsed() -> None:
    dbt.manifest_path()


def _started(command: list[str], target: Path) -> subprocess.Popen[bytes]:
    told = {"DBT_PROFILES_DIR": dbt.PROJECT, "DBT_PROJECT_DIR": dbt.PROJECT, "DBT_TARGET_PATH": target, "DBT_LOG_PATH": target}
    told["RAPPORT_WAREHOUSE"] = target / "rapport_build.duckdb"
    environment = os.environ | {name: str(place) for name, place in told.items()}
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _address(command: list[str]) -> str:
    return command[command.index("build") - 1]


def _standing_by(start: subprocess.Popen[bytes]) -> int:
    """The process that has the folder of the socket that `start` connects to."""
    folder = str(Path(start.args[4]).parent)
    [process] = [child for child in _children(os.getpid()) if folder in _command_line(child)]
    return process


def _builds_of(standing_by: int) -> list[int]:
    """Its forks; Python's own tracker of resources is a child of it, too."""
    return [child for child in _children(standing_by) if _is_standing_by(child)]


def _is_standing_by(process: int) -> bool:
    return "orchestration.dbt_process" in _command_line(process)


def _children(process: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{process}/task").glob("*/children") for child in task.read_text().split()]


def _command_line(process: int) -> list[str]:
    return Path(f"/proc/{process}/cmdline").read_text().split("\0")


def _lives(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def _eventually(ask: Callable[[], _Answer]) -> _Answer:
    """What `ask` answers as soon as that is something; AssertionError after two minutes."""
    for _ in range(1200):
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise AssertionError("it never came about")
