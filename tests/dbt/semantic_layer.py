"""A small company whose marts are asked twice: by MetricFlow, as a BI tool would, and by plain SQL.

Comes in: the semantic manifest that dbt wrote when it parsed the project. Goes out: `ask`, answers of the semantic layer as data frames.
MetricFlow only writes SQL here; DuckDB runs it. Nothing of this needs a network.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.implementations.semantic_manifest import PydanticSemanticManifest
from metricflow_semantic_interfaces.transformations.semantic_manifest_transformer import PydanticSemanticManifestTransformer
from metricflow_semantic_interfaces.validations.semantic_manifest_validator import SemanticManifestValidator
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from examples.acme.generate import generate
from orchestration import dbt
from orchestration.contract import INPUT_TABLES

sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
from harness import project

AS_OF = "2026-10-20"  # within a month, so that the last month of every mart is not complete
READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".jsonl": "read_json"}

# What the models would have said of active customers, whom the harness builds without models; and at Acme nobody calls back.
SCORES = """
UPDATE marts.fct_feedback SET followed_up_in_time = hash(feedback_id) % 3 > 0 WHERE followed_up_in_time IS NOT NULL;
UPDATE marts.metric_customer_clv SET clv_predicted = hash(customer_key) % 1000, clv_total = clv_historic + hash(customer_key) % 1000,
    expected_purchases = hash(customer_key) % 7;
INSERT INTO marts.metric_customer_health BY NAME
    SELECT customer_key, as_of_date, (hash(customer_key) % 100) / 100 AS churn_probability, clv_predicted / 10 AS value_at_risk,
        CASE WHEN hash(customer_key) % 100 > 50 THEN 'high' ELSE 'low' END AS churn_risk_band
    FROM marts.metric_customer_clv INNER JOIN marts.dim_customers USING (customer_key) WHERE is_active;
INSERT INTO marts.fct_next_best_actions BY NAME
    SELECT customer_key, as_of_date, CASE WHEN hash(customer_key) % 3 = 0 THEN 'nothing' ELSE 'success_call' END AS action,
        hash(customer_key) % 50 AS expected_value, hash(customer_key) % 10 = 0 AS is_holdout
    FROM marts.metric_customer_health;
"""


class _WritesDuckDb:
    """All that MetricFlow asks of a database as long as it only explains queries."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


@dataclass(frozen=True)
class Layer:
    """The semantic layer over a warehouse."""

    engine: MetricFlowEngine
    connection: duckdb.DuckDBPyConnection

    def ask(self, metrics: list[str], by: list[str], where: list[str]) -> pd.DataFrame:
        """`metrics` split `by` dimensions, one column each."""
        request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=by, where_constraints=where or None)
        return self.connection.sql(self.engine.explain(request).sql_statement.sql).df()


@cache
def manifest() -> PydanticSemanticManifest:
    """The semantic manifest of the parsed project, as MetricFlow reads it."""
    written = dbt.manifest_path().with_name("semantic_manifest.json").read_text(encoding="utf-8")
    return PydanticSemanticManifestTransformer.transform(PydanticSemanticManifest.parse_raw(written))


def issues() -> list[str]:
    """What MetricFlow's own validation finds wrong with it."""
    return [issue.message for issue in SemanticManifestValidator().validate_semantic_manifest(manifest()).all_issues]


def layer(folder: Path) -> Layer:
    """The semantic layer over the marts of a small Acme."""
    marts = sorted({model.node_relation.alias for model in manifest().semantic_models} | {"dim_dates", "metric_mrr_movements"})
    marts += ["metric_csat_monthly", "metric_ces_monthly"]
    connection = project("contractual").built(marts, _acme(folder), AS_OF)
    connection.execute(SCORES)
    return Layer(MetricFlowEngine(SemanticManifestLookup(manifest()), _WritesDuckDb()), connection)


def _acme(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows of every input table of 200 customers over two years, the bad ones left out."""
    generate(customers=200, months=24, end="2026-10-31", seed=11, out=folder / "exports", truth=folder / "truth")
    return {name: [row for path in _good_files(folder / "exports", name) for row in _rows(path, name)] for name in INPUT_TABLES}


def _good_files(exports: Path, table: str) -> list[Path]:
    return [*exports.glob(f"{table}.*"), *exports.glob(f"{table}/part-0*")]


def _rows(path: Path, table: str) -> Iterator[dict[str, Any]]:
    found = duckdb.sql(f"FROM {READERS[path.suffix]}('{path}')")
    names = [name for name in found.columns if name in INPUT_TABLES[table].column_names]
    yield from (dict(zip(names, row, strict=True)) for row in found.select(", ".join(f'"{name}"' for name in names)).fetchall())
