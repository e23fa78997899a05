"""Records mapped as columns: of a list of them a field is taken at once, and no row becomes an object that is taken to pieces again.

Comes in: lists of a vendor's objects. Goes out: what they have in a field, and Arrow of columns that were made of such lists. That a record
is of another shape shows as an error of the list it is in (oddities.py), which is then mapped record by record by the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa

from orchestration.sources.reading.records import joined, text_array
from orchestration.sources.reading.values import below

Object = Mapping[str, Any]
# Column → a value for every row (a list, or Arrow of texts), or what all rows have (anything else).
Columns = Mapping[str, Any]


def values_of(records: Sequence[Object], name: str) -> list[Any]:
    """What every record has in a field, None where it has none. Raises TypeError or AttributeError for what is no object."""
    try:
        return required(records, name)
    except KeyError:  # some leave it out
        return [one.get(name) for one in records]


def required(records: Sequence[Object], name: str) -> list[Any]:
    """What every record has in a field. Raises KeyError where one has none."""
    return list(map(itemgetter(name), records))


def filled(records: Sequence[Object], name: str) -> list[Any]:
    """What every record has in a field, None where that says nothing: an empty text, zero."""
    return [value or None for value in values_of(records, name)]


def objects_of(records: Sequence[Object], name: str) -> list[Object]:
    """The object that every record has in a field, an empty one where it has none."""
    return [one or {} for one in values_of(records, name)]


def reached(records: Sequence[Any], *path: str) -> list[Any]:
    """What lies at `path` in each of what may be no records; None where a step is missing."""
    found: Sequence[Any] = records
    try:
        for step in path:
            found = values_of([one if one is not None else {} for one in found], step)
    except (AttributeError, TypeError):  # what is no object
        return [below(one, *path) for one in records]
    return list(found)


def as_arrow(told: Iterable[Columns]) -> Iterator[pa.RecordBatch]:
    """Columns of text. Those of all lists have the same names."""
    return joined(batch for batch in map(_batch, told) if batch.num_rows)


def _batch(columns: Columns) -> pa.RecordBatch:
    count = next(len(values) for values in columns.values() if isinstance(values, list))
    return pa.RecordBatch.from_arrays([_array(values, count) for values in columns.values()], names=list(columns))


def _array(values: Any, count: int) -> pa.Array:
    if isinstance(values, list):
        return text_array(values)
    return values if isinstance(values, pa.Array) else pa.repeat(text_array([values])[0], count)
