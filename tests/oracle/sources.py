"""Several sources in one company: an id means a record of the source that handed it over, and two sources may use one id for two people.

Comes in: rows of the input tables, whose `_source` names their source where that is not `files`. Goes out: the same rows with every id told
apart by its source (`north/c1`), so that no definition has to ask where a row comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from orchestration.contract import INPUT_TABLES

Row = dict[str, Any]
ONLY = "files"
# Surveys are told apart by source too: a name such as `yearly` says nothing outside it.
IDS = {
    *(column for name, table in INPUT_TABLES.items() if name != "exchange_rates" for column in table.key if column.endswith("_id")),
    "merged_into_customer_id", "referrer_customer_id", "referred_customer_id", "invoice_id", "survey_id", "campaign_id",
}  # fmt: skip


def named(source: str, identity: Any) -> Any:
    """The id as it is told apart from those of other sources; those of the only source stay as they are."""
    return identity if source == ONLY or identity is None or pd.isna(identity) else f"{source}/{identity}"


def bare(identity: Any) -> str:
    """The id as its source wrote it."""
    return str(identity).rpartition("/")[2]


def source_of(identity: Any) -> str:
    """The source of an id, `files` where there is only one."""
    return str(identity).rpartition("/")[0] or ONLY


def told_apart(tables: Mapping[str, Iterable[Row]]) -> dict[str, list[Row]]:
    """The rows with their ids told apart, without `_source`."""
    return {name: [_told_apart(row) for row in rows] for name, rows in tables.items()}


def _told_apart(row: Row) -> Row:
    source = row.get("_source", ONLY)
    return {key: named(source, value) if key in IDS else value for key, value in row.items() if key != "_source"}


def in_marts(mart: pd.DataFrame) -> pd.DataFrame:
    """A mart whose rows say their `source`, with its ids told apart alike."""
    if "source" not in mart:
        return mart
    columns = [name for name in mart.columns if name in IDS | {"source_customer_id", "order_id"}]
    told = {name: [named(*pair) for pair in zip(mart["source"], mart[name], strict=True)] for name in columns}
    return mart.assign(**told)
