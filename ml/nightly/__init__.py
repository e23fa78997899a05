"""One night of each model: inputs of schema `ml_inputs` in, tables of schema `ml` out, as Arrow tables.

Every function returns `Result`: its tables (always with all their columns, empty when there is nothing to say) and, among
them, `model_runs`: what was published, kept, or refused, why, and the numbers behind it.
"""

from __future__ import annotations

from ml.nightly.churn import score_churn
from ml.nightly.clv import score_clv
from ml.nightly.decisions import decide
from ml.nightly.tables import SCHEMAS, Result

__all__ = ["SCHEMAS", "Result", "decide", "score_churn", "score_clv"]
