"""Model files: JSON and plain arrays with a manifest, found by what they learnt from, checked by hash, never unpickled.

Comes in: a model that passed its gate, as a description (JSON-able) and arrays. Goes out: `<root>/<model>/<id>/{model.json,
arrays.npz, manifest.json}` and one line in `<root>/<model>/published.jsonl` for the first night that used it.
The id carries the model's name, the day by which all it learnt from was known, and the fingerprint of that: the same training
has the same id in every home, whichever night did it. The last good model is looked up in published.jsonl; the newest file
name is never trusted.
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

CODE_VERSION = "7"  # raise it when a saved model would mean something else to newer code
_FILES = ("model.json", "arrays.npz")


class ArtifactError(Exception):
    """A model file is missing, changed, or written by other code; the message says which and what to do."""


@dataclass(frozen=True)
class Manifest:
    """What a saved model is: the data it saw, the code that made it, what it was judged by, and the hash of each file.

    `trained_as_of`: the day by which all it learnt from was known. `measured`: rows of `model_runs`, NULL for what has no value.
    """

    id: str
    model: str
    trained_as_of: str
    fingerprint: str
    data_from: str | None
    data_to: str | None
    code_version: str
    columns: list[str]
    measured: list[dict[str, Any]]
    sha256: dict[str, str]


def save(
    root: Path,
    model: str,
    described: dict[str, Any],
    arrays: dict[str, NDArray],
    *,
    trained_as_of: date,
    fingerprint: str,
    window: tuple[date, date] | None,
    columns: list[str],
    measured: list[dict[str, Any]],
) -> Manifest:
    """Write a model and its manifest; saving the same again changes nothing. `window`: first and last cut-off used."""
    contents = dict(zip(_FILES, (_json_bytes(described), _array_bytes(arrays)), strict=True))
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    first, last = (None, None) if window is None else (window[0].isoformat(), window[1].isoformat())
    identity = _identity(model, trained_as_of, fingerprint)
    manifest = Manifest(identity, model, trained_as_of.isoformat(), fingerprint, first, last, CODE_VERSION, columns, measured, hashes)
    folder = root / model / identity
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**contents, "manifest.json": _json_bytes(asdict(manifest))}.items():
        write_whole(folder / name, content)
    return manifest


def find(root: Path, model: str, trained_as_of: date, fingerprint: str) -> Manifest | None:
    """The model that was fitted with this fingerprint, if the store has it. Raises ArtifactError when its manifest cannot be read."""
    identity = _identity(model, trained_as_of, fingerprint)
    if not (root / model / identity / "manifest.json").exists():  # it is written last: without it nothing was saved
        return None
    manifest = read_manifest(root, model, identity)
    return manifest if manifest.fingerprint == fingerprint else None


def publish(root: Path, manifest: Manifest, as_of: date) -> None:
    """Record that the night `as_of` uses this model, unless an earlier night is known to have used it."""
    first = _first_nights(root, manifest.model).get(manifest.id)
    if first is None or as_of.isoformat() < first["as_of"]:
        line = {"id": manifest.id, "trained_as_of": manifest.trained_as_of, "as_of": as_of.isoformat(), "code_version": CODE_VERSION}
        path = root / manifest.model / "published.jsonl"
        before = path.read_bytes() if path.is_file() else b""
        write_whole(path, before + json.dumps(line).encode() + b"\n")


def last_good(root: Path, model: str, as_of: date) -> Manifest | None:
    """Of the models that nights before `as_of` used, the one that learnt from the newest data; of several, the one used last.

    A night that is repeated, or run after a newer one, sees what it would have seen then.
    """
    earlier = [entry for entry in _first_nights(root, model).values() if entry["as_of"] < as_of.isoformat()]
    newest = max(earlier, key=lambda entry: (entry["trained_as_of"], entry["as_of"], entry["id"]), default=None)
    return None if newest is None else read_manifest(root, model, newest["id"])


def read_manifest(root: Path, model: str, identity: str) -> Manifest:
    """The manifest of model `identity`. Raises ArtifactError when it is missing, unreadable or of other code."""
    path = root / model / identity / "manifest.json"
    if not path.is_file():
        raise ArtifactError(f"{path}: missing; restore it, or remove its lines from published.jsonl")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["code_version"] != CODE_VERSION:
            raise ArtifactError(f"{path}: written by code version {content['code_version']}, this is {CODE_VERSION}; train again")
        return Manifest(**content)
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: not the file that was written ({type(error).__name__}); train again") from error


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


def _identity(model: str, trained_as_of: date, fingerprint: str) -> str:
    return f"{model}-{trained_as_of.isoformat()}-{fingerprint[:12]}"


def _first_nights(root: Path, model: str) -> dict[str, dict[str, str]]:
    """Per published model that this code can read, the line of the first night that used it."""
    path = root / model / "published.jsonl"
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []
        readable = [line for line in lines if line.get("code_version") == CODE_VERSION]
        return {line["id"]: line for line in sorted(readable, key=lambda line: line["as_of"], reverse=True)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"{path}: not the file that was written; remove {root}, all models are fitted again") from error


def _json_bytes(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, indent=1).encode()


def _array_bytes(arrays: dict[str, NDArray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all: a crash leaves the old file or none."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)
