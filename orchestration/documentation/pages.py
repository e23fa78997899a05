"""The generated pages under docs/: inputs, outputs, metrics, settings, an index of decisions; from their subjects, so that none drifts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from orchestration import dbt
from orchestration.configuration.shape import Company, File
from orchestration.configuration.tuning import Tuning
from orchestration.contract import INPUT_TABLES, Table
from orchestration.documentation import markdown, metric_docs, privacy_map
from orchestration.documentation.metric_docs import Metric

DOCS = Path(__file__).resolve().parents[2] / "docs"
_GENERATED = "<!-- Written by `make docs` from the code that enforces it; do not edit. -->"
_TOPICS = {
    "core": "Customers and orders",
    "retention": "Retention and recurring revenue",
    "clv": "Customer lifetime value",
    "segments": "Segments",
    "feedback": "Feedback and support",
    "engagement": "Engagement, campaigns, referrals, loyalty",
    "scores": "Health, churn and next best action",
}


def write() -> list[Path]:
    """Write every generated page; returns their paths."""
    DOCS.mkdir(exist_ok=True)
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
    return [DOCS / name for name in pages()]


def pages() -> dict[str, str]:
    """File name → text of every generated page."""
    manifest = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))
    return {
        "inputs.md": _inputs(),
        "marts.md": _marts(manifest),
        "metrics.md": _metrics(manifest),
        "settings.md": _settings(),
        "privacy.md": privacy_map.page(DOCS / "privacy.md", manifest),
        "decisions/README.md": _decisions(DOCS / "decisions"),
    }


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
    yield markdown.table(("column", "type", "meaning", "privacy"), rows)


def _marts(manifest: Mapping[str, Any]) -> str:
    models = sorted(
        (node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == "marts"),
        key=lambda node: node["name"],
    )
    head = [
        "# Marts",
        _GENERATED,
        "What a release holds, in schema `marts`. Columns are enforced by dbt contracts; metrics are defined in [metrics.md](metrics.md).",
    ]
    return _joined([*head, *(part for model in models for part in _mart(model))])


def _mart(model: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {model['name']}"
    yield " ".join(model["description"].split())
    yield markdown.table(("column", "type", "meaning", "privacy"), [_mart_column(column) for column in model["columns"].values()])


def _mart_column(column: Mapping[str, Any]) -> tuple[str, ...]:
    meaning = " ".join(filter(None, [_own_words(column), *(_link(name) for name in metric_docs.block_names(column))]))
    return f"`{column['name']}`", column.get("data_type") or "", meaning, "personal" if privacy_map.is_personal(column) else ""


def _own_words(column: Mapping[str, Any]) -> str:
    """What the description says beside the definition of its metric; where that is all it says, the first sentence of it."""
    before = " ".join(column["description"].split("- **Definition**")[0].split())
    return before or metric_docs.parts(column["description"])["Definition"]


def _link(metric: str) -> str:
    return f"[{metric}](metrics.md#{metric})"


def _metrics(manifest: Mapping[str, Any]) -> str:
    head = [
        "# Metrics",
        _GENERATED,
        "Every number that a release publishes, defined once. A metric that is not computed as written here is a defect.",
        "Months begin and end at midnight UTC, whatever the company's `timezone`, which says how times without a zone are read. The month "
        "of the as-of date is there up to the end of that day; where a mart says `is_complete`, it is false until the month is over.",
        "*In* names the columns of [the marts](marts.md) that hold it, its own first. *Semantic layer* names the metrics under which "
        "MetricFlow, and every BI tool that speaks its language, gives the same number; [how to ask](operations.md#the-semantic-layer).",
    ]
    found = metric_docs.metrics(manifest)
    return _joined([*head, *(part for topic in _TOPICS for part in _topic(topic, [one for one in found if one.topic == topic]))])


def _topic(topic: str, found: Sequence[Metric]) -> Iterator[str]:
    yield f"## {_TOPICS[topic]}"
    yield " · ".join(f"[{metric.name}](#{metric.name})" for metric in found)
    for metric in found:
        yield f"### {metric.name}"
        lines = {**metric.parts, "In": _coded(metric.columns), "Semantic layer": _coded(metric.asked_as)}
        yield "\n".join(f"- **{name}**: {said}" for name, said in lines.items() if said)


def _coded(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _settings() -> str:
    """Every key of the file; those of sources, destinations and their like stand on pages of their own."""
    head = ["# Settings", _GENERATED, "A configuration is one YAML file; `python -m orchestration init FOLDER` writes one with comments."]
    parts: dict[str, tuple[type[BaseModel], str]] = {
        "The file": (File, "Paths are relative to the file."),
        "company": (Company, "The keys under `company:`."),
        "settings": (Tuning, "The keys under `settings:`, each with its default."),
    }
    return _joined([*head, *(text for name, (part, lead) in parts.items() for text in (f"## {name}", lead, _keys(part)))])


def _keys(part: type[BaseModel]) -> str:
    rows = [(f"`{name}`", _default(field), field.description or "") for name, field in part.model_fields.items()]
    return markdown.table(("key", "default", "meaning"), rows)


def _default(field: FieldInfo) -> str:
    """The default as the file would say it."""
    if field.is_required():
        return "required"
    if field.default is None or isinstance(field.default, BaseModel):
        return "none" if field.default is None else "as below"
    return "none" if field.default == () else str(field.default)


def _decisions(folder: Path) -> str:
    """One line a record, by its own first line."""
    titles = [(path.name, path.read_text(encoding="utf-8").partition("\n")[0]) for path in sorted(folder.glob("[0-9]*.md"))]
    listed = [f"{line.removeprefix('# ').replace('. ', '. [', 1)}]({name})" for name, line in titles]
    head = [
        "# Decisions",
        "<!-- Written by `make docs` from the records beside it; do not edit. -->",
        "Why it is built this way. What a later record changed of an earlier one is said in both.",
    ]
    return _joined([*head, "\n".join(listed)])


def _joined(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"
