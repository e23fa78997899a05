"""The journal of an erasure that is under way: what is needed to end it, wherever it was stopped.

Comes in: a subject and a plan. Goes out: `state/erasures/<id>.journal.json`, which names the person, and goes when the receipt, which
does not, is written. Every file is noted before it is replaced: its checksum of before is lost afterwards.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.landing import Holding
from orchestration.privacy.subject import Subject
from orchestration.releases.manifest import digest

SUFFIX = ".journal.json"


@dataclass
class Journal:
    """One erasure that has begun. `files`: path below the home → checksum before, rows that left, rows cleared of mentions."""

    path: Path
    subject: Subject
    began: str
    holdings: list[Holding] = field(default_factory=list)
    remainder: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The name of the erasure; says nothing about whom."""
        return self.path.name.removesuffix(SUFFIX)

    def note(self, home: Path, path: Path, rows: int, mentions: int) -> None:
        """Write down that `path` is about to be replaced."""
        shown = path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path)
        if shown not in self.files and path.exists():
            self.files[shown] = {"rows_removed": rows, "rows_cleared": mentions, "sha256_before": digest(path)}
            self.save()

    def save(self) -> None:
        """On disk before the next step begins."""
        content = {
            "began": self.began,
            "subject": self.subject.as_json(),
            "holdings": [held.as_json() for held in self.holdings],
            "remainder": self.remainder,
            "files": self.files,
            "facts": self.facts,
        }
        write_durably(self.path, json.dumps(content))


def begin(folder: Path, subject: Subject) -> Journal:
    """A journal that is not on disk yet: until it is saved, nothing has begun."""
    now = datetime.now(UTC)
    return Journal(folder / f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}{SUFFIX}", subject, now.isoformat(timespec="seconds"))


def unfinished(folder: Path) -> list[Journal]:
    """The erasures that were interrupted, oldest first."""
    return [_read(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def _read(path: Path) -> Journal:
    content = json.loads(path.read_text(encoding="utf-8"))
    holdings = [Holding(**held) for held in content["holdings"]]
    subject = Subject.from_json(content["subject"])
    return Journal(path, subject, content["began"], holdings, content["remainder"], content["files"], content["facts"])


def write_durably(path: Path, text: str) -> None:
    """Write `text` for its owner only, whole or not at all, and wait until it is on disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    waiting = path.with_name(f".{path.name}.part")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(waiting, path)
