"""The bare work of a night that has run: its SQL in DuckDB alone, its estimators without anything around them.

    python -m benchmarks.bare HOME

Comes in: the home of a night. Goes out: one JSON line with the seconds of each part. The compiled SQL of every model is run in
the order dbt ran it, in a copy of the warehouse. Of the models only what scikit-learn and SciPy do is counted: fitting and scoring.
Beside these, files in and out: the landed rows copied by DuckDB from Parquet to Parquet, and every mart copied into the two forms
that a release has. No night can do without it either, but no model asks for it.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from orchestration import dbt

INPUTS = {
    "churn": {"features": "ml_inputs.customer_features"},
    "clv": {"purchases": "ml_inputs.clv_purchases", "subscriptions": "ml_inputs.clv_subscriptions"},
    "next_best_action": {
        "candidates": "ml_inputs.action_candidates",
        "action_log": "ml_inputs.action_log",
        "features_tonight": "ml_inputs.customer_features WHERE is_tonight",
        "clv": "ml.clv_scores",
    },
}
SETTINGS = "SET memory_limit = '8GiB'; SET threads = 2; SET preserve_insertion_order = false; SET TimeZone = 'UTC'"


def main(home: Path) -> None:
    """Measure and print."""
    print(json.dumps({"sql": sql_seconds(home), **estimator_seconds(home), "files": files_seconds(home)}))


def sql_seconds(home: Path) -> float:
    """Seconds that the compiled SQL of all models takes; the copy keeps the file's name, which the SQL spells out."""
    copy = home / "bare" / "rapport_build.duckdb"
    copy.parent.mkdir()
    try:
        shutil.copyfile(home / "warehouse" / copy.name, copy)
        with duckdb.connect(str(copy), config={"autoinstall_known_extensions": "false"}) as connection:
            connection.execute(SETTINGS)
            return sum(timed(lambda query=query: connection.execute(query)) for query in queries(home))
    finally:
        shutil.rmtree(copy.parent)


def queries(home: Path) -> Iterator[str]:
    """`CREATE TABLE … AS` of each model of both dbt starts, in run order; a view stays one."""
    nodes = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))["nodes"]
    for phase in ("before_models", "after_models"):
        results = json.loads((home / "logs" / f"dbt_{phase}" / "run_results.json").read_text())["results"]
        for result in results:
            if result["unique_id"].startswith("model.") and result.get("compiled_code"):
                kind = "VIEW" if nodes[result["unique_id"]]["config"]["materialized"] == "view" else "TABLE"
                yield f"CREATE OR REPLACE {kind} {result['relation_name']} AS {result['compiled_code']}"


def files_seconds(home: Path) -> float:
    """Seconds that DuckDB takes to copy what was landed, and the marts into a database and into Parquet files."""
    with TemporaryDirectory(dir=home) as folder, duckdb.connect() as connection:
        connection.execute(SETTINGS)
        connection.execute(f"ATTACH '{home / 'warehouse' / 'rapport_build.duckdb'}' AS built (READ_ONLY)")
        connection.execute(f"ATTACH '{folder}/copy.duckdb' AS copied")
        landed = {f"{path.parent}/*.parquet" for path in (home / "landing").glob("*/*/*.parquet")}
        copies = [f"COPY (FROM read_parquet('{files}')) TO '{folder}/in.parquet' (FORMAT parquet)" for files in sorted(landed)]
        marts = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'built' AND schema_name = 'marts'"
        ).fetchall()
        for (mart,) in marts:
            copies.append(f"CREATE TABLE copied.{mart} AS FROM built.marts.{mart}")
            copies.append(f"COPY copied.{mart} TO '{folder}/out.parquet' (FORMAT parquet, COMPRESSION zstd)")
        return sum(timed(lambda query=query: connection.execute(query)) for query in copies)


def estimator_seconds(home: Path) -> dict[str, float]:
    """Seconds inside the estimators of each model (`churn` …), and of the model's whole function (`churn_whole` …)."""
    from ml import MODELS

    seconds = {}
    for name, inputs in INPUTS.items():
        arguments = arguments_of(home, inputs)
        function = MODELS[name].load()
        with stopwatch() as estimators, TemporaryDirectory() as artifacts:
            whole = timed(lambda call=function, given=arguments, folder=artifacts: call(**given, artifacts=Path(folder)))
        seconds |= {name: estimators.seconds, f"{name}_whole": whole}
    return seconds


def arguments_of(home: Path, inputs: dict[str, str]) -> dict[str, Any]:
    """The frames a model takes, the as-of date, and the default horizon."""
    with duckdb.connect(str(home / "warehouse" / "rapport_build.duckdb"), read_only=True) as connection:
        found: dict[str, Any] = {argument: connection.execute(f"FROM {relation}").df() for argument, relation in inputs.items()}
        found["as_of"] = connection.execute("SELECT as_of_date FROM ops.night").fetchone()[0]
    return found | ({"horizon_days": 90} if "features" in found else {})


class Stopwatch:
    """Adds up the seconds of wrapped calls; calls inside of each other count once."""

    def __init__(self) -> None:
        self.seconds, self._depth = 0.0, 0

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, timed."""

        def timed_call(*arguments: Any, **named: Any) -> Any:
            began, self._depth = time.perf_counter(), self._depth + 1
            try:
                return function(*arguments, **named)
            finally:
                self._depth -= 1
                self.seconds += 0 if self._depth else time.perf_counter() - began

        return timed_call


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Time every fit and score of scikit-learn and every optimisation of SciPy that happens meanwhile."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, RidgeCV

    from ml.clv import fitting

    watch = Stopwatch()
    boosting = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    places: list[tuple[Any, str]] = [(estimator, "fit") for estimator in (*boosting, LogisticRegression, RidgeCV)]
    places += [(estimator, "_raw_predict") for estimator in boosting] + [(fitting, "minimize")]
    before = [(place, name, getattr(place, name)) for place, name in places]
    for place, name, function in before:
        setattr(place, name, watch.wrap(function))
    try:
        yield watch
    finally:
        for place, name, function in before:
            setattr(place, name, function)


def timed(work: Callable[[], object]) -> float:
    """Wall seconds that `work()` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]))
