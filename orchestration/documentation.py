"""The generated pages under docs/: inputs, outputs and settings, from the code that enforces them, so that they cannot drift."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration import dbt
from orchestration.contract import INPUT_TABLES, Table
from orchestration.settings import Tuning

DOCS = Path(__file__).resolve().parent.parent / "docs"
_GENERATED = "<!-- Written by `make docs` from the code that enforces it; do not edit. -->"


def write() -> list[Path]:
    """Write every generated page; returns their paths."""
    DOCS.mkdir(exist_ok=True)
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
    return [DOCS / name for name in pages()]


def pages() -> dict[str, str]:
    """File name → text of every generated page."""
    manifest = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))
    return {"inputs.md": _inputs(), "marts.md": _marts(manifest), "settings.md": _settings()}


def _inputs() -> str:
    head = [
        "# Input tables",
        _GENERATED,
        "Every source is staged into these tables; the `files` source takes them as `<table>.csv`, `.parquet`, `.jsonl`, "
        "or a folder of such files.",
        "`*` marks what a row must have. A missing optional column is empty, a missing optional table is empty, "
        "an unknown column is kept in landing and reported.",
    ]
    return _joined([*head, *(part for table in INPUT_TABLES.values() for part in _input_table(table))])


def _input_table(table: Table) -> Iterator[str]:
    yield f"## {table.name}"
    yield f"{table.grain}. Key: {', '.join(f'`{name}`' for name in table.key)}."
    rows = [
        (
            f"`{column.name}`{' *' if column.required else ''}",
            column.type,
            column.description + (f": {', '.join(column.allowed)}" if column.allowed else ""),
            "personal" if column.personal else "",
        )
        for column in table.columns
    ]
    yield _table(("column", "type", "meaning", "privacy"), rows)


def _marts(manifest: Mapping[str, Any]) -> str:
    models = sorted(
        (node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == "marts"),
        key=lambda node: node["name"],
    )
    head = ["# Marts", _GENERATED, "What a release holds, in schema `marts`. Columns are enforced by dbt contracts."]
    return _joined([*head, *(part for model in models for part in _mart(model))])


def _mart(model: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {model['name']}"
    yield " ".join(model["description"].split())
    yield _table(("column", "type", "meaning", "privacy"), [_mart_column(column) for column in model["columns"].values()])


def _mart_column(column: Mapping[str, Any]) -> tuple[str, ...]:
    meaning = " ".join(column["description"].split())
    return f"`{column['name']}`", column.get("data_type") or "", meaning, "personal" if _is_personal(column) else ""


def _is_personal(column: Mapping[str, Any]) -> bool:
    return "pii" in (column.get("tags") or column.get("config", {}).get("tags") or [])


def _settings() -> str:
    rows = [(f"`{name}`", str(field.default), field.description or "") for name, field in Tuning.model_fields.items()]
    head = ["# Settings", _GENERATED, "The keys under `settings:` of the configuration, each with its default."]
    return _joined([*head, _table(("key", "default", "meaning"), rows)])


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _joined(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"
