"""The targets of `serving` one by one: what the settings say of each, and what became of it.

Comes in: the settings and a release. Goes out: an account a target, or one line of why not. Used by the night, `serve` and `rollback`.
"""

from __future__ import annotations

from typing import Any

from orchestration import releases
from orchestration.configuration.parts import REFERENCE
from orchestration.releases import Release
from orchestration.serving import SERVERS, Served, ServingError
from orchestration.settings import Settings


def serve_all(settings: Settings, release: Release) -> tuple[dict[str, Served], list[str]]:
    """Target → its account, and a line for each that did not get `release`; one that fails holds up none of the others."""
    accounts: dict[str, Served] = {}
    failures: list[str] = []
    at_home = releases.intact(settings.home)
    with release.pinned():
        for target in settings.serving:
            options: dict[str, Any] = target.model_dump(exclude={"type", "name"}, by_alias=True)
            options["url"] = _url(settings, target.url)
            try:
                accounts[target.name] = SERVERS[target.type](release, at_home, **options)
            except ServingError as error:
                failures.append(f"serving {target.name}: {error}")
    return accounts, failures


def _url(settings: Settings, said: str) -> str:
    """Where a target is: what a reference stands for, a URL as it is, a folder as an absolute path."""
    return settings.secret(said) if REFERENCE.match(said) else settings.resolve(said)
