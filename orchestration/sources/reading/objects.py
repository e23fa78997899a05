"""Exported files in an object store: everything below a URL such as `s3://bucket/exports`, whatever fsspec reaches.

Comes in: a URL, options of the store. Goes out: the same as of a folder. All is listed once a run; an object that changed, by its ETag or
else by the time of its last change, is fetched into the scratch folder. Stores have errors of their own kinds, all of which are one line,
and clients that wait for ever: a list and an object have as long as their size asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from orchestration.contract import INPUT_TABLES
from orchestration.sources.base import SourceError
from orchestration.sources.reading.deadline import LISTING, TooLateError, for_bytes, within
from orchestration.sources.reading.folder import HIDDEN, not_read, place_of
from orchestration.sources.reading.formats import suffix_of

# What stores call the thing that changes with an object: its content's tag, else the time of the change.
_VERSIONS = ("ETag", "etag", "content_md5", "md5Hash", "LastModified", "last_modified", "updated", "mtime", "created")
Answer = TypeVar("Answer")


class Objects:
    """The objects below `url`. `options`: what fsspec's class for the store takes, such as key, secret and endpoint_url of S3.

    timeout_minutes  how long listing, or fetching one object, may take, where that is not as long as its size asks for
    """

    def __init__(self, url: str, options: Mapping[str, Any], timeout_minutes: int | None = None) -> None:
        self._url, self._options, self._minutes = url.rstrip("/"), dict(options), timeout_minutes

    def check(self) -> None:
        """Raise SourceError when nothing can be listed there."""
        if not self._found:
            raise SourceError(f"{self._url}: there are no objects below it; correct `path` of the files source")

    def parts(self, table: str) -> list[str]:
        """The objects of `table`: `<table>.<suffix>`, or anything that is read below `<table>/`."""
        named = (path for path in self._paths if suffix_of(path) and path.parts[0].split(".")[0] == table)
        own = [path for path in named if len(path.parts) == 1 or path.parts[0] == table]
        return [path.as_posix() for path in sorted(own, key=place_of)]

    def unread(self) -> list[str]:
        """What is not read, one line each."""
        read = {part for table in INPUT_TABLES for part in self.parts(table)}
        others = [path for path in self._paths if path.as_posix() not in read and path.stem.lower() != "readme"]
        return [not_read(path.as_posix(), is_folder=False) for path in others]

    def stamp(self, part: str) -> Mapping[str, Any]:
        """Size and version of an object as they are listed."""
        return _stamp(self._found[part])

    def is_settled(self, stamp: Mapping[str, Any]) -> bool:
        """Whether the store tells a version: without one, only the content can say what has changed."""
        return stamp["version"] is not None

    def fetched(self, part: str, scratch: Path) -> Path:
        """A copy of the object, which has not changed since it was listed."""
        target = scratch / f"fetched-{part.replace('/', '-')}"
        self._asked(lambda: self._store.get_file(f"{self._root}/{part}", str(target)), part, for_bytes(int(self.stamp(part)["size"])))
        now = self._asked(lambda: self._store.info(f"{self._root}/{part}"), part)
        if _stamp(now)["size"] != target.stat().st_size or _stamp(now) != self.stamp(part):
            raise SourceError(f"{part}: the file changed while it was read; it is read again on the next run")
        return target

    @cached_property
    def _paths(self) -> list[PurePosixPath]:
        listed = [PurePosixPath(part) for part in sorted(self._found)]
        return [path for path in listed if not any(piece.startswith(HIDDEN) for piece in path.parts)]

    @cached_property
    def _found(self) -> dict[str, Mapping[str, Any]]:
        """Part → what the store tells of it."""
        told = self._asked(lambda: self._store.find(self._root, detail=True), "")
        return {
            name.removeprefix(self._root).lstrip("/"): info for name, info in told.items() if info["type"] == "file" and name != self._root
        }

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        import fsspec

        store, root = fsspec.core.url_to_fs(self._url, **{"use_listings_cache": False, **self._options})
        return store, root.rstrip("/")

    @property
    def _store(self) -> Any:
        return self._opened[0]

    @property
    def _root(self) -> str:
        return self._opened[1]

    def _asked(self, ask: Callable[[], Answer], part: str, seconds: float = LISTING) -> Answer:
        where = f"{self._url}/{part}" if part else self._url
        try:
            return within(self._minutes * 60 if self._minutes else seconds, ask)
        except TooLateError as error:
            wait = "look at the network, or let it take longer with `timeout_minutes` of the source"
            raise SourceError(f"{where}: has not come within {error}, and is read in the next night; {wait}") from error
        except FileNotFoundError as error:
            raise SourceError(f"{where}: is not there; correct `path` of the files source, or export it again") from error
        except PermissionError as error:
            raise SourceError(f"{where}: is refused; check the credentials in `options` and what they may read and list") from error
        except ImportError as error:
            raise SourceError(f"{where}: needs a package that is not installed ({error.name}); install it beside this one") from error
        except Exception as error:  # a store that cannot be reached says so in a class of its own; messages may hold the key
            raise SourceError(f"{where}: cannot be read ({type(error).__name__}); check the URL, `options` and the network") from error


def _stamp(told: Mapping[str, Any]) -> dict[str, Any]:
    version = next((told[name] for name in _VERSIONS if told.get(name) is not None), None)
    version = version.timestamp() if isinstance(version, datetime) else version  # a list may tell it as a number
    return {"size": told["size"], "version": None if version is None else str(version).strip('"')}
