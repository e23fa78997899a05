"""The process that stands by for starts of dbt: begun once for all of them, while the run that will need it is still being imported."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from orchestration.dbt.project import PROJECT, nightly_path
from orchestration.settings import base_environment

_START = PROJECT.parent / "orchestration" / "dbt_start.py"
_LONGEST_ADDRESS = 90  # bytes; what a socket's path may have differs between systems, and none takes less


def stand_by() -> None:
    """Let dbt be imported and the project be read in a process of their own from now on; `command` finds it."""
    _address(*_parsed(nightly_path()))


def command(*arguments: str, manifest: Path | None = None) -> list[str]:
    """The command line of a dbt start on the parsed project, or on another packed `manifest`; it ends with this process."""
    return [sys.executable, "-I", "-S", str(_START), str(_address(*_parsed(manifest or nightly_path()))), *arguments]


def _parsed(manifest: Path) -> tuple[Path, int, int]:
    """What a process that stands by must have read, and for whom it works: neither a later parse nor a fork of this process is served."""
    return manifest, manifest.stat().st_mtime_ns, os.getpid()


@cache
def _address(manifest: Path, _: int, parent: int) -> Path:
    """The socket of the process that has read `manifest`; the process goes when `parent` has gone, and with it the folder of the socket."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-dbt-"))
    if len(os.fsencode(folder)) > _LONGEST_ADDRESS:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="rapport-dbt-", dir="/tmp"))
    address = folder / "socket"
    with socket.socket(socket.AF_UNIX) as listener, (folder / "said.txt").open("wb") as said:
        listener.bind(str(address))
        listener.listen()
        subprocess.Popen(
            [sys.executable, "-m", "orchestration.dbt_process", str(parent), str(listener.fileno()), str(folder), str(manifest)],
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            cwd=PROJECT.parent,
            env={**base_environment(), "PYTHONPATH": str(PROJECT.parent), "PYTHONUNBUFFERED": "1"},
        )
    return address
