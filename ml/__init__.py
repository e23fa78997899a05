"""The models: frames in, frames out. Nothing here reads the environment, opens a warehouse, or knows the orchestrator.
The one thing said to the environment is how threads wait (`ml.threads`), before scikit-learn is imported.

`MODELS` names every model that runs at night, the function that runs it and the tables it fills; nothing is imported until it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ml.threads import wait_asleep

wait_asleep()


@dataclass(frozen=True)
class Model:
    """A nightly model: its function as `module:name`, and the tables of schema `ml` that it returns."""

    function: str
    tables: tuple[str, ...]

    def load(self) -> Callable[..., Any]:
        """The function, imported now: scikit-learn and SciPy cost seconds that only a run should pay."""
        module, _, name = self.function.partition(":")
        return getattr(import_module(module), name)


MODELS: dict[str, Model] = {
    "comments": Model("ml.comments:read", ("comment_readings",)),
    "churn": Model("ml.nightly.churn:score_churn", ("churn_scores", "model_runs")),
    "clv": Model("ml.nightly.clv:score_clv", ("clv_scores", "model_runs")),
    "next_best_action": Model("ml.nightly.decisions:decide", ("next_best_actions", "action_candidates", "model_runs")),
}
