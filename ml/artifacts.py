"""Model files: JSON and plain arrays with a manifest, found by id, checked by hash, never unpickled.

Comes in: a model's description (JSON-able) and arrays. Goes out: `<root>/<model>/<id>/{model.json, arrays.npz, manifest.json}`
and one line in `<root>/<model>/published.jsonl` once the model has passed its gate.
The id carries the model's name, its as-of date and a hash of its content: the same training gives the same id. The last
good model is looked up by the as-of dates in published.jsonl; the newest file name is never trusted.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CODE_VERSION = "1"  # raise it when a saved model would mean something else to newer code
_FILES = ("model.json", "arrays.npz")


class ArtifactError(Exception):
    """A model file is missing, changed, or written by other code; the message says which and what to do."""


@dataclass(frozen=True)
class Manifest:
    """What a saved model is: the data it saw, the code that made it, how good it was, and the hash of each file."""

    id: str
    model: str
    trained_as_of: str
    data_from: str | None
    data_to: str | None
    code_version: str
    columns: list[str]
    metrics: dict[str, Any]
    sha256: dict[str, str]


def save(
    root: Path,
    model: str,
    described: dict[str, Any],
    arrays: dict[str, NDArray],
    *,
    trained_as_of: date,
    window: tuple[date, date] | None,
    columns: list[str],
    metrics: dict[str, Any],
) -> Manifest:
    """Write a model and its manifest; saving the same content again changes nothing. `window`: first and last cut-off used."""
    contents = dict(zip(_FILES, (_json_bytes(described), _array_bytes(arrays)), strict=True))
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    digest = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()[:12]
    first, last = (None, None) if window is None else (window[0].isoformat(), window[1].isoformat())
    identity = f"{model}-{trained_as_of.isoformat()}-{digest}"
    manifest = Manifest(identity, model, trained_as_of.isoformat(), first, last, CODE_VERSION, columns, metrics, hashes)
    folder = root / model / identity
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**contents, "manifest.json": _json_bytes(asdict(manifest))}.items():
        _write(folder / name, content)
    return manifest


def publish(root: Path, manifest: Manifest) -> None:
    """Record that this model passed its gate. Publishing it twice changes nothing."""
    if manifest.id in {entry["id"] for entry in _published(root, manifest.model)}:
        return
    with (root / manifest.model / "published.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": manifest.id, "trained_as_of": manifest.trained_as_of}) + "\n")


def last_good(root: Path, model: str, as_of: date) -> Manifest | None:
    """The published model with the latest as-of date before `as_of`: a repeated or backdated run sees what the first one saw."""
    earlier = [entry for entry in _published(root, model) if entry["trained_as_of"] < as_of.isoformat()]
    return read_manifest(root, model, max(earlier, key=lambda entry: entry["trained_as_of"])["id"]) if earlier else None


def read_manifest(root: Path, model: str, identity: str) -> Manifest:
    """The manifest of model `identity`. Raises ArtifactError when it is missing or of other code."""
    path = root / model / identity / "manifest.json"
    if not path.is_file():
        raise ArtifactError(f"{path}: missing, though {model} lists it as published; restore it or remove its line from published.jsonl")
    manifest = Manifest(**json.loads(path.read_text(encoding="utf-8")))
    if manifest.code_version != CODE_VERSION:
        raise ArtifactError(f"{path}: written by code version {manifest.code_version}, this is {CODE_VERSION}; train again")
    return manifest


def load(root: Path, manifest: Manifest) -> tuple[dict[str, Any], dict[str, NDArray]]:
    """Description and arrays of a saved model. Raises ArtifactError when a file is missing or not what was written."""
    contents = {name: _verified(root / manifest.model / manifest.id / name, manifest.sha256[name]) for name in _FILES}
    with np.load(io.BytesIO(contents["arrays.npz"]), allow_pickle=False) as stored:
        return json.loads(contents["model.json"]), {name: stored[name] for name in stored.files}


def _verified(path: Path, expected: str) -> bytes:
    if not path.is_file():
        raise ArtifactError(f"{path}: missing; train again")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != expected:
        raise ArtifactError(f"{path}: not the file that was written (its hash differs from the manifest's); train again")
    return content


def _published(root: Path, model: str) -> list[dict[str, str]]:
    path = root / model / "published.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def _json_bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, indent=1).encode()


def _array_bytes(arrays: dict[str, NDArray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a crash leaves the old file or none."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)
