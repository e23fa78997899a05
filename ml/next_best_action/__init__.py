"""Which action, if any, to take for whom: learnt from logged decisions with known propensities.

Comes in: past decisions. Goes out: `Policy`. Judge it with `ml.policy_evaluation` before it replaces another.
"""

from __future__ import annotations

from ml.next_best_action.policy import Policy, fit_policy

__all__ = ["Policy", "fit_policy"]
