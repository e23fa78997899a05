"""Where exported files lie: a folder of this machine, or a prefix of an object store that fsspec reaches.

Comes in: a path or a URL. Goes out: parts (paths below it), what tells that one has changed, and the file itself on this machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG
from time import time_ns
from typing import Any, Protocol

from orchestration.sources.base import SourceError
from orchestration.sources.reading.folder import files_of, unread

# A file changed again within this time of being read may keep its size and time (file systems tick in milliseconds): look again next run.
RACY_NS = 2_000_000_000


class Place(Protocol):
    """A place with exported files."""

    def check(self) -> None:
        """Raise SourceError when nothing can be listed there."""
        ...

    def parts(self, table: str) -> list[str]:
        """The files of `table`, in the order in which later ones count."""
        ...

    def unread(self) -> list[str]:
        """What lies there and is not read, one line each."""
        ...

    def stamp(self, part: str) -> Mapping[str, Any]:
        """What is the same as long as the file is, for nearly nothing. Raises SourceError when the file cannot be seen."""
        ...

    def is_settled(self, stamp: Mapping[str, Any]) -> bool:
        """Whether a file that changes again will have another stamp."""
        ...

    def fetched(self, part: str, scratch: Path) -> Path:
        """The file on this machine. Raises SourceError when it cannot be had."""
        ...


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> None:
        """Raise SourceError when there is no folder."""
        if not self._path.is_dir():
            raise SourceError(f"{self._path}: there is no such folder; correct `path` of the files source")

    def parts(self, table: str) -> list[str]:
        """The files of `table`."""
        return [path.relative_to(self._path).as_posix() for path in files_of(self._path, table)]

    def unread(self) -> list[str]:
        """What is not read."""
        return unread(self._path)

    def stamp(self, part: str) -> Mapping[str, Any]:
        """Size and time of the last change."""
        try:
            status = (self._path / part).stat()
        except OSError as error:
            raise SourceError(f"{part}: the file cannot be read ({error.strerror}); rows landed from it stay") from error
        if not S_ISREG(status.st_mode):  # a pipe is waited on for ever
            raise SourceError(f"{part}: is a pipe or a device and no file; export it as a file")
        return {"size": status.st_size, "mtime_ns": status.st_mtime_ns}

    def is_settled(self, stamp: Mapping[str, Any]) -> bool:
        """Whether the last change is long enough ago."""
        return time_ns() - int(stamp["mtime_ns"]) > RACY_NS

    def fetched(self, part: str, scratch: Path) -> Path:
        """The file as it lies there."""
        return self._path / part


def sha256(path: Path, part: str) -> str:
    """The hash of a file's content."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{part}: the file cannot be read ({error.strerror}); let the user of this process read it") from error
