"""The project as dbt compiles it for a company, kept under dbt_project/target until a file of the project changes.

Comes in: variables of dbt_project.yml. Goes out: the path of what tests/oracle/compiling.py has written.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from orchestration import dbt
from tests.commands import ROOT
from tests.oracle.compiling import COMPILED

# The project is compiled for this day; its dates are replaced by those of the day that is asked for (macros/as_of.sql writes only these).
SOME_DAY = date(1993, 7, 21)
# So are these limits, which only ever stand in SQL as numbers: a company with others needs no compilation of its own.
LIMITS = {"max_shared_contact_records": 7919, "max_records_per_customer": 7927}
# A night that continues the one of this day, and the loads since; tests/oracle/nights.py puts its own in their place.
CONTINUED = {"built_as_of": "1993-07-13", "new_loads": ("the new loads",)}
# Companies that several files ask for: a worker of the whole suite has them compiled by one start of dbt, in less than half of the time.
USUAL: tuple[dict[str, Any], ...] = (
    {},
    CONTINUED,
    {"business_model": "non_contractual"},
    {"business_model": "non_contractual", **CONTINUED},
    {"customer_level": "company"},
    {"customer_level": "company", "business_model": "non_contractual"},
)


def compiled(variables: Mapping[str, Any]) -> Path:
    """The project compiled for a company; who wants another one meanwhile waits."""
    with FileLock(dbt.PROJECT / "target" / "compiling.lock"):
        if not (_folder(variables) / COMPILED).exists():
            together = USUAL if "PYTEST_XDIST_WORKER" in os.environ else ()
            wanted = {_folder(one): _settled(one) for one in (variables, *together)}
            _compile({folder: told for folder, told in wanted.items() if not (folder / COMPILED).exists()})
    return _folder(variables) / COMPILED


@cache
def defaults() -> dict[str, Any]:
    """The variables of a company that says nothing."""
    variables: dict[str, Any] = yaml.safe_load((dbt.PROJECT / "dbt_project.yml").read_text())["vars"]
    return variables


def _folder(variables: Mapping[str, Any]) -> Path:
    said = json.dumps([dbt.project_hash(), _settled(variables)], sort_keys=True)
    return dbt.PROJECT / "target" / f"compiled_{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _settled(variables: Mapping[str, Any]) -> dict[str, Any]:
    """What dbt is told; a default that is said is the same project as one that is not."""
    said = {**LIMITS, "as_of": SOME_DAY.isoformat(), **variables}
    return {name: value for name, value in said.items() if value != defaults().get(name)}


def _compile(wanted: Mapping[Path, Mapping[str, Any]]) -> None:
    for folder in wanted:
        folder.mkdir(parents=True, exist_ok=True)
    started = [sys.executable, "-m", "tests.oracle.compiling", str(dbt.nightly_path())]
    lines = "".join(f"{json.dumps([told, str(folder)])}\n" for folder, told in wanted.items())
    done = subprocess.run(started, input=lines, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
