"""Numpy arrays in, Arrow columns and contract-shaped tables out. Pure.

Times are seconds since 1970 in UTC; MISSING stands for no value in integer arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from orchestration.contract import INPUT_TABLES

Ints = NDArray[np.int64]
Column = Any  # pa.Array or pa.ChunkedArray; pyarrow carries no types that tell them apart
MISSING = np.iinfo(np.int64).min
DAY = 86_400
TIME = pa.timestamp("us", tz="UTC")
# What may turn out later than the row itself: not known yet when it lies after the end of the export.
LATER = ("deleted_at", "cancel_requested_at", "ended_at", "first_replied_at", "solved_at", "converted_at")


def pick(names: Sequence[str] | pa.Array, codes: Ints, where: NDArray[np.bool_] | None = None) -> Column:
    """names[code] as text; NULL where `where` is false."""
    values = names if isinstance(names, pa.Array) else pa.array(names, pa.string())
    return values.take(pa.array(codes, mask=None if where is None else ~where))


def identifiers(prefix: str, numbers: Ints, where: NDArray[np.bool_] | None = None) -> Column:
    """`prefix` and the number, padded to nine digits; NULL where `where` is false."""
    text = pa.array(numbers, pa.int64(), mask=None if where is None else ~where).cast(pa.string())
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(text, 9, "0"), "")


def times(seconds: Ints) -> Column:
    """Seconds since 1970 as UTC timestamps; MISSING becomes NULL."""
    absent = seconds == MISSING
    return pa.array(np.where(absent, 0, seconds) * 1_000_000, mask=absent if absent.any() else None).cast(TIME)


def money(cents: Ints) -> Column:
    """Minor units of a two-decimal currency as exact major units, decimal(18, 2)."""
    words = np.empty((len(cents), 2), dtype=np.int64)
    words[:, 0], words[:, 1] = cents, np.asarray(cents) >> 63
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words)])


def nothing(rows: int) -> Column:
    """A text column without a value."""
    return pa.nulls(rows, pa.string())


def table(name: str, columns: Mapping[str, Column | NDArray[np.generic]], end: int) -> pa.Table:
    """An input table in the contract's column order, as known at second `end`: later rows left out, later attributes NULL."""
    contract = INPUT_TABLES[name]
    unknown = set(columns) - set(contract.column_names)
    if unknown:
        raise ValueError(f"{name} has no column {min(unknown)!r}; see orchestration/contract")
    whole = pa.table({column: columns[column] for column in contract.column_names if column in columns})
    limit = pa.scalar(end * 1_000_000, pa.int64()).cast(TIME)
    known = whole.filter(pc.less_equal(whole[contract.event_time], limit))
    for column in set(LATER) & set(known.column_names):
        hidden = pc.greater(known[column], limit)
        known = known.set_column(known.column_names.index(column), column, pc.if_else(hidden, pa.scalar(None, TIME), known[column]))
    return known
