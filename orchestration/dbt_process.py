"""dbt in a process of its own: `python -m orchestration.dbt_process build …`, started on the project as it was parsed before.

dbt parses a project again whenever a variable changed, and the as-of date changes every night; the parsed project does not depend
on it (a test compares). Handing dbt the manifest, as its documentation on programmatic invocations describes, saves those seconds
at each of the two starts of a night.
"""

import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run dbt; 0 when everything was built and held, 1 when a node failed, 2 when dbt could not run. The first argument is the manifest."""
    from dbt.cli.main import dbtRunner

    result = dbtRunner(manifest=_parsed(Path(arguments[0]))).invoke(arguments[1:])
    return 2 if result.exception else int(not result.success)


def _parsed(path: Path) -> object:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest = Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()
    return manifest


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
