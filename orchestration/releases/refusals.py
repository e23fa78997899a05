"""Refused nights: why the served release is older than it should be, in one small file that `status` and the page's banner show.

Comes in: a stage and a reason, without personal values. Goes out: `state/refusals.jsonl`, one line per refused night, oldest first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration.releases.layout import made_at, private_folder
from orchestration.releases.manifest import ReleaseError
from orchestration.releases.reading import ids

_MOST_REASONS = 5


@dataclass(frozen=True)
class Refusal:
    """A night that published nothing. `as_of` and `when` are ISO-8601; `when` is UTC; `reason` has a line for each."""

    as_of: str
    when: str
    stage: str
    reason: str


def record_refusal(home: str | Path, *, as_of: date, stage: str, reasons: Sequence[str]) -> Refusal:
    """Append a refusal; returns it."""
    lines = [" ".join(reason.split()) for reason in reasons[:_MOST_REASONS]]
    lines += [f"and {len(reasons) - _MOST_REASONS:,} more"] if len(reasons) > _MOST_REASONS else []
    refusal = Refusal(as_of.isoformat(), datetime.now(UTC).isoformat(), stage, "\n".join(lines))
    path = private_folder(Path(home) / "state") / "refusals.jsonl"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        # The leading line break ends a line that a crash may have cut short; empty lines are skipped.
        file.write("\n" + json.dumps(asdict(refusal)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return refusal


def refusals(home: str | Path) -> list[Refusal]:
    """All refusals, oldest first. A line that a crash cut short is left out. Raises ReleaseError when the file is not what was written."""
    path = Path(home) / "state" / "refusals.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return [Refusal(**json.loads(line)) for line in lines if line.endswith("}")]
    except (ValueError, TypeError) as error:
        raise ReleaseError(f"{path}: this file is damaged; remove it, only the reasons of past refusals are lost") from error


def standing_refusal(home: str | Path) -> Refusal | None:
    """The latest refusal, if nothing was published after it, be that served still or rolled back from."""
    latest = refusals(home)[-1:]
    published = max(map(made_at, ids(home)), default=datetime.min.replace(tzinfo=UTC))
    return latest[0] if latest and datetime.fromisoformat(latest[0].when) > published else None
