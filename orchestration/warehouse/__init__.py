"""The warehouse file: the only package, beside dbt, that writes to it.

Comes in: loads that landing has completed; scores that ml/ has computed.
Goes out: the views `landing.*` that dbt stages, the tables `ops.*` of the gates, the tables `ml.*` of the models.
One process writes at a time; no reader ever opens this file (see orchestration/releases for what readers open).
"""

from orchestration.warehouse.building import begin, connect, empty_tables, held_night, prepare
from orchestration.warehouse.incoming import (
    expose_sync_log,
    load_erasures,
    load_hash_key,
    replace_model_run,
    write_proposals,
    write_scores,
)
from orchestration.warehouse.landing_views import expose_landing
from orchestration.warehouse.tables import LANDING_COLUMNS, OPS_TABLES, SCORE_TABLES

__all__ = [
    "LANDING_COLUMNS",
    "OPS_TABLES",
    "SCORE_TABLES",
    "begin",
    "connect",
    "empty_tables",
    "expose_landing",
    "expose_sync_log",
    "held_night",
    "load_erasures",
    "load_hash_key",
    "prepare",
    "replace_model_run",
    "write_proposals",
    "write_scores",
]
