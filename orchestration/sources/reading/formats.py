"""One exported file as a DuckDB relation of raw columns.

Comes in: a path, and how its text is written. Goes out: `Opened`, the SQL to select from and the columns as the file names them.
Nothing is sniffed from the rows: the first record gives the names and the delimiter, every value is read as text, and a row that does
not fit stops the file instead of being skipped or swallowed.
"""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePath

import duckdb

from orchestration.sources.base import Bench, SourceError
from orchestration.sources.reading.archive import inside
from orchestration.sources.reading.encodings import INSTEAD_OF_EMPTY, PACKED, plain_utf8
from orchestration.sources.reading.json_file import json_document, json_lines
from orchestration.sources.reading.numbers import PLAIN, Numbers
from orchestration.sources.reading.parquet import parquet
from orchestration.sources.reading.raw import Opened, Raw, refuse_duplicates
from orchestration.sources.reading.workbook import as_parquet
from orchestration.sql_text import literal

_DELIMITED = (".csv", ".tsv")
_TEXT = (*_DELIMITED, ".json", ".jsonl", ".ndjson")
_DOCUMENTS = (".json", *(f".json{packed}" for packed in PACKED))
_ZIP = ".zip"
SUFFIXES = (*(text + packed for text in _TEXT for packed in ("", *PACKED)), ".parquet", ".xlsx", _ZIP)
DELIMITERS = (",", ";", "\t", "|")
_HEADER_LIMIT = 1 << 20
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # for Excel, which does not look for itself
_FAULTS = {
    "unterminated quote": "a quote is never closed, or line ends are mixed; write a quote inside a value twice and end all lines alike",
    "invalid state": "it is not CSV as RFC 4180 has it; quote values that hold quotes or line ends, end all lines alike",
    "Expected Number of Columns": "the number of values is not the number of columns; quote values that hold the delimiter",
    "Invalid string encoding": "a text column holds bytes that are not UTF-8; export it as UTF-8",
    "invalid UTF-8": "it is not valid in the configured encoding; export it as UTF-8 or set `encoding` of the source",
    "has duplicate key": "an object has the same key twice; which of them counts? Export it once",
    "unicode": "it is not valid in the configured encoding; export it as UTF-8 or set `encoding` of the source",
    "Maximum line size": "a line is longer than 2 MB, most likely after a quote that is never closed",
    "Malformed JSON": "it is not one JSON object a line, nor an array of them; is the file cut off?",
    "records": "it is not one JSON object a line, or an array of them",
}


@dataclass(frozen=True)
class Spelling:
    """How text is written where a file does not say so itself; numbers of JSON and Parquet are written as those have them."""

    encoding: str = "utf-8"
    numbers: Numbers = PLAIN


