"""dbt in a process of its own: `python -m orchestration.dbt_process PARENT MANIFEST build …`, on the project as it was parsed before.

dbt parses a project again whenever a variable changed, and the as-of date changes every night; the parsed project does not depend
on it (a test compares). Handing dbt the manifest, as its documentation on programmatic invocations describes, saves those seconds
at each of the two starts of a night.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.lasting import made_to_stay

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import BaseEvent, EventLevel, EventMsg


def main(arguments: list[str]) -> int:
    """Run dbt; 0 when everything was built and held, 1 when a node failed, 2 when dbt could not run or the run has ended.

    arguments   process id of the run, path of the manifest, what dbt is to do
    """
    parent, manifest_path, *wanted = arguments
    # From the first moment on, and told by the run itself: whoever asks for a parent that is gone already is told of another one.
    threading.Thread(target=_end_with, args=(int(parent),), daemon=True).start()
    with made_to_stay():
        from dbt.cli.main import dbtRunner

        manifest = _parsed(Path(manifest_path))
    result = dbtRunner(manifest=manifest, callbacks=[_skip_what_nobody_reads]).invoke(wanted)
    return 2 if result.exception else int(not result.success)


def _end_with(parent: int) -> None:
    """A run that was killed must not leave dbt behind: it would hold the warehouse when the next run opens it."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(2)


def _skip_what_nobody_reads(_: EventMsg) -> None:
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


def _parsed(path: Path) -> Manifest:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest: Manifest = Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()
    return manifest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
