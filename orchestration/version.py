"""What made a release: a hash of the code that ran and a hash of the configuration it ran with."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

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
    said = settings.model_dump(mode="json", exclude={"config_path", "home"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
