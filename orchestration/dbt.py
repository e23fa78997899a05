"""Everything about dbt that is not Dagster: its environment, its variables, its manifest, its results.

Comes in: Settings, Home and the as-of date. Goes out: what a dbt start needs, and check results of what it ran.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgpack
from filelock import FileLock

from orchestration.configuration.actions import for_dbt
from orchestration.home import Home
from orchestration.settings import Settings, base_environment

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
BEFORE_MODELS = "tag:before_models"
AFTER_MODELS = "tag:after_models"

# Tuning knobs that SQL needs, by the name of the dbt variable.
_TUNED = (
    "nps_min_responses",
    "nps_rolling_days",
    "closed_loop_working_days",
    "churn_horizon_days",
    "clv_horizon_days",
    "annual_discount_rate",
    "gross_margin",
    "activity_window_days",
    "holdout_share",
    "action_cooldown_days",
    "max_contacts_per_30_days",
    "max_shared_contact_records",
    "max_records_per_customer",
    "max_training_customers",
    "max_training_decisions",
    "extra_dimensions",
)

# Of the parsed project what no night reads: dbt's own records of its parsing, unit tests, texts, and what only BI tools ask for.
# Unpacking them cost a fifth of a second at each start.
_NIGHTLY = PROJECT / "target" / "nightly.msgpack"
_LEFT_OUT_AT_NIGHT = ("docs", "exposures", "files", "metrics", "saved_queries", "semantic_models", "unit_tests")


class DbtError(Exception):
    """dbt could not build a model; the message names it and says why."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node in one start."""

    unique_id: str
    status: str
    message: str
    failures: int
    seconds: float

    @property
    def is_test(self) -> bool:
        """Whether the node is a check: a data test or a unit test."""
        return self.unique_id.split(".")[0] in ("test", "unit_test")


def variables(settings: Settings, home: Home, as_of: date) -> dict[str, Any]:
    """The variables of a dbt start; with the landed data and the key of hashes, of which they tell a digest, they determine every mart."""
    tuned = {name: getattr(settings.tuning, name) for name in _TUNED}
    company: dict[str, Any] = {
        "company_name": settings.company.name,
        "business_model": settings.company.business_model,
        "reporting_currency": settings.company.reporting_currency,
        "customer_level": settings.company.customer_level,
    }
    company["destinations"] = sorted({part.type for part in settings.destinations})
    told = {"as_of": as_of.isoformat(), "hash_proof": home.hash_proof(), "actions": for_dbt(settings.actions)}
    return {**told, **company, **tuned}


def environment(settings: Settings, home: Home, target: Path) -> dict[str, str]:
    """What a dbt process finds in its environment: where the warehouse is, what it may use, where its logs go, no telemetry."""
    return {
        **base_environment(),
        "PYTHONPATH": str(PROJECT.parent),
        "PYTHONUNBUFFERED": "1",
        "DBT_LOG_FORMAT": "json",
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_PROJECT_DIR": str(PROJECT),
        "RAPPORT_WAREHOUSE": str(home.warehouse),
        "RAPPORT_THREADS": str(settings.tuning.threads),
        "RAPPORT_MEMORY": f"{settings.tuning.memory_gib}GiB",
        "DO_NOT_TRACK": "1",
    }


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


def command(*arguments: str) -> list[str]:
    """The command line of a dbt start on the parsed project."""
    manifest_path()
    return [sys.executable, "-m", "orchestration.dbt_process", str(_NIGHTLY), *arguments]


def project_hash() -> str:
    """A hash of every file that dbt reads; part of the code version of a release."""
    digest = hashlib.sha256()
    for path in sorted(_project_files()):
        digest.update(str(path.relative_to(PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def results(run_results: Mapping[str, Any]) -> list[NodeResult]:
    """The nodes of a `run_results.json`, in the order they ran."""
    return [
        NodeResult(node["unique_id"], node["status"], node.get("message") or "", node.get("failures") or 0, node["execution_time"])
        for node in run_results["results"]
    ]


def broken_models(nodes: list[NodeResult]) -> list[str]:
    """One line per node that could not be built at all, tests that errored included."""
    return [f"{node.unique_id}: {' '.join(node.message.split())}" for node in nodes if node.status in ("error", "runtime error")]


def all_built(nodes: list[NodeResult]) -> bool:
    """Whether every model and seed of a start was built; one behind a failed test is skipped."""
    return all(node.status == "success" for node in nodes if not node.is_test)


def failed_checks(nodes: list[NodeResult]) -> list[str]:
    """One line per blocking test that found rows."""
    return [f"{node.unique_id.split('.')[2]}: {node.failures} rows" for node in nodes if node.is_test and node.status == "fail"]


def check_rows(nodes: list[NodeResult], manifest: Mapping[str, Any], suite: str, empty: Container[str] = ()) -> Iterator[dict[str, Any]]:
    """Tests as rows of `ops.check_results`. A test that dbt skipped, or whose table is among the `empty` ones, did not run."""
    words = {"pass": "passed", "fail": "failed", "warn": "failed", "error": "errored", "skipped": "not_run"}
    for node in nodes:
        if not node.is_test:
            continue
        declared = manifest["nodes"].get(node.unique_id) or manifest["unit_tests"].get(node.unique_id, {})
        guarded = _guarded(declared)
        status = "not_run" if node.status == "pass" and guarded in empty else words.get(node.status, "errored")
        yield {
            "suite": suite,
            "expectation": node.unique_id.split(".")[2],
            "table_name": guarded,
            "status": status,
            "success": None if status == "not_run" else status == "passed",
            "observed": "the table is empty" if guarded in empty and status == "not_run" else node.status,
            "unexpected_count": node.failures,
            "severity": "warn" if (declared.get("config", {}).get("severity") or "error").lower() == "warn" else "block",
            "description": declared.get("description") or "",
            "examples": [],
        }


def _guarded(declared: Mapping[str, Any]) -> str:
    attached = declared.get("attached_node") or next(iter(declared.get("depends_on", {}).get("nodes", [])), "")
    return attached.split(".")[-1]


def _project_files() -> Iterator[Path]:
    for folder in ("models", "macros", "seeds", "tests"):
        yield from (path for path in (PROJECT / folder).rglob("*") if path.is_file())
    yield from (PROJECT / name for name in ("dbt_project.yml", "profiles.yml"))


def _parse() -> None:
    command = [
        str(Path(sys.executable).with_name("dbt")),
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


def run_results(target: Path) -> list[NodeResult]:
    """The results that the start writing to `target` left there."""
    return results(json.loads((target / "run_results.json").read_text(encoding="utf-8")))
