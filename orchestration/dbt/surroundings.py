"""What a dbt start is told: its variables and its environment."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from orchestration.configuration.actions import for_dbt
from orchestration.dbt.project import PROJECT
from orchestration.home import Home
from orchestration.settings import Settings, base_environment

# Tuning knobs that SQL needs, by the name of the dbt variable.
_TUNED = (
    "nps_min_responses",
    "nps_rolling_days",
    "nps_weighted_by",
    "closed_loop_working_days",
    "churn_horizon_days",
    "clv_horizon_days",
    "annual_discount_rate",
    "gross_margin",
    "activity_window_days",
    "attribution_days",
    "holdout_share",
    "action_cooldown_days",
    "max_contacts_per_30_days",
    "max_shared_contact_records",
    "max_records_per_customer",
    "max_training_customers",
    "max_training_decisions",
    "extra_dimensions",
)


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


def environment(settings: Settings, home: Home, target: Path, *, continues: bool = False) -> dict[str, str]:
    """What a dbt process finds in its environment: where the warehouse is, what it may use, where its logs go, no telemetry.

    continues   whether the night continues a build: its models are many and small, as many are built at once as there are threads, and
                what two threads do for one of them costs a fifth more of the processors than what one does (decision 86)
    """
    threads = settings.tuning.threads
    return {
        **base_environment(),
        "PYTHONPATH": str(PROJECT.parent),
        "PYTHONUNBUFFERED": "1",
        "DBT_LOG_FORMAT": "json",
        "DBT_LOG_LEVEL": "info",
        "DBT_LOG_LEVEL_FILE": "none",  # console.log has it all
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_PROJECT_DIR": str(PROJECT),
        "RAPPORT_WAREHOUSE": str(home.warehouse),
        "RAPPORT_THREADS": str(threads),
        "RAPPORT_DATABASE_THREADS": str(max(1, threads // 2) if continues else threads),
        "RAPPORT_MEMORY": f"{settings.tuning.memory_gib}GiB",
        "DO_NOT_TRACK": "1",
    }
