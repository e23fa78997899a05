"""Records of Salesforce as columns of text, whichever of its APIs they came by: what is made of them is said once, for both.

Comes in: records as objects, or as CSV. Goes out: Arrow with one column for each field that was asked for, such as `Account.Name`; nothing
where a field is empty or was not told, "true" and "false" for a truth.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import csv

Object = Mapping[str, Any]


def from_csv(text: str, fields: Sequence[str]) -> pa.RecordBatch:
    """The lines below a head of names. Raises ValueError where a line has more or fewer cells than that."""
    content = text.encode()
    if not content:
        return pa.RecordBatch.from_pylist([], schema=_schema(fields))
    told = csv.read_csv(
        io.BytesIO(content),
        # One block: a record may have lines of its own, and no two blocks share one.
        csv.ReadOptions(use_threads=False, block_size=len(content) + 1),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=dict.fromkeys(fields, pa.string()),
            include_columns=fields,
            include_missing_columns=True,
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in told.columns], schema=_schema(fields))


def flattened(fields: Sequence[str]) -> Callable[[Object], list[dict[str, Any]]]:
    """What makes of an object its `fields`, those of other objects included."""
    plain = [field for field in fields if "." not in field]
    nested = [(field, field.split(".")) for field in fields if "." in field]

    def row(one: Object) -> list[dict[str, Any]]:
        found = {field: one.get(field) for field in plain}
        for field, path in nested:
            value: Any = one
            for step in path:
                value = (value or {}).get(step)
            found[field] = value
        return [{field: None if value == "" else value for field, value in found.items()}]

    return row


def _schema(fields: Sequence[str]) -> pa.Schema:
    return pa.schema([(field, pa.string()) for field in fields])
