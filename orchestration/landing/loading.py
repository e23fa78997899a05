"""Parquet files into landing through dlt: one append-only load of one source.

Comes in: Parquet in a scratch folder. Goes out: `landing/<source>/<table>/load_id=<id>/<file>.parquet`.
dlt takes the files over as they are (a hard link, then one copy): its own writer would rewrite every row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.landing.log import LandingError

_DLT_TYPES = {
    "string": "text",
    "timestamp": "timestamp",
    "date32": "date",
    "int64": "bigint",
    "uint64": "bigint",
    "decimal128": "decimal",
    "bool": "bool",
}
LAYOUT = "{table_name}/load_id={load}/{file_id}.{ext}"


def load_files(source: str, load_id: str, tables: Mapping[str, Sequence[Path]], root: Path, dlt_dir: Path) -> dict[str, tuple[str, ...]]:
    """Land `tables` (table → Parquet files) as one load. Returns table → landed paths, relative to `root`.

    Raises LandingError when anything could not be written, or when a landed file does not hold the rows that it should.
    """
    expected = {table: _rows(paths) for table, paths in tables.items()}
    try:
        _run(source, load_id, tables, root, dlt_dir)
    except Exception as error:  # dlt wraps whatever happened in its own exceptions; the cause is what the operator needs
        raise LandingError(f"{root / source}: the load could not be written ({_cause(error)}); what had landed is untouched") from error
    landed = {table: sorted((root / source / table / f"load_id={load_id}").glob("*.parquet")) for table in tables}
    for table, paths in landed.items():
        if _rows(paths) != expected[table]:
            raise LandingError(
                f"{root / source / table}: {_rows(paths)} rows landed instead of {expected[table]}; run again, and check the disk"
            )
    _refuse_rewritten(tables, landed)
    return {table: tuple(path.relative_to(root).as_posix() for path in paths) for table, paths in landed.items()}


def _run(source: str, load_id: str, tables: Mapping[str, Sequence[Path]], root: Path, dlt_dir: Path) -> None:
    import dlt

    dlt.config["runtime.dlthub_telemetry"] = False
    dlt.config["load.delete_completed_jobs"] = True  # else a second copy of every landed row would stay in dlt's own folder
    destination = dlt.destinations.filesystem(
        bucket_url=root.resolve().as_uri(), layout=LAYOUT, extra_placeholders={"load": load_id}, warn_unsafe_layout_separators=False
    )
    _remember_capabilities(destination)
    pipeline = dlt.pipeline(f"landing_{source}", pipelines_dir=str(dlt_dir), destination=destination, dataset_name=source)
    pipeline.config.restore_from_destination = False
    # What an interrupted run left here was never committed: it is read and landed anew, so dlt starts from nothing.
    pipeline.drop()
    schema = dlt.Schema(source, normalizers={"names": "direct", "json": {"module": "dlt.common.normalizers.json.relational"}})
    pipeline.extract([_resource(table, paths) for table, paths in tables.items()], schema=schema)
    pipeline.normalize()
    pipeline.load(raise_on_failed_jobs=True)


def _remember_capabilities(destination: Any) -> None:
    """dlt asks twenty times a load what its destination can do, and looks for the answer in the environment each time: a third of what the
    smallest load takes.
    """
    ask, known = destination.capabilities, dict[Any, Any]()

    def capabilities(config: Any = None, naming: Any = None) -> Any:
        if type(naming) not in known:
            known[type(naming)] = ask(config, naming)
        return known[type(naming)].copy()  # dlt changes what it is told

    destination.capabilities = capabilities


def _resource(table: str, paths: Sequence[Path]) -> Any:
    import dlt
    import pyarrow.parquet as pq

    imports: list[Any] = [dlt.mark.with_file_import(str(path), "parquet", pq.read_metadata(path).num_rows) for path in paths]
    columns: Any = [_column(column.name, str(column.type)) for column in pq.read_schema(paths[0])]
    return dlt.resource(imports, name=table, columns=columns, write_disposition="append")


def _column(name: str, arrow_type: str) -> dict[str, Any]:
    """One column as dlt calls it. Unless they say exactly what the file holds, dlt rewrites the file, and times change their type."""
    kind = arrow_type.split("[")[0].split("(")[0]
    told: dict[str, Any] = {"name": name, "data_type": _DLT_TYPES[kind]}
    if kind == "decimal128":
        precision, scale = re.findall("[0-9]+", arrow_type)[1:]
        return {**told, "precision": int(precision), "scale": int(scale)}
    return {**told, "timezone": False} if kind == "timestamp" else told


def _refuse_rewritten(tables: Mapping[str, Sequence[Path]], landed: Mapping[str, Sequence[Path]]) -> None:
    """A landed file that is not byte for byte the one handed over has been rewritten: slow, and its types may differ."""
    for table, paths in tables.items():
        if sorted(path.stat().st_size for path in paths) != sorted(path.stat().st_size for path in landed[table]):
            raise LandingError(
                f"{landed[table][0].parent}: dlt rewrote the files of {table} instead of taking them over; report this as a bug"
            )


def _rows(paths: Sequence[Path]) -> int:
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in paths)


def _cause(error: BaseException) -> str:
    """The innermost operating system error in words, else the name and first line of the innermost error."""
    causes = [error]
    while (following := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(following)
    system = next((cause for cause in reversed(causes) if isinstance(cause, OSError) and cause.strerror), None)
    return str(system.strerror) if system else f"{type(causes[-1]).__name__}: {str(causes[-1]).splitlines()[0] if str(causes[-1]) else ''}"
