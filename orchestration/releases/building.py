"""Building a candidate: everything a release holds, under a hidden name that no reader looks at.

Comes in: the audited warehouse and the facts of the run. Goes out: the folder `releases/.building-<id>`, flushed to disk and read-only.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.plain_words import tells_of_a_full_disk
from orchestration.releases import manifest
from orchestration.releases.comments import Comments
from orchestration.releases.layout import UNFINISHED, new_id, private_folder, releases_folder, seal
from orchestration.releases.manifest import ReleaseError
from orchestration.releases.pointing import clean_leftovers
from orchestration.releases.reading import Release
from orchestration.releases.tables import copy_marts
from orchestration.sql_errors import without_values

_DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def build(
    warehouse_path: str | Path,
    home: str | Path,
    *,
    as_of: date,
    run_id: str,
    code_version: str,
    config_hash: str,
    models: Any,
    sources: Any,
    checks: Any,
    metrics: Any = None,
    comments: Comments | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    made_of: Mapping[str, Any] | None = None,
    finish: Callable[[Release], None] | None = None,
    memory_gib: float = 8,
    threads: int = 2,
) -> Path:
    """Build a candidate from schema marts of the warehouse; returns its folder, for `publish`.

    `models`, `sources`, `checks`, `metrics` and `made_of` (packages, configuration, landing …) go into the manifest as they are (anything
    JSON can hold), as do `keys` (table → columns that identify a row). `comments` say in the DuckDB
    file what tables and columns mean. `finish` is called with the candidate as a Release
    before it is sealed and may add files to its folder, such as the page. Raises ReleaseError; then nothing is left behind.
    """
    created_at = datetime.now(UTC)
    release_id = new_id(created_at, as_of)
    identity = {"release_id": release_id, "as_of": as_of.isoformat(), "created_at": created_at.isoformat()}
    run = {"run_id": run_id, "code_version": code_version, "config_hash": config_hash, "duckdb_version": duckdb.__version__}
    judged = {"models": models, "sources": sources, "checks": checks, "metrics": metrics or {}, "keys": keys or {}}
    with _clear_errors(home), _candidate(home, release_id) as folder:
        tables = copy_marts(_existing(warehouse_path), folder, memory_gib=memory_gib, threads=threads, comments=comments)
        _fill(folder, {"format": manifest.FORMAT, **identity, **run, **judged, **(made_of or {}), "tables": tables}, finish)
    return folder


def _fill(folder: Path, content: Mapping[str, Any], finish: Callable[[Release], None] | None) -> None:
    if not content["tables"]:
        raise ReleaseError("no release is built: schema marts of the warehouse is empty; run the models first")
    if finish is not None:
        finish(Release(folder, {**content, "files": {}}))
    manifest.write(folder, {**content, "files": manifest.described_files(folder)})
    seal(folder)


def _existing(warehouse_path: str | Path) -> Path:
    if not Path(warehouse_path).is_file():
        raise ReleaseError(f"{warehouse_path}: there is no such warehouse; run the models first")
    return Path(warehouse_path)


@contextmanager
def _candidate(home: str | Path, release_id: str) -> Iterator[Path]:
    private_folder(releases_folder(home))
    clean_leftovers(home)
    folder = private_folder(releases_folder(home) / f"{UNFINISHED}{release_id}")
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def _clear_errors(home: str | Path) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as error:
        raise ReleaseError(f"no release is built in {releases_folder(home)}: {_why(error)}; the last release is still served") from error


def _why(error: OSError | duckdb.Error) -> str:
    said = str(error)
    if getattr(error, "errno", None) in _DISK_IS_FULL or tells_of_a_full_disk(said):
        return "the disk is full: free some space and run again"
    return " ".join((without_values(said) if isinstance(error, duckdb.Error) else said).split())
