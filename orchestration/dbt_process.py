"""dbt in a process of its own, that stands by: `python -m orchestration.dbt_process PARENT LISTENER FOLDER MANIFEST`.

dbt parses a project again whenever a variable changed, and the as-of date changes every night; the parsed project does not depend on it
(a test compares). It is handed to dbt instead, as dbt's documentation on programmatic invocations describes. A run starts dbt more than
once, and importing it and reading the project takes longer than building a small mart: that is done once, while the run itself is still
being imported, and each start (orchestration/dbt_start.py) is a fork of what stands ready.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from orchestration import settings
from orchestration.dbt_start import LENGTH_BYTES
from orchestration.lasting import made_to_stay
from orchestration.sql_errors import without_values

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import BaseEvent, EventLevel, EventMsg

_LOOKS_EVERY = 0.1  # seconds, for whether those are still there for whom this works


def main(parent: int, listener: socket.socket, folder: Path, manifest_path: Path) -> None:
    """Answer starts of dbt for as long as the run `parent` lives; what it had started ends with it, and `folder` goes.

    listener        what starts connect to
    manifest_path   the parsed project, dbt's own msgpack of it
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches every process of a terminal; this one ends with the run
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # which `timeout` and others send to all of a group: tidy up, as always
    builds: set[int] = set()
    try:
        _answer(parent, listener, manifest_path, builds)
        while os.getppid() == parent:  # it failed: starts tell what it said, which lies in `folder`
            time.sleep(_LOOKS_EVERY)
    finally:
        for build in builds:  # of a run that was killed: it would hold the warehouse when the next run opens it
            with suppress(ProcessLookupError):
                os.kill(build, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _answer(parent: int, listener: socket.socket, manifest_path: Path, builds: set[int]) -> None:
    """Fork for each start; `builds` holds those that are running."""
    with listener:
        try:
            with made_to_stay():
                manifest = _ready(manifest_path)
            while os.getppid() == parent:
                if select.select([listener], [], [], _LOOKS_EVERY)[0]:
                    builds.add(_begun(listener, manifest))
                builds -= {build for build in builds if os.waitpid(build, os.WNOHANG)[0]}
        except Exception:
            traceback.print_exc()


def _ready(path: Path) -> Manifest:
    """The parsed project, and all of dbt imported and made that a build needs."""
    import dbt.cli.main
    import dbt.task.build  # noqa: F401
    import dbt_common.clients.agate_helper  # noqa: F401
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.contracts.project import Configuration, Project

    for settings_of_dbt in (DuckDBCredentials, Configuration, Project):
        settings_of_dbt.json_schema()  # kept by dbt for each kind of settings; every start checks its settings by them
    quote_no_values()
    return parsed(path)


def parsed(path: Path) -> Manifest:
    """The project that dbt has packed to `path`."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest: Manifest = Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()
    return manifest


def _begun(listener: socket.socket, manifest: Manifest) -> int:
    """Accept a start and fork; the process id of the build."""
    connection, _ = listener.accept()
    with connection:
        head, streams, *_ = socket.recv_fds(connection, LENGTH_BYTES, 2)
        build = os.fork()
        if not build:
            listener.close()
            _build(connection, int.from_bytes(head), streams, manifest)
        for stream in streams:
            os.close(stream)
        return build


def _build(connection: socket.socket, length: int, streams: list[int], manifest: Manifest) -> NoReturn:
    """Be the dbt that was asked for, tell how it ended, and end."""
    code = 2
    try:
        for stream, place in zip(streams, (1, 2), strict=True):
            os.dup2(stream, place)
            os.close(stream)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with connection.makefile("rb") as said:
            asked = json.loads(said.read(length))
        threading.Thread(target=_end_with, args=(connection, os.getppid()), daemon=True).start()
        settings.replace_environment(asked["environment"])
        os.chdir(asked["folder"])
        code = _invoked(manifest, asked["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
            connection.send(bytes([code]))
        finally:
            os._exit(code)  # also when nobody listens any more: what stands by goes on elsewhere, and nothing of it may end here


def _end_with(connection: socket.socket, parent: int) -> None:
    """A start that was killed must not leave its build behind, nor may a build outlive the process it comes from."""
    while os.getppid() == parent:
        if select.select([connection], [], [], _LOOKS_EVERY)[0]:
            break
    os._exit(2)


def _invoked(manifest: Manifest, arguments: list[str]) -> int:
    """0 when everything was built and held, 1 when a node failed, 2 when dbt could not run; the database is closed."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    if arguments[0] == "build":  # what it would write of the project is the parsed one and the SQL that run_results.json has as well
        manifest.write = lambda path: None  # type: ignore[method-assign]
    result = dbtRunner(manifest=manifest, callbacks=[skip_what_nobody_reads]).invoke(arguments)
    DuckDBConnectionManager.close_all_connections()  # dbt leaves it to the interpreter's end, which a fork does not come to
    return 2 if result.exception else int(not result.success)


def quote_no_values() -> None:
    """What DuckDB says of a value that it broke at is told without it: dbt writes that to its log and its results, which stay."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt_common.exceptions import DbtRuntimeError

    worded = DuckDBConnectionManager.exception_handler

    @contextmanager
    def exception_handler(self: DuckDBConnectionManager, sql: str, connection_name: str = "master") -> Iterator[None]:
        with worded(self, sql, connection_name):
            try:
                yield
            except DbtRuntimeError:
                raise
            except Exception as error:
                raise RuntimeError(without_values(str(error))) from None

    DuckDBConnectionManager.exception_handler = exception_handler  # type: ignore[method-assign]


def skip_what_nobody_reads(_: EventMsg) -> None:
    """dbt puts each event into a message, and words that for each of its logs, before it looks whether any log takes its level."""
    from dbt_common.events.event_manager_client import get_event_manager

    manager = get_event_manager()
    if not isinstance(manager.fire_event, _WhatIsRead):
        manager.fire_event = _WhatIsRead(manager.fire_event)  # type: ignore[method-assign, assignment]


@dataclass(frozen=True)
class _WhatIsRead:
    """Passes on events but those for debugging, which no log of ours takes (`DBT_LOG_LEVEL`)."""

    fire: Callable[..., None]

    def __call__(self, event: BaseEvent, level: EventLevel | None = None, *rest: Any, **named: Any) -> None:
        if (level or event.level_tag()).value not in ("debug", "test"):
            self.fire(event, level, *rest, **named)


if __name__ == "__main__":
    main(int(sys.argv[1]), socket.socket(fileno=int(sys.argv[2])), Path(sys.argv[3]), Path(sys.argv[4]))
