"""Which steps of the night that the warehouse holds stand: were done whole, and after everything that they build on.

Comes in: a connection to the warehouse and the name of a step. Goes out: the table `ops.steps_done`, and the steps that a release lacks.
A step falls when it begins, and with it all that build on it: in the UI a single table may be built, or a model left out, and what is left
of another night, or of before, looks like tonight's.
"""

from __future__ import annotations

import duckdb

# In the order in which they build on one another.
STEPS = ("before_models", "clv_scores", "churn_scores", "decisions", "after_models")


def fall(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    """Neither `step` nor what builds on it stands any more."""
    for later in STEPS[STEPS.index(step) :]:
        connection.execute("DELETE FROM ops.steps_done WHERE step = ?", [later])


def stand(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    """The whole of `step` was done for the night that the warehouse holds; what builds on it has to follow."""
    fall(connection, step)
    connection.execute("INSERT INTO ops.steps_done SELECT ?, as_of_date FROM ops.night", [step])


def lacking(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The steps that do not stand for the night that the warehouse holds, in their order."""
    done = connection.execute("SELECT step FROM ops.steps_done WHERE as_of_date = (SELECT as_of_date FROM ops.night)").fetchall()
    return [step for step in STEPS if (step,) not in done]
