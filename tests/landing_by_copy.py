"""Loads written without dlt, which takes a fifth of a second for each: for tests of what is read, judged or erased.

How a load is written is shown through dlt: by tests/orchestration/landing, by the vendors of tests/oracle, and by every whole night.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from orchestration import landing


def copied(source: str, load_id: str, tables: Mapping[str, Sequence[Path]], root: Path, dlt_dir: Path) -> dict[str, tuple[str, ...]]:
    """What `load_files` does: table → landed paths, relative to `root`; of dlt's own folder nothing is made."""
    landed = {}
    for table, paths in tables.items():
        folder = root / source / table / f"load_id={load_id}"
        folder.mkdir(parents=True)
        landed[table] = tuple(shutil.copy(path, folder / f"{number}.parquet") for number, path in enumerate(paths))
    return {table: tuple(Path(path).relative_to(root).as_posix() for path in paths) for table, paths in landed.items()}


@pytest.fixture(autouse=True)
def loads_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a module or the conftest of a folder imports this, its loads are."""
    monkeypatch.setattr(landing, "load_files", copied)
