"""A release as Parquet in a folder or an object store, whatever fsspec reaches: `s3://`, `gs://`, `az://`, a path.

Comes in: a release and a URL. Goes out: `<url>/<release id>/<table>.parquet`, then `manifest.json`, last of all `<url>/current.json`.
A folder without a manifest is no release: it was never finished. Credentials are those of the environment (`AWS_PROFILE` and so on).
"""

from __future__ import annotations

import json
import re
from typing import Any

from orchestration.releases import Release
from orchestration.serving.base import Served, ServingError, served, tables_of

MANIFEST, POINTER = "manifest.json", "current.json"
_ID = re.compile(r"^\d{8}T\d{12}_as_of_\d{8}$")


def serve(release: Release, url: str, *, personal: bool = False, kept: int = 14) -> Served:
    """Copy `release` below `url` and point to it; the newest `kept` releases stay. Raises ServingError; the pointer then stays."""
    import fsspec

    tables = tables_of(release, personal=personal)
    try:
        store, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        is_new = not store.exists(f"{root}/{release.id}/{MANIFEST}")
        if is_new:
            _copy(store, f"{root}/{release.id}", release, tables)
        pointed = _point(store, root, release)
        _prune(store, root, kept, release.id)
    except Exception as error:  # each store has errors of its own; which one it was is all that they have in common
        raise ServingError(
            f"{url}: release {release.id} is not served there ({type(error).__name__}); what was served before stays."
            " Check the URL, the credentials in the environment and what they may write"
        ) from error
    return served(release, tables, is_new=is_new or pointed)


def _copy(store: Any, folder: str, release: Release, tables: list[str]) -> None:
    store.makedirs(folder, exist_ok=True)
    for table in tables:
        store.put_file(str(release.table_file(table)), f"{folder}/{table}.parquet")
    told = {**release.manifest, "tables": {table: release.manifest["tables"][table] for table in tables}}
    told["files"] = {f"{table}.parquet": release.manifest["files"][f"{table}.parquet"] for table in tables}
    store.pipe_file(f"{folder}/{MANIFEST}", json.dumps(told, indent=1, sort_keys=True).encode())


def _point(store: Any, root: str, release: Release) -> bool:
    """Let `current.json` name the release; False when it did."""
    pointer, wanted = f"{root}/{POINTER}", {"release_id": release.id, "as_of": release.as_of.isoformat()}
    if store.exists(pointer) and json.loads(store.cat_file(pointer)) == wanted:
        return False
    store.pipe_file(pointer, json.dumps(wanted).encode())
    return True


def _prune(store: Any, root: str, kept: int, current: str) -> None:
    """Older releases lose their manifest first, so that none is ever half there."""
    names = sorted((entry.rstrip("/").rsplit("/", 1)[-1] for entry in store.ls(root, detail=False)), reverse=True)
    others = [name for name in names if _ID.match(name) and name != current]
    for name in others[max(kept - 1, 0) :]:
        if store.exists(f"{root}/{name}/{MANIFEST}"):
            store.rm_file(f"{root}/{name}/{MANIFEST}")
        store.rm(f"{root}/{name}", recursive=True)
