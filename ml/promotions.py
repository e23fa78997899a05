"""When a new fit took the place of the one that scored, or did not: against what, by how much, and what was decided.

Comes in: a decision of one night. Goes out: `<root>/<model>/promotions.jsonl`, one line per night, challenger and champion.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ml.artifacts import ArtifactError, write_whole

FIRST, PROMOTED, KEPT = "first", "promoted", "kept"
TRIFLE = 0.001  # of what the champion reached: fits of two nights running differ by less, and often for certain
MOST = 1000  # lines: models that are fitted every night write one a night


@dataclass(frozen=True)
class Duel:
    """Challenger against champion on `judged` rows that neither has learnt from: the gain in `measure`, with its 95 % interval.

    `level`: what the champion reached.
    """

    measure: str
    judged: int
    gain: float
    low: float
    high: float
    level: float

    @property
    def is_lost(self) -> bool:
        """Whether the challenger is worse for certain, and by more than a trifle."""
        return self.high < -TRIFLE * abs(self.level)

    def told(self) -> str:
        """The gain in words."""
        interval = f"from {self.low:.4f} to {self.high:.4f}"
        return f"gain in {self.measure.replace('_', ' ')} {self.gain:.4f}, {interval}, on {self.judged} rows that neither had learnt from"


@dataclass(frozen=True)
class Promotion:
    """One night's decision. `decision`: first (nothing scored before), promoted or kept; `why` where nothing could be measured."""

    as_of: str
    challenger: str
    champion: str | None
    decision: str
    duel: Duel | None = None
    why: str | None = None


def record(root: Path, model: str, promotion: Promotion) -> None:
    """Write the decision down; the same night again replaces its line."""
    same = (promotion.as_of, promotion.challenger, promotion.champion)
    others = [one for one in recorded(root, model) if (one.as_of, one.challenger, one.champion) != same]
    kept = sorted([*others, promotion], key=lambda one: (one.as_of, one.challenger))[-MOST:]
    lines = [json.dumps(asdict(one), sort_keys=True) for one in kept]
    write_whole(_path(root, model), ("\n".join(lines) + "\n").encode())


def recorded(root: Path, model: str) -> list[Promotion]:
    """Every decision about `model`, oldest night first. Raises ArtifactError when the file is not what was written."""
    path = _path(root, model)
    if not path.is_file():
        return []
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [Promotion(**{**row, "duel": None if row["duel"] is None else Duel(**row["duel"])}) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: not the file that was written; remove it, only the record of past promotions is lost") from error


def _path(root: Path, model: str) -> Path:
    return root / model / "promotions.jsonl"
