"""How tests start Rapport's commands, and dbt: as a user would, and without a trace in this checkout.

A command remembers the configuration that was last run below the folder it is started in, for commands that name none. Started in the
checkout, the tests would leave a company of theirs to whoever types `python -m orchestration status` next.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from orchestration import dbt
from orchestration.__main__ import main

ROOT = Path(__file__).resolve().parents[1]


def command(*arguments: str) -> list[str]:
    """`python -m orchestration ARGUMENTS`, to be started with `environment()` in `folder()`."""
    return [sys.executable, "-m", "orchestration", *arguments]


def environment() -> dict[str, str]:
    """The environment of a user who has set nothing for Rapport or Dagster; the checkout's packages can be imported from anywhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAPPORT_", "DAGSTER_"))}
    return {**kept, "PYTHONPATH": str(ROOT)}


@cache
def folder() -> Path:
    """Where this process's commands are started; it has the checkout's `.venv`, as what a screen says to paste expects."""
    place = Path(tempfile.mkdtemp(prefix="rapport-commands-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    (place / ".venv").symlink_to(ROOT / ".venv")
    return place


def called(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in this process, from the same folder and environment: what it imports has been imported, which takes it two seconds."""
    before, told, out, err = dict(os.environ), environment(), io.StringIO(), io.StringIO()
    try:
        os.environ.clear()
        os.environ.update(told)
        with contextlib.chdir(folder()), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(arguments))
    finally:
        os.environ.clear()
        os.environ.update(before)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def run_dbt(target: Path, database: Path, *arguments: str, with_unit_tests: bool = False) -> subprocess.CompletedProcess[str]:
    """dbt on the project as it was parsed, outside of a night; its artefacts and logs go to `target`."""
    # what nights start on leaves unit tests out
    started = dbt.command(*arguments, manifest=dbt.manifest_path().with_name("partial_parse.msgpack") if with_unit_tests else None)
    told = os.environ | dbt_environment(target, database)
    return subprocess.run(started, env=told, cwd=ROOT, capture_output=True, text=True, check=False)


def dbt_environment(target: Path, database: Path) -> dict[str, str]:
    """What tells dbt to work on `database` and to leave its artefacts and logs in `target`."""
    places = {"DBT_PROFILES_DIR": dbt.PROJECT, "DBT_PROJECT_DIR": dbt.PROJECT, "DBT_TARGET_PATH": target, "DBT_LOG_PATH": target}
    return {name: str(place) for name, place in places.items()} | {"RAPPORT_WAREHOUSE": str(database), "DO_NOT_TRACK": "1"}
