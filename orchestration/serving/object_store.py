"""A release as Parquet in a folder or an object store, whatever fsspec reaches: `s3://`, `gs://`, `az://`, a path.

Comes in: a release and a URL. Goes out: `<url>/<folder>/<table>.parquet`, then `manifest.json`, last of all `<url>/current.json`, which
names the folder: the release's id, or, where that is there with other content, since a person was erased from it or `personal` was said
otherwise, the id and a fingerprint of what it holds now.
No file of a release that is served is ever written again. A folder without a manifest is no release: it was never finished. Credentials are
those of the environment (`AWS_PROFILE` and so on).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.releases import Release
from orchestration.releases.layout import write_atomically
from orchestration.serving.base import Served, ServingError, fingerprint, marks, served, tables_of

MANIFEST, POINTER = "manifest.json", "current.json"
Content = tuple[str, frozenset[str]]  # the fingerprint of a whole release, and which of its tables are handed on
# Stores without folders: what a URL names first is a bucket.
_BUCKETS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci"}
_FOLDER = re.compile(r"^(\d{8}T\d{12}_as_of_\d{8})(_[0-9a-f]{8})?$")


def serve(release: Release, at_home: Sequence[Release], url: str, *, personal: bool = False, kept: int = 14) -> Served:
    """Copy `release` below `url` and point to it; of those `at_home`, the newest `kept` stay there.

    Raises ServingError; the pointer then stays.
    """
    import fsspec

    tables = tables_of(release, personal=personal)
    try:
        store, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        folder, is_new = _place(store, root, release, tables)
        if is_new:
            _drop(store, f"{root}/{folder}")
            _copy(store, f"{root}/{folder}", release, tables)
        pointed = _point(store, root, folder, release)
        _prune(store, root, kept, folder, {one.id: (fingerprint(one), _wanted(one, personal)) for one in at_home})
    except Exception as error:  # each store has errors of its own, whose messages may hold a key
        raise ServingError(f"{url}: release {release.id} is not served there: {_why(error)}; what was served before stays") from error
    return served(release, tables, is_new=is_new or pointed)


def _why(error: Exception) -> str:
    """What is wrong and what to do. Of errors that only one store has, which one it was is all that can be told."""
    if isinstance(error, FileNotFoundError):
        return "there is no such bucket; make it, or correct the URL"
    if isinstance(error, PermissionError):
        return "it is refused; check the credentials in the environment, and that they may list, read, write and delete there"
    if isinstance(error, ImportError):
        return f"it needs a package that is not installed ({error.name}); install it beside this one"
    return f"{type(error).__name__}; check the URL, the network and the credentials in the environment"


def _wanted(release: Release, personal: bool) -> frozenset[str]:
    return frozenset(tables_of(release, personal=personal))


def _place(store: Any, root: str, release: Release, tables: list[str]) -> tuple[str, bool]:
    """The folder of the release with these tables, and whether it has still to be written: never one that a reader may be in."""
    content = fingerprint(release), frozenset(tables)
    folders = release.id, *(f"{release.id}_{mark}" for mark in marks(release, tables))
    free = []
    for folder in folders:
        held = _held(store, f"{root}/{folder}")
        if held == content:
            return folder, False
        free += [] if held else [folder]
    return (free or folders[-1:])[0], True


def _copy(store: Any, folder: str, release: Release, tables: list[str]) -> None:
    if not _BUCKETS & _protocols(store):  # there it would make the bucket of a URL that is misspelt
        store.makedirs(folder, exist_ok=True)
    for table in tables:
        store.put_file(str(release.table_file(table)), f"{folder}/{table}.parquet")
    told = {
        **release.manifest,
        "fingerprint": fingerprint(release),
        "tables": {table: release.manifest["tables"][table] for table in tables},
    }
    told["files"] = {f"{table}.parquet": release.manifest["files"][f"{table}.parquet"] for table in tables}
    _write(store, f"{folder}/{MANIFEST}", json.dumps(told, indent=1, sort_keys=True).encode())


def _point(store: Any, root: str, folder: str, release: Release) -> bool:
    """Let `current.json` name the release and its folder; False when it did."""
    pointer, wanted = f"{root}/{POINTER}", {"release_id": release.id, "folder": folder, "as_of": release.as_of.isoformat()}
    if _read(store, pointer) == wanted:
        return False
    _write(store, pointer, json.dumps(wanted).encode())
    return True


def _prune(store: Any, root: str, kept: int, current: str, at_home: Mapping[str, Content]) -> None:
    """Of older releases the newest stay, unless the home has them no longer, or with other content: a person was erased from them, or their
    personal tables are to stay at home now.
    """
    names = sorted((entry.rstrip("/").rsplit("/", 1)[-1] for entry in store.ls(root, detail=False)), reverse=True)
    others = [(name, found[1]) for name in names if (found := _FOLDER.match(name)) and name != current]
    wanted = [name for name, release in others if _stays(_held(store, f"{root}/{name}"), at_home.get(release))][: kept - 1]
    for name, _ in others:
        if name not in wanted:
            _drop(store, f"{root}/{name}")


def _stays(held: Content | None, wanted: Content | None) -> bool:
    """Whether what is held may stay: fewer tables than are wanted now leak nothing."""
    return held is not None and wanted is not None and held[0] == wanted[0] and held[1] <= wanted[1]


def _held(store: Any, folder: str) -> Content | None:
    """What the release in `folder` holds; None when none was finished there."""
    told = _read(store, f"{folder}/{MANIFEST}")
    return None if told is None else (str(told["fingerprint"]), frozenset(told["tables"]))


def _read(store: Any, file: str) -> dict[str, Any] | None:
    """What a file of JSON says; None where there is none, or where writing it was broken off."""
    if not store.exists(file):
        return None
    try:
        told = json.loads(store.cat_file(file))
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _write(store: Any, file: str, content: bytes) -> None:
    """An object is there whole or not at all; a file of a folder has to be made so: readers look for it all the while."""
    if "file" in _protocols(store):
        write_atomically(Path(file), content)
    else:
        store.pipe_file(file, content)


def _protocols(store: Any) -> set[str]:
    """What URLs of the store begin with: fsspec's classes say a word or several."""
    return {store.protocol} if isinstance(store.protocol, str) else set(store.protocol)


def _drop(store: Any, folder: str) -> None:
    """Remove a release, its manifest first, so that none is ever half there."""
    if store.exists(f"{folder}/{MANIFEST}"):
        store.rm_file(f"{folder}/{MANIFEST}")
    if store.exists(folder):
        store.rm(folder, recursive=True)
