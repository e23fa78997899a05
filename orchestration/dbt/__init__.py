"""Everything about dbt that is not Dagster: the project, what a start of it is told, what became of it.

Comes in: Settings, Home and the as-of date. Goes out: what a dbt start needs, and check results of what it ran.
"""

from orchestration.dbt.project import AFTER_MODELS, BEFORE_MODELS, PROJECT, DbtError, manifest_path, nightly_path, project_hash
from orchestration.dbt.results import NodeResult, all_built, broken_models, check_rows, failed_checks, refusals, results, run_results
from orchestration.dbt.standing_by import command, stand_by
from orchestration.dbt.surroundings import environment, variables
from orchestration.dbt.wording import in_words

__all__ = [
    "AFTER_MODELS",
    "BEFORE_MODELS",
    "PROJECT",
    "DbtError",
    "NodeResult",
    "all_built",
    "broken_models",
    "check_rows",
    "command",
    "environment",
    "failed_checks",
    "in_words",
    "manifest_path",
    "nightly_path",
    "project_hash",
    "refusals",
    "results",
    "run_results",
    "stand_by",
    "variables",
]
