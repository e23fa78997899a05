"""Lists as a vendor pages them, kept: several tables are made of one list, and no page is asked for twice.

Comes in: ways to ask for the pages behind a page. Goes out: pages (JSON objects), from a file with one on each line. Where much is to be
read, the file lies beside landing until what it holds has landed (`goes_on`), so that a run after a killed one goes on behind the last
page. Such a list is as old as its first page, `began`: from there the next night asks for changes, so that what changed while nobody read
is not missed. After a week all that was begun is forgotten, and so it is where the account, or what is asked of it, is another (`mark`).
"""

from __future__ import annotations

import hashlib
import json
import mmap
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from orchestration.sources.base import Bench
from orchestration.sources.http.refusals import RefusedError
from orchestration.sources.reading.ahead import ahead
from orchestration.sources.reading.json_text import parsed, written

Page = Mapping[str, Any]
Ask = Callable[[Page | None], Iterable[Page]]
Way = Callable[[Iterable[Page]], Iterator[Page]]
_KEPT_FOR = timedelta(days=7)
_NO_LONGER_KNOWN = (400, 404, 410, 422)  # what a vendor answers to a place in a list that it has forgotten


class Pages:
    """What one source is answered. `most` pages are read of a list where somebody only wants to see a few rows."""

    def __init__(self, source: str, told: Any, now: Callable[[], datetime]) -> None:
        """`told`: whatever decides what is answered, credentials included; nobody can read them out of so short a hash."""
        self._source, self._now = source, now
        self._mark = hashlib.sha256(repr(told).encode()).hexdigest()[:12]
        self._open = set[str]()
        self._is_ours = False
        self.most: int | None = None

    def of(self, name: str, ask: Ask, bench: Bench, *, goes_on: bool = False, are_large: bool = False) -> Iterator[Page]:
        """The pages of the list `name`. `ask` gives those behind a page, or all; only of a list that `goes_on` those behind a page.

        are_large  a thread asks for the next page while one is worked on: for tens of thousands of rows, which are not made objects of
        """
        path = self._folder(bench, goes_on) / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.jsonl"
        if name in self._open:  # somebody reads it at this moment
            yield from ask(None)
            return
        self._open.add(name)
        try:
            yield from self._read(path, ask, goes_on, ahead if are_large else iter)
        finally:
            self._open.discard(name)

    def objects(self, name: str, key: str, ask: Ask, bench: Bench, *, goes_on: bool = False) -> Iterator[Any]:
        """What the pages hold under `key`, one by one."""
        return chain.from_iterable(page[key] for page in self.of(name, ask, bench, goes_on=goes_on))

    def began(self, bench: Bench) -> datetime:
        """When the first list that goes on was begun, maybe by a run that was killed; now where none can go on."""
        return self._now() if bench.begun is None else datetime.fromisoformat(self._begun(bench.begun)["at"])

    def stood(self, bench: Bench, ask: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Where the account stood when the first list that goes on was begun; `ask` says where it stands now."""
        if bench.begun is None:
            return dict(ask())
        known = self._begun(bench.begun)
        if "stood" not in known:
            known["stood"] = dict(ask())
            _told(bench.begun).write_text(json.dumps(known), encoding="utf-8")
        return dict(known["stood"])

    def _read(self, path: Path, ask: Ask, goes_on: bool, way: Way) -> Iterator[Page]:
        done = path.with_suffix(".done")
        fresh: Iterator[Page] = iter(())
        if not done.exists():
            last = _last_whole(path) if goes_on else None
            fresh, is_known = self._behind(ask, last, way)
            if not is_known:
                path.unlink(missing_ok=True)
        yield from _pages(path)
        with path.open("ab") as file:
            for page in fresh:
                file.write(written(page) + b"\n")
                file.flush()
                yield page
        done.touch()

    def _behind(self, ask: Ask, last: Page | None, way: Way) -> tuple[Iterator[Page], bool]:
        """The pages behind `last`, and whether the vendor still knows it; else all."""
        if last is not None:
            rest = self._asked(ask, last, way)
            try:
                return chain([*islice(rest, 1)], rest), True
            except RefusedError as error:
                if error.status not in _NO_LONGER_KNOWN:
                    raise
        return self._asked(ask, None, way), False

    def _asked(self, ask: Ask, last: Page | None, way: Way) -> Iterator[Page]:
        return way(ask(last)) if self.most is None else islice(ask(last), self.most)

    def _folder(self, bench: Bench, goes_on: bool) -> Path:
        if goes_on and bench.begun is not None:
            self._begun(bench.begun)
            return bench.begun
        folder = bench.scratch / f"{self._source}-pages"
        folder.mkdir(exist_ok=True)
        return folder

    def _begun(self, folder: Path) -> dict[str, Any]:
        """What is known of the lists that go on in `folder`; of others than ours, or old ones, nothing is left."""
        if not self._is_ours:
            known = _known(_told(folder))
            if known.get("mark") != self._mark or self._now() - datetime.fromisoformat(known["at"]) >= _KEPT_FOR:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                _told(folder).write_text(json.dumps({"mark": self._mark, "at": self._now().isoformat()}), encoding="utf-8")
            self._is_ours = True
        return _known(_told(folder))


def _told(folder: Path) -> Path:
    return folder / "began.json"


def _known(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):  # none was begun, or a run was killed while it began
        return {}


def _last_whole(path: Path) -> Page | None:
    """The last page that was written whole; what comes behind it is cut off."""
    if not path.exists() or not path.stat().st_size:
        return None
    with path.open("rb+") as file:
        with mmap.mmap(file.fileno(), 0) as content:
            end = content.rfind(b"\n") + 1
            line = content[content.rfind(b"\n", 0, max(0, end - 1)) + 1 : end]
        file.truncate(end)
    return parsed(line) if line else None


def _pages(path: Path) -> Iterator[Page]:
    if path.exists():
        with path.open("rb") as file:
            yield from map(parsed, file)
