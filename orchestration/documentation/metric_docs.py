"""Metrics as they are defined: the docs blocks of the marts, each in the same six parts, and the columns they define.

Comes in: dbt's manifest. Goes out: Metric objects, for docs/metrics.md, for Dagster and for the manifest of a release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

PARTS = ("Definition", "Formula", "Grain", "Owner", "Edge cases", "Source")
_PART = re.compile(r"^- \*\*([^*]+)\*\*: ", re.MULTILINE)
_MARKS = re.compile(r"`|\*\*")
_ITSELF = "- **Definition**"
_MARTS = "marts/"


@dataclass(frozen=True)
class Metric:
    """One definition. `columns` are `mart.column`, its own first; `asked_as` are its names in the semantic layer."""

    name: str
    topic: str
    parts: Mapping[str, str]
    columns: tuple[str, ...]
    asked_as: tuple[str, ...]


def metrics(manifest: Mapping[str, Any]) -> list[Metric]:
    """Every metric of the marts, by topic (the folder of its mart) and in the order in which they are written down."""
    blocks = [block for block in manifest["docs"].values() if block["path"].startswith(_MARTS)]
    return [_metric(block, manifest) for block in sorted(blocks, key=lambda block: block["path"])]


def parts(text: str) -> dict[str, str]:
    """Part → what it says, of a docs block or of a description that holds one; without its line breaks."""
    found = _PART.split(text)
    return {name: " ".join(said.split()) for name, said in zip(found[1::2], found[2::2], strict=True)}


def block_names(column: Mapping[str, Any]) -> list[str]:
    """The docs blocks that the description of a column is made of."""
    return [unique_id.split(".")[-1] for unique_id in column.get("doc_blocks") or []]


def defined_in(columns: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Metric → its definition in one sentence or two, of the columns of one mart, in their order."""
    return {name: parts(column["description"])["Definition"] for column in columns for name in block_names(column)}


def published(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Metric → its six parts, and the mart and column that holds it: what a release says of its numbers."""
    return {metric.name: _published(metric) for metric in metrics(manifest) if metric.columns}


def comments(manifest: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Mart → column, or "" for the mart itself → what it means in a line or two, of a metric with its formula: what BI tools show.

    Of a mart with its key: a view has none that a tool could ask for.
    """
    keyed = keys(manifest)
    marts = [node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == "marts"]
    return {
        node["name"]: {
            "": _plain(node["description"]) + _key(keyed.get(node["name"])),
            **{name: _plain(column["description"]) for name, column in node["columns"].items()},
        }
        for node in marts
    }


def keys(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Mart → the columns of which every row has its own: those of the test of its grain, which blocks a release."""
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test" and node.get("attached_node")]
    grains = [test for test in tests if (test.get("test_metadata") or {}).get("name") == "one_row_per"]
    named = {test["attached_node"]: tuple(test["test_metadata"]["kwargs"]["columns"]) for test in grains}
    marts = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model" and node["schema"] == "marts"}
    return {node["name"]: named[key] for key, node in marts.items() if key in named}


def _key(columns: tuple[str, ...] | None) -> str:
    return f" Key: {', '.join(columns)}." if columns else ""


def _plain(description: str) -> str:
    """A description without its marks and line breaks; of the parts of a metric what it is and how it is worked out."""
    said = {name: text.rstrip(".") for name, text in parts(description).items()}
    lead = " ".join(description.partition(_ITSELF)[0].split())
    told = [lead, said["Definition"] + ".", f"Formula: {said['Formula']}."] if said else [lead]
    return _MARKS.sub("", " ".join(filter(None, told)))


def _published(metric: Metric) -> dict[str, Any]:
    mart, column = metric.columns[0].split(".")
    told = {name.lower().replace(" ", "_"): said for name, said in metric.parts.items()} | {"mart": mart, "column": column}
    return told | ({"also_in": list(metric.columns[1:])} if metric.columns[1:] else {})


def _metric(block: Mapping[str, Any], manifest: Mapping[str, Any]) -> Metric:
    text, topic = block["block_contents"], PurePosixPath(block["path"]).parts[1]
    asked_as = tuple(sorted(metric["name"] for metric in manifest["metrics"].values() if text in metric["description"]))
    return Metric(block["name"], topic, parts(text), tuple(_columns(block["name"], topic, manifest)), asked_as)


def _columns(name: str, topic: str, manifest: Mapping[str, Any]) -> list[str]:
    """Where the metric appears: first under its own name, then as itself and not as a part of it, then in the marts of its topic."""
    found = [
        (column["name"] != name, not column["description"].startswith(_ITSELF), node["fqn"][2] != topic, node["name"], column["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
        for column in node["columns"].values()
        if name in block_names(column)
    ]
    return [f"{mart}.{column}" for *_, mart, column in sorted(found, key=lambda one: one[:-1])]
