"""The dbt project: parsed once, started on what was parsed, hashed as part of what made a release."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import msgpack
from filelock import FileLock

from orchestration.home import Home
from orchestration.settings import base_environment

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
BEFORE_MODELS = "tag:before_models"
AFTER_MODELS = "tag:after_models"

# Of the parsed project what no night reads: dbt's own records of its parsing, unit tests, texts, and what only BI tools ask for.
# Unpacking them cost a fifth of a second at each start.
_NIGHTLY = PROJECT / "target" / "nightly.msgpack"
_LEFT_OUT_AT_NIGHT = ("docs", "exposures", "files", "metrics", "saved_queries", "semantic_models", "unit_tests")

# dbt's own command, without looks for garbage: of a parse nearly everything stays until its end, and the looks took a sixth of its time.
_DBT = "import gc; gc.disable(); from dbt.cli.main import cli; cli()"


class DbtError(Exception):
    """dbt could not build a model; the message names it and says why."""


def manifest_path() -> Path:
    """The parsed project, parsed again only when a file of it has changed."""
    manifest, stamp = PROJECT / "target" / "manifest.json", PROJECT / "target" / "parsed_from"
    wanted = f"{project_hash()} {version('dbt-core')}"
    manifest.parent.mkdir(exist_ok=True)
    with FileLock(PROJECT / "target" / "parse.lock"):  # runs of two homes may start at once
        if not (manifest.exists() and _NIGHTLY.exists() and stamp.exists()) or stamp.read_text() != wanted:
            _parse()
            _lighten()
            stamp.write_text(wanted)
    return manifest


def nightly_path() -> Path:
    """The part of the parsed project that a night needs, as dbt packs it."""
    manifest_path()
    return _NIGHTLY


def project_hash() -> str:
    """A hash of every file that dbt reads; part of the code version of a release."""
    digest = hashlib.sha256()
    for path in sorted(_project_files()):
        digest.update(str(path.relative_to(PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _project_files() -> Iterator[Path]:
    for folder in ("models", "macros", "seeds", "tests"):
        yield from (path for path in (PROJECT / folder).rglob("*") if path.is_file())
    yield from (PROJECT / name for name in ("dbt_project.yml", "profiles.yml"))


def _parse() -> None:
    command = [
        sys.executable,
        "-c",
        _DBT,
        "parse",
        "--no-partial-parse",
        "--profiles-dir",
        str(PROJECT),
        "--project-dir",
        str(PROJECT),
        "--quiet",
    ]
    # dbt takes the name of the database from the file's, so it is parsed under the name that the warehouse has in every home.
    environment = {**base_environment(), "DO_NOT_TRACK": "1", "RAPPORT_WAREHOUSE": str(PROJECT / "target" / Home(PROJECT).warehouse.name)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=PROJECT, check=False)
    if done.returncode:
        raise DbtError(f"dbt could not parse {PROJECT}: {_told(done.stdout + done.stderr)}")


def _lighten() -> None:
    """Beside the parsed project, the part of it that the starts of a night need."""
    parsed = msgpack.unpackb(_NIGHTLY.with_name("partial_parse.msgpack").read_bytes(), strict_map_key=False)
    _NIGHTLY.write_bytes(msgpack.packb({name: {} if name in _LEFT_OUT_AT_NIGHT else part for name, part in parsed.items()}))


def _told(output: str) -> str:
    """What dbt said, on one line; of a traceback only its last line, which is the reason."""
    lines = [line for line in output.splitlines() if line.strip()]
    return " ".join(" ".join(lines[-1:] if "Traceback" in output else lines).split())[-800:]
