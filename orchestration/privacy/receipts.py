"""Receipts: that somebody was erased, where and when, without saying who: `state/erasures/<id>.json`.

Comes in: the journal of an erasure at its end. Goes out: a JSON file; and which receipt is that of an id, told by its keyed hash.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.home import Home
from orchestration.privacy.journal import SUFFIX, Journal, write_durably
from orchestration.releases.manifest import digest

FORMAT = 1
_NOTE = (
    "Models learnt nothing from this person from the next night on, which fits them anew on what is left; published metrics name nobody."
)


def write(home: Home, begun: Journal, told: dict[str, Any]) -> Path:
    """Write the receipt of an erasure whose steps are all done; returns its path."""
    files = [
        {"file": name, **one, "sha256_after": digest(home.root / name) if (home.root / name).is_file() else None}
        for name, one in sorted(begun.files.items())
    ]
    people = begun.facts.get("people", [])
    content = {
        "format": FORMAT,
        "erasure": begun.id,
        "began": begun.began,
        "as_of": begun.facts.get("as_of"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "subject": begun.facts["subject"],
        "people": max(len(begun.subject.keys), len(people), 1),
        **({"subjects": people} if people else {}),
        "shared": begun.facts.get("shared", []),
        "records": len(begun.subject.records),
        "rows_removed": sum(one["rows_removed"] for one in begun.files.values()),
        "rows_cleared_of_mentions": sum(one["rows_cleared"] for one in begun.files.values()),
        "files": files,
        **told,
        "note": _NOTE,
    }
    path = begun.path.with_name(f"{begun.id}.json")
    write_durably(path, json.dumps(content, indent=1))
    return path


def of(home: Home, hashes: set[str]) -> list[Path]:
    """The receipts of whoever has one of these hashes, oldest first."""
    return [path for path in listed(home) if hashes & set(read(path)["subject"])]


def people(path: Path) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Whom a receipt tells apart: the hashes of each, and those of contacts that somebody had as well who was not erased with them."""
    told = read(path)
    each = told.get("subjects") or ([told["subject"]] if told.get("people") == 1 else [])
    shared = told.get("shared") or [[] for _ in each]
    return [(frozenset(own), frozenset(also)) for own, also in zip(each, shared, strict=False)]


def listed(home: Home) -> list[Path]:
    """All receipts, oldest first."""
    return [path for path in sorted(home.erasures.glob("2*.json")) if not path.name.endswith(SUFFIX)]


def read(path: Path) -> dict[str, Any]:
    """A receipt."""
    return json.loads(path.read_text(encoding="utf-8"))
