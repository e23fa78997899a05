"""Long lists that a run began to read, kept beside landing until what they hold has landed: a run after a killed one goes on behind them.

Comes in: a folder, what marks the account, ways to ask. Goes out: objects, and where the account stood when the first of them was read:
from there the next night asks for changes, so that what changed while nobody read is not missed. After a week all of it is forgotten.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Object = Mapping[str, Any]
_KEPT_FOR = timedelta(days=7)


class Begun:
    """The lists of one account in `folder`. `mark` is another where the account, or how it is read, is another."""

    def __init__(self, folder: Path, mark: str, now: datetime) -> None:
        self._folder, self._open = folder, set[str]()
        self._told = folder / "began.json"
        if not self._is_ours(mark, now):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            self._told.write_text(json.dumps({"mark": mark, "at": now.isoformat()}), encoding="utf-8")

    def stood(self, ask: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Where the account stood when the first list was begun; `ask` says where it stands now."""
        known = json.loads(self._told.read_text(encoding="utf-8"))
        if "stood" not in known:
            known["stood"] = dict(ask())
            self._told.write_text(json.dumps(known), encoding="utf-8")
        return dict(known["stood"])

    def listed(self, name: str, ask: Callable[[Object | None], Iterable[Object]]) -> Iterator[Object]:
        """The objects of a list; `ask` gives those behind an object, or all."""
        path = self._folder / f"{name}.jsonl"
        if name in self._open:  # somebody reads it at this moment
            yield from ask(None)
            return
        last = None
        for last in _objects(path):
            yield last
        if (done := path.with_suffix(".done")).exists():
            return
        self._open.add(name)
        try:
            with path.open("a", encoding="utf-8") as file:
                for one in ask(last):
                    file.write(json.dumps(one) + "\n")
                    yield one
            done.touch()
        finally:
            self._open.discard(name)

    def _is_ours(self, mark: str, now: datetime) -> bool:
        try:
            known = json.loads(self._told.read_text(encoding="utf-8"))
            return bool(known["mark"] == mark and now - datetime.fromisoformat(known["at"]) < _KEPT_FOR)
        except (FileNotFoundError, ValueError, KeyError):  # none was begun, or it was killed while it began
            return False


def _objects(path: Path) -> Iterator[Object]:
    """The objects that were written whole; what comes behind them is cut off."""
    if not path.exists():
        return
    whole = 0
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            yield json.loads(line)
            whole += len(line)
    if whole < path.stat().st_size:
        with path.open("rb+") as file:
            file.truncate(whole)
