"""The manifest: what a release is, what it holds and how it was judged, as one JSON file.

Comes in: facts of the run and of the files written. Goes out: `manifest.json`, and its reading back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orchestration.releases.layout import MANIFEST

FORMAT = 1


class ReleaseError(Exception):
    """A release cannot be made, found or read; the message is one line that says what, where and what to do."""


class UnknownReleaseError(ReleaseError):
    """Somebody asked for a release that is not there."""


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def described_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Name → bytes and SHA-256 of every file in `folder` but the manifest."""
    files = sorted(file for file in folder.iterdir() if file.name != MANIFEST)
    return {file.name: {"bytes": file.stat().st_size, "sha256": digest(file)} for file in files}


def write(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest of the release in `folder`."""
    (folder / MANIFEST).write_text(json.dumps(content, indent=1, sort_keys=True, default=_plain) + "\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """The manifest in `folder`. Raises ReleaseError when it is missing or is not one of ours."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReleaseError(f"{folder}: has no {MANIFEST}, so it is no release") from None
    except ValueError as error:
        raise ReleaseError(f"{folder / MANIFEST}: is not valid JSON; roll back to another release") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ReleaseError(f"{folder / MANIFEST}: is of another format than {FORMAT}; read it with the version that wrote it")
    return content


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "item"):  # a NumPy scalar
        return value.item()
    return str(value)
