"""Where releases lie under the home folder, and how a file gets there so that a crash leaves nothing half done.

Comes in: paths. Goes out: folders and files that only their owner may read, flushed to disk before they get their final name.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

DATABASE = "rapport.duckdb"  # not marts.duckdb: a file named like its schema makes `marts.x` ambiguous
MANIFEST = "manifest.json"
POINTER = "current"
UNFINISHED = ".building-"
_MADE = "%Y%m%dT%H%M%S%f"
_OF_PERSONS = ("sync_", "fct_feedback")
_ID = re.compile(r"^\d{8}T\d{12}_as_of_\d{8}$")


def new_id(created_at: datetime, as_of: date) -> str:
    """Id of a release: sorts by the time it was made, and is a valid part of a schema name."""
    return f"{created_at:{_MADE}}_as_of_{as_of:%Y%m%d}"


def is_id(name: str) -> bool:
    """Whether `name` can be a release's id; keeps a path out of what should be a name."""
    return _ID.match(name) is not None


def is_of_persons(table: str) -> bool:
    """Whether a mart may hold addresses or free text: audiences, what became of them, and `fct_feedback`."""
    return table.startswith(_OF_PERSONS)


def as_of_in(release_id: str) -> date:
    """The as-of date that the id of a release carries."""
    return datetime.strptime(release_id[-8:], "%Y%m%d").date()


def made_at(release_id: str) -> datetime:
    """When the release of this id was made, UTC."""
    return datetime.strptime(release_id.partition("_")[0], _MADE).replace(tzinfo=UTC)


def releases_folder(home: str | Path) -> Path:
    """`<home>/releases`."""
    return Path(home) / "releases"


def private_folder(path: Path) -> Path:
    """Make `path` where it is missing, readable by its owner only."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def flush(path: Path) -> None:
    """Force `path`, a file or a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def seal(folder: Path) -> None:
    """Make every file in `folder` read-only for its owner and flush files and folder to disk."""
    for file in folder.iterdir():
        file.chmod(0o400)
        flush(file)
    flush(folder)


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path`: readers see the old file or the new one, never a part."""
    private_folder(path.parent)
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(waiting, path)
    flush(path.parent)


def link_atomically(link: Path, target: str) -> None:
    """Let the symbolic link `link` lead to `target`, replacing what it led to in one step."""
    waiting = link.with_name(f".{link.name}.{os.getpid()}")
    waiting.unlink(missing_ok=True)
    os.symlink(target, waiting)
    os.replace(waiting, link)
    flush(link.parent)
