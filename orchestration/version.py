"""What made a release: the code that ran, the packages it ran on, and the configuration it ran with."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from orchestration.dbt import project_hash
from orchestration.settings import Settings

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("orchestration", "ml", "expectations")


@cache
def code_version() -> str:
    """Sixteen hex digits over every Python file of the packages and every file that dbt reads."""
    digest = hashlib.sha256(project_hash().encode())
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*.py")):
            digest.update(str(path.relative_to(_ROOT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def config_hash(settings: Settings) -> str:
    """Sixteen hex digits over what the configuration says, wherever it lies; secrets are references there."""
    return _hash(_said(settings))


def configuration(settings: Settings) -> dict[str, Any]:
    """Place in the configuration → its value; of connections, which may carry paths and addresses, a hash that tells only of changes."""
    said = _said(settings)
    told = {place: value for part in ("company", "settings") for place, value in _places(said.pop(part), part)}
    return told | {place: _hash(value) for part in sorted(said) for place, value in _places(said[part], part)}


def packages() -> dict[str, str]:
    """Installed distribution → its version, Python's own included."""
    found = {one.name.lower(): one.version for one in metadata.distributions()}
    return {"python": platform.python_version()} | dict(sorted(found.items()))


def _said(settings: Settings) -> dict[str, Any]:
    said = settings.model_dump(mode="json", exclude={"config_path", "home"})
    return {"settings" if name == "tuning" else name: value for name, value in said.items()}


def _places(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every leaf of the configuration with its path, parts of a list by their number; an empty list or mapping says nothing."""
    if not isinstance(value, dict | list):
        yield place, value
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _places(inner, f"{place}.{key}")


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