def suffix_of(path: PurePath) -> str | None:
    """The suffix by which we know how to read `path`; None when we do not."""
    return next((suffix for suffix in sorted(SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(suffix)), None)


def opened(path: Path, label: str, spelling: Spelling, bench: Bench) -> Opened:
    """`path` ready to be selected from. Raises SourceError: `label`, what is wrong, what to do."""
    try:
        if path.stat().st_size == 0:
            raise SourceError(f"{label}: the file is empty (0 bytes); {INSTEAD_OF_EMPTY}")
        if suffix_of(path) != _ZIP:
            return _opened(path, label, spelling, bench)
        packed = inside(path, label, lambda name: suffix_of(name) not in (None, _ZIP), bench)
        return _opened(packed, f"{label}/{packed.name.removeprefix(f'unzipped-{path.name}-')}", spelling, bench)
    except PermissionError as error:
        raise SourceError(f"{label}: no permission to read the file; let the user of this process read it") from error
    except duckdb.Error as error:
        raise SourceError(f"{label}: {explained(error, label)}") from error


def _opened(path: Path, label: str, spelling: Spelling, bench: Bench) -> Opened:
    suffix = suffix_of(path) or ""
    if suffix == ".parquet":
        return parquet(path, label, bench)
    if suffix == ".xlsx":
        sheet = as_parquet(path, label, bench.scratch / f"sheet-{path.name}.parquet", spelling.numbers)
        return replace(parquet(sheet, label, bench), numbers=spelling.numbers)
    plain = plain_utf8(path, suffix, label, spelling.encoding, bench)
    if suffix.startswith(_DELIMITED):
        return replace(_delimited(plain, label, suffix, bench), numbers=spelling.numbers)
    return json_document(plain, label, bench) if suffix in _DOCUMENTS else json_lines(plain, label, bench)


def explained(error: duckdb.Error, label: str) -> str:
    """What went wrong while reading, with the line but without the row: DuckDB's own message quotes values, which may be personal."""
    message = str(error)
    line = re.search(r"(?:on Line: |in line )(\d+)", message)
    # Where JSON cannot be parsed, DuckDB names the line after it.
    place = f"line {int(line[1]) - ('Malformed JSON' in message)}: " if line else ""
    reason = next((text for sign, text in _FAULTS.items() if sign in message), None)
    if reason is None and label.lower().endswith(".parquet"):
        reason = "not a complete Parquet file; it was cut off, damaged, or is still being written: export it again"
    return place + (reason or f"cannot be read ({type(error).__name__})")


def _delimited(path: Path, label: str, suffix: str, bench: Bench) -> Opened:
    header, delimiter, before = _header(path, label, suffix)
    refuse_duplicates(header, label)
    path = _with_one_line_end(path, bench) if before else path
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(header)))
    # Below the last row a spreadsheet writes lines of nothing but delimiters.
    filled = " OR ".join(f"c{place} <> ''" for place in range(len(header)))
    relation = (
        f"(FROM read_csv({literal(str(path))}, auto_detect = false, header = true, skip = {before}, delim = {literal(delimiter)},"
        f" quote = '\"', escape = '\"', columns = {{{columns}}}, strict_mode = true, null_padding = false, ignore_errors = false)"
        f" WHERE {filled})"
    )
    return Opened(relation, {column: Raw(f"c{place}") for place, column in enumerate(header)})


def _with_one_line_end(path: Path, bench: Bench) -> Path:
    """The file, or a copy whose first line ends like the second: below one that is skipped and ends otherwise DuckDB finds no rows, and no
    fault either. Of all other lines it says so.
    """
    with path.open("rb") as file:
        first, second = file.readline(_HEADER_LIMIT), file.readline(_HEADER_LIMIT)
        if first.endswith(b"\r\n") == second.endswith(b"\r\n"):
            return path
        target = bench.scratch / f"ended-{path.name}"
        with target.open("wb") as copy:
            copy.write(first.rstrip(b"\r\n") + (b"\r\n" if second.endswith(b"\r\n") else b"\n") + second)
            shutil.copyfileobj(file, copy)
    return target


def _header(path: Path, label: str, suffix: str) -> tuple[list[str], str, int]:
    """The names of the first record, the delimiter between them, and how many lines stand before it.

    Only its own lines are decoded: a later fault has its own line.
    """
    with path.open("rb") as file:
        lines = (line.decode("utf-8-sig") for line in iter(lambda: file.readline(_HEADER_LIMIT), b""))
        try:
            first = next(lines)
            said = _SEPARATOR.fullmatch(first)
            first = next(lines) if said else first
            delimiter = said[1] if said else _delimiter(first, suffix)
            header = next(csv.reader(chain([first], lines), delimiter=delimiter, strict=True))
        except (UnicodeDecodeError, csv.Error, StopIteration) as error:
            raise SourceError(f"{label}: line 1: the header cannot be read; export the file as UTF-8 CSV with a header") from error
    # A column without a name, such as the row numbers of a data frame, is one that we do not know.
    return [column.strip() or f"column {place}" for place, column in enumerate(header, 1)], delimiter, 1 if said else 0


def _delimiter(header: str, suffix: str) -> str:
    return "\t" if suffix.startswith(".tsv") else max(DELIMITERS, key=re.sub(r'"[^"]*"', "", header).count)
