"""What a person sees on a table asset: its row count and a preview in which personal values are masked."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from expectations.masking import masked_key
from orchestration.releases import is_of_persons

OWNERS = ["team:data"]
PREVIEW_ROWS = 5
LONGEST = 80  # signs of a cell

# Only what is published without personal data is previewed; landing and staging show counts.
_PREVIEWED = ("marts", "ml_inputs", "ml")


def table_metadata(connection: Any, node: Mapping[str, Any]) -> dict[str, Any]:
    """Row count, and for marts a preview, of the table that the dbt `node` built."""
    return relation_metadata(connection, node["schema"], node["alias"] if "alias" in node else node["name"])


def relation_metadata(connection: Any, schema: str, name: str) -> dict[str, Any]:
    """Row count, and where it may be shown a preview, of `schema.name`."""
    relation = f'"{schema}"."{name}"'
    count = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()[0]
    described: dict[str, Any] = {"dagster/row_count": dg.MetadataValue.int(count)}
    if schema in _PREVIEWED and not is_of_persons(name):
        cursor = connection.execute(f"SELECT * FROM {relation} LIMIT {PREVIEW_ROWS}")
        described["preview"] = dg.MetadataValue.md(markdown([column[0] for column in cursor.description], cursor.fetchall()))
    return described


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, longest: int = LONGEST) -> str:
    """A Markdown table, no cell of which has more than `longest` signs; an empty one says so."""
    if not rows:
        return f"No rows. Columns: {', '.join(columns)}"
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(_cell(column, value, longest) for column, value in zip(columns, row, strict=True))} |" for row in rows]
    return "\n".join(lines)


def _cell(column: str, value: Any, longest: int) -> str:
    text = "" if value is None else masked_key(column, str(value)).replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
