"""make on the example: made once, again where its making was stopped, never silently of another size than asked for; nothing else goes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What stands in for Python: it says what it was asked, and makes an example as the generator does.
PLAYED = """#!/bin/sh
echo "$@"
case "$*" in *generate*) mkdir -p examples/acme/exports; echo "{\\"customers\\": $4, \\"months\\": 36}" > examples/acme/.exports.json;; esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PLAYED)
    python.chmod(0o755)
    (tmp_path / ".venv" / ".ready").touch()
    return tmp_path


def make(clone: Path, *arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run(["make", "--no-print-directory", *arguments], cwd=clone, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def test_the_example_is_made_once(clone: Path) -> None:
    night = "-m orchestration run --config examples/acme/config.yaml --as-of 2026-10-31"
    assert make(clone, "run", "CUSTOMERS=200") == (0, ["-m examples.acme.generate --customers 200", night])
    assert make(clone, "run", "CUSTOMERS=200") == (0, [night])
    assert make(clone, "run") == (0, [night])  # nobody said how many


def test_setting_up_ends_with_the_parsed_project(clone: Path) -> None:
    assert make(clone, "setup") == (0, ["-m orchestration.dbt"])


def test_another_size_is_refused_with_what_to_do(clone: Path) -> None:
    make(clone, "run", "CUSTOMERS=200")
    code, said = make(clone, "run", "CUSTOMERS=20")
    assert (code, len(said)) == (2, 1)
    assert "make clean, then make run CUSTOMERS=20 begins anew" in said[0]
    assert json.loads((clone / "examples/acme/.exports.json").read_text())["customers"] == 200


def test_exports_whose_making_was_stopped_are_made_again(clone: Path) -> None:
    (clone / "examples" / "acme" / "exports").mkdir(parents=True)
    assert make(clone, "run")[1][0] == "-m examples.acme.generate --customers 5000"


def test_cleaning_leaves_what_was_written_by_people(clone: Path) -> None:
    made = shutil.ignore_patterns("__pycache__", "exports", "truth", ".exports.json")
    shutil.copytree(ROOT / "examples" / "acme", clone / "examples" / "acme", ignore=made)
    written = {path.name for path in (clone / "examples" / "acme").iterdir()}
    make(clone, "run")
    assert make(clone, "clean") == (0, [])
    assert {path.name for path in (clone / "examples" / "acme").iterdir()} == written
