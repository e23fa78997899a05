"""Publishing, rolling back and pruning: the moves of the one pointer, and what may be deleted around it.

Comes in: a finished candidate, or the id of a release. Goes out: the pointer `releases/current`, replaced in one step.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from orchestration.releases.layout import (
    DATABASE,
    MANIFEST,
    POINTER,
    UNFINISHED,
    flush,
    is_id,
    link_atomically,
    private_folder,
    releases_folder,
)  # fmt: skip
from orchestration.releases.manifest import ReleaseError, UnknownReleaseError
from orchestration.releases.reading import Release, current_id, ids, newest_known_id, open_release


def publish(candidate: str | Path) -> Release:
    """Give `candidate` its final name and point to it. Raises ReleaseError and leaves the pointer alone when that fails."""
    candidate = Path(candidate)
    if not candidate.name.startswith(UNFINISHED):
        raise ReleaseError(f"{candidate}: is not a candidate that `build` made; build one first")
    release = open_release(candidate)
    final = candidate.with_name(release.id)
    try:
        os.rename(candidate, final)
        flush(final.parent)
        _point(final.parent.parent, release.id)
    except OSError as error:
        raise ReleaseError(f"release {release.id} is not published: {error.strerror}; the release before it is still served") from error
    return Release(final.resolve(), release.manifest)


def rollback(home: str | Path, release_id: str) -> Release:
    """Serve `release_id` again. Raises ReleaseError when it is not there or its files are not what they were."""
    folder = releases_folder(home).resolve() / release_id
    if not is_id(release_id) or not folder.is_dir():
        raise UnknownReleaseError(f"there is no release {release_id!r}; `python -m orchestration releases` lists them")
    release = open_release(folder)
    release.verify()
    _point(Path(home), release_id)
    return release


def prune(home: str | Path, keep: int) -> list[str]:
    """Delete all but the newest `keep` releases, the served one, that of the last as-of date and pinned ones; returns which are gone.

    Nights of long ago that are run again are made last, and must not push out the one that knows what people have said since.
    """
    served, needed = current_id(home), newest_known_id(home)
    beyond = [name for name in ids(home) if name != served][max(keep, 0) :]
    return [name for name in beyond if name != needed and _deleted(releases_folder(home).resolve() / name)]


def clean_leftovers(home: str | Path) -> None:
    """Remove what crashed builds and publishes left behind; no reader ever knew of it."""
    for entry in releases_folder(home).iterdir():
        if entry.name.startswith(UNFINISHED):
            shutil.rmtree(entry)
        elif entry.is_symlink() and entry.name.startswith(f".{POINTER}."):
            entry.unlink()


def _point(home: Path, release_id: str) -> None:
    link_atomically(releases_folder(home) / POINTER, release_id)
    # Leads through `current`: the serving file and the pointer can never disagree.
    serving, target = private_folder(home / "serving") / DATABASE, os.path.join("..", "releases", POINTER, DATABASE)
    if not serving.is_symlink() or os.readlink(serving) != target:
        link_atomically(serving, target)


def _deleted(release: Path) -> bool:
    pin = release / MANIFEST
    handle = os.open(pin if pin.exists() else release, os.O_RDONLY)  # one that lost its manifest cannot have been pinned
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # a reader pinned it
    else:
        # Out of the listing in one step, so that a crash half way through leaves no half release behind.
        doomed = release.with_name(f"{UNFINISHED}{release.name}")
        os.rename(release, doomed)
        shutil.rmtree(doomed)
        return True
    finally:
        os.close(handle)
