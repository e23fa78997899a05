"""A file of JSON as a relation of raw columns: one object a line, an array of objects, or an object with one list of them.

Comes in: plain UTF-8. Goes out: `Opened`, with the digits of numbers as they are written. Lines and arrays are read as they stream; an
object around a list is taken apart at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.sources.base import Bench, SourceError
from orchestration.sources.reading.half_pairs import without_halves
from orchestration.sources.reading.long_numbers import without_long
from orchestration.sources.reading.raw import Opened, Raw, refuse_duplicates
from orchestration.sql_text import identifier, literal

_NOTHING = "holds no JSON object; write one object a line, or an array of objects, and remove the file where there is nothing to export"


def json_lines(path: Path, label: str, bench: Bench) -> Opened:
    """One object a line."""
    return _relation(path, "newline_delimited", label, bench)


def json_document(path: Path, label: str, bench: Bench) -> Opened:
    """Whatever a file called .json may be; some systems write one object a line into it."""
    with path.open("rb") as file:
        first = next((line for line in iter(file.readline, b"") if line.strip()), b"").strip()
        has_more = any(line.strip() for line in file)
    if first.startswith(b"["):
        return _relation(path, "array", label, bench)
    if has_more and _is_whole(first):
        return _relation(path, "newline_delimited", label, bench)
    rows = bench.scratch / f"listed-{path.name}.jsonl"
    with rows.open("w", encoding="utf-8") as target:
        target.writelines(f"{json.dumps(one)}\n" for one in _listed(path, label))
    return _relation(rows, "newline_delimited", label, bench)


def _relation(path: Path, kind: str, label: str, bench: Bench) -> Opened:
    path = without_long(path, bench.scratch)
    try:
        keys = _keys(path, kind, bench)
    except duckdb.InvalidInputException as error:
        if "surrogate" not in str(error):
            raise
        path = without_halves(path, bench.scratch)
        keys = _keys(path, kind, bench)
    refuse_duplicates(keys, label)
    if not keys:
        raise SourceError(f"{label}: {_NOTHING}")
    columns = ", ".join(f"{literal(key)}: 'VARCHAR'" for key in keys)
    return Opened(f"read_json({_source(path, kind)}, records = true, columns = {{{columns}}})", {key: Raw(identifier(key)) for key in keys})


def _keys(path: Path, kind: str, bench: Bench) -> list[str]:
    query = f"SELECT DISTINCT unnest(json_keys(json)) FROM read_json_objects({_source(path, kind)})"
    return sorted(row[0] for row in bench.connection.execute(query).fetchall())


def _source(path: Path, kind: str) -> str:
    return f"{literal(str(path))}, format = {literal(kind)}"


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _listed(path: Path, label: str) -> Sequence[Mapping[str, Any]]:
    """The one list of objects in an object; the object itself where it holds none."""
    try:
        told = json.loads(path.read_bytes(), parse_float=str)
    except ValueError as error:
        raise SourceError(f"{label}: it is not whole JSON; is the file cut off?") from error
    if not isinstance(told, dict):
        raise SourceError(f"{label}: {_NOTHING}")
    lists = [value for value in told.values() if isinstance(value, list) and value and all(isinstance(one, dict) for one in value)]
    if len(lists) > 1:
        raise SourceError(f"{label}: the object holds {len(lists)} lists of objects; export the one that is the table")
    return lists[0] if lists else [told]
