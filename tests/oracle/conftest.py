"""The modules of this folder import each other by name; hypothesis makes the same companies on every machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

# ORACLE_EXAMPLES=1000 looks for what a few dozen companies do not show.
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "6"))
settings.register_profile(
    "oracle",
    max_examples=EXAMPLES,
    derandomize="ORACLE_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
