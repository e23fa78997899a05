"""dbt compiles the project for one company after another in one process: what it imports and learns of itself is ready for the next.

`python -m tests.oracle.compiling MANIFEST`; on standard input a line of JSON a company: its variables and the folder of its artefacts,
where `compiled.json` lies afterwards. 0 when every company was compiled; else dbt has said on standard output what is wrong with one.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.dbt_process import parsed, skip_what_nobody_reads
from orchestration.lasting import made_to_stay
from tests.commands import dbt_environment

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

DATABASE = "rapport_build"  # the name that compiled SQL gives to the warehouse
COMPILED = "compiled.json"
# Models and the checks of their own files: else dbt compiles every test that reads a model as well, more than half of its work.
CHOSEN = ("--select", "resource_type:model", "test_type:singular", "--indirect-selection", "empty")
# Of the manifest, which takes dbt a third of its time to write, a tenth is wanted.
QUIETLY = ("--quiet", "--no-populate-cache", "--no-introspect", "--no-write-json")


def main(manifest_path: str) -> int:
    """Compile for each company of standard input, each from the manifest as it was parsed: dbt changes what it is handed."""
    with made_to_stay():
        from dbt.cli.main import dbtRunner
    for line in sys.stdin:
        variables, folder = json.loads(line)
        os.environ.update(dbt_environment(Path(folder), Path(folder) / f"{DATABASE}.duckdb"))
        manifest = parsed(Path(manifest_path))
        runner = dbtRunner(manifest=manifest, callbacks=[skip_what_nobody_reads])
        if not runner.invoke(["compile", *CHOSEN, *QUIETLY, "--vars", json.dumps(variables)]).success:
            return 1
        _write(manifest, Path(folder) / COMPILED)
    return 0


def _write(manifest: Manifest, path: Path) -> None:
    """There whole or not at all: whoever finds it takes the company for compiled."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps([_told(node) for node in manifest.nodes.values() if hasattr(node, "relation_name")]))
    unfinished.replace(path)


def _told(node: Any) -> dict[str, Any]:
    return {
        "kind": node.resource_type.value,
        "name": node.name,
        "relation": node.relation_name,
        "schema": node.schema,
        "reads": node.depends_on_nodes,
        "file": node.original_file_path,
        "sql": getattr(node, "compiled_code", None),
        "column_types": getattr(node.config, "column_types", None),
    }


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
