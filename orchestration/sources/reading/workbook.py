"""The sheet of an Excel workbook as Parquet with every value as text.

Comes in: an .xlsx file. Goes out: a file in the scratch folder. The sheet is the one that is called like the table, else the only one that
holds anything; its first row names the columns. A date is written as ISO-8601, a whole number without a fraction, an empty cell is none; a
cell that is merged with those below it says the same for their rows, which hold nothing themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.sources.base import SourceError
from orchestration.sources.reading.numbers import PLAIN, Numbers
from orchestration.sources.reading.raw import refuse_duplicates

_CHUNK = 20_000
_FIRST_INEXACT = 10**15


def as_parquet(path: Path, label: str, target: Path, numbers: Numbers = PLAIN) -> Path:
    """Write the sheet to `target`, numbers as its texts have them. Raises SourceError: `label`, what is wrong, what to do."""
    rows = _rows(path, label)
    header = [_text(cell) or f"column {place}" for place, cell in enumerate(next(rows, ()), 1)]
    refuse_duplicates(header, label)
    schema = pa.schema([(name.strip(), pa.string()) for name in header])
    with pq.ParquetWriter(target, schema) as writer:
        filled = (row for row in rows if any(cell not in (None, "") for cell in row))
        while some := list(islice(filled, _CHUNK)):
            told = ((row[place] if place < len(row) else None for row in some) for place in range(len(header)))
            columns = [pa.array((_text(cell, numbers) for cell in column), pa.string()) for column in told]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return target


def _rows(path: Path, label: str) -> Iterator[Sequence[Any]]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        return iter(_sheet([(name, book.get_sheet_by_name(name)) for name in book.sheet_names], label))
    except (python_calamine.CalamineError, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise SourceError(f"{label}: the workbook is damaged, locked with a password, or no .xlsx; save it again, or export CSV") from error


def _sheet(sheets: list[tuple[str, Any]], label: str) -> Iterable[Sequence[Any]]:
    table = label.split("/")[0].split(".")[0]
    filled = [(name, sheet) for name, sheet in sheets if sheet.height]
    named = [sheet for name, sheet in filled if name.strip().lower() == table] or [sheet for _, sheet in filled]
    if not named:
        raise SourceError(f"{label}: the workbook is empty; a file without rows still has its header")
    if len(named) > 1:
        raise SourceError(f"{label}: the workbook has {len(named)} sheets with content; call the one to be read {table}")
    return _with_merged(named[0])


def _with_merged(sheet: Any) -> list[list[Any]]:
    """The rows of a sheet; a name of columns that is merged with what is below it stays a name."""
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=True)
    top, left = sheet.start or (0, 0)
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        for row in range(first + 1, min(last + 1, top + len(rows))) if first > top else ():
            rows[row - top][column - left] = rows[first - top][column - left]
    return rows


def _text(cell: Any, numbers: Numbers = PLAIN) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _number(cell, numbers)
    return cell.isoformat() if isinstance(cell, datetime | date) else str(cell)


def _number(cell: float, numbers: Numbers) -> str:
    if not cell.is_integer():
        return numbers.written(cell)
    # An id of more digits than Excel keeps has lost its last ones, and must not pass for another id.
    return str(int(cell)) if abs(cell) < _FIRST_INEXACT else f"{cell:.14e}"
