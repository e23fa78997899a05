"""What every model's asset does around its model: frames out of the warehouse; scores, and what the model was judged by, back into it.

Comes in: relations with their order; what a model returned. Goes out: frames; written tables, each with its rows, the distribution of
its number and what it was judged by.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import duckdb

from orchestration import warehouse
from orchestration.assets import pictures
from orchestration.assets.metadata import markdown, relation_metadata
from orchestration.night import Night
from orchestration.warehouse import standing

_HISTOGRAM_BINS = 20


def frames(tonight: Night, **inputs: tuple[str, str] | str) -> dict[str, Any]:
    """Argument → frame of a (relation, order). The warehouse is closed again before a model is fitted: its cache is as large as a model's.

    The order is fixed: sums in another order differ in their last digits, and so would the scores of the same night run again. A relation
    without one is of rows that their model puts in order itself: to sort 90 columns of everybody takes half of the time of reading.
    """
    with tonight.warehouse() as connection:
        return {name: connection.execute(_query(wanted)).df() for name, wanted in inputs.items()}


def _query(wanted: tuple[str, str] | str) -> str:
    return f"SELECT * FROM {wanted}" if isinstance(wanted, str) else f"SELECT * FROM {wanted[0]} ORDER BY {wanted[1]}"


def written(
    context: dg.AssetExecutionContext, connection: duckdb.DuckDBPyConnection, step: str, result: Any, shown: dict[str, str | None]
) -> Iterator[dg.MaterializeResult]:
    """Write what a model returned; each table says its rows, the distribution of its number, and what the model was judged by."""
    standing.fall(connection, step)
    for note in result.report["notes"]:
        context.log.warning(note)
    warehouse.replace_model_run(connection, result.tables["model_runs"])
    for table, number in shown.items():
        warehouse.write_scores(connection, table, result.tables[table])
        metadata = relation_metadata(connection, "ml", table)
        if number is not None:
            metadata["distribution"] = dg.MetadataValue.md(_histogram(connection, table, number))
        judged = result.tables["model_runs"].select(["candidate", "metric", "value", "low", "high"]).to_pylist()
        metadata["status"] = f"{result.report['status']}{': ' + result.report['reason'] if result.report['reason'] else ''}"
        curves = pictures.tracking(judged)
        if curves is not None:
            metadata["tracking"] = dg.MetadataValue.md(curves)
        metadata["judged_by"] = dg.MetadataValue.md(markdown(tuple(judged[0]), [tuple(row.values()) for row in judged]))
        yield dg.MaterializeResult(asset_key=["ml", table], metadata=metadata)
    standing.stand(connection, step)


def _histogram(connection: duckdb.DuckDBPyConnection, table: str, number: str) -> str:
    """The distribution of a column as a picture in the asset's metadata."""
    rows = connection.execute(
        f"""WITH edges AS (SELECT min({number}) AS low, max({number}) AS high FROM ml.{table})
        SELECT least(floor({_HISTOGRAM_BINS} * ({number} - low) / nullif(high - low, 0)), {_HISTOGRAM_BINS - 1})::INT AS bin,
            count(*), any_value(low), any_value(high)
        FROM ml.{table}, edges WHERE {number} IS NOT NULL GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    if not rows:
        return "No values."
    low, high = rows[0][2], rows[0][3]
    width = (high - low) / _HISTOGRAM_BINS
    return pictures.histogram([(low + (row[0] or 0) * width, row[1]) for row in rows], width, number)
