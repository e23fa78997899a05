"""The marts of a made-up company in well under a second: dbt compiles the project once, DuckDB runs its SQL for every company.

Comes in: rows of the input tables as a source would hand them over, and the as-of date.
Goes out: the wanted marts as data frames. What is compiled is kept under dbt_project/target until a file of the project changes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml
from filelock import FileLock

from orchestration import dbt, warehouse
from orchestration.contract import INPUT_TABLES
from orchestration.gates import quarantine
from tests.commands import run_dbt

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]

DATABASE = "rapport_build"  # the name that compiled SQL gives to the warehouse
CURRENCIES = dbt.PROJECT / "seeds" / "currencies.csv"
# The project is compiled for this day; its dates are replaced by those of the day that is asked for (macros/as_of.sql writes only these).
SOME_DAY = date(1993, 7, 21)
# So are these limits, which only ever stand in SQL as numbers: a company with others needs no compilation of its own.
LIMITS = {"max_shared_contact_records": 7919, "max_records_per_customer": 7927}


@dataclass(frozen=True)
class Node:
    """A model, seed or check: where it lies, what it reads, and its SQL (a seed: its file)."""

    name: str
    relation: str
    schema: str
    reads: tuple[str, ...]
    sql: str
    columns: tuple[tuple[str, str], ...]
    is_seed: bool


@dataclass(frozen=True)
class Project:
    """The compiled project of one set of dbt variables."""

    nodes: Mapping[str, Node]

    def marts(self, wanted: Iterable[str], tables: Tables, as_of: date | str) -> dict[str, pd.DataFrame]:
        """The `wanted` models, by name, of a company that handed over `tables`."""
        wanted = list(wanted)
        with self.built(wanted, tables, as_of) as connection:
            return {name: connection.sql(f"FROM {self.nodes[name].relation}").df() for name in wanted}

    def complaints(self, check: str, tables: Tables, as_of: date | str) -> list[Row]:
        """The rows that a check of its own file finds wrong with a company that handed over `tables`."""
        with self.built(self.nodes[check].reads, tables, as_of) as connection:
            return self.found_by(check, connection, as_of)

    def found_by(self, check: str, connection: duckdb.DuckDBPyConnection, as_of: date | str) -> list[Row]:
        """The rows that a check of its own file finds wrong in a warehouse in which what it reads is built."""
        return connection.sql(_query(self.nodes[check], date.fromisoformat(str(as_of)))).df().to_dict("records")

    def built(self, wanted: Iterable[str], tables: Tables, as_of: date | str) -> duckdb.DuckDBPyConnection:
        """A warehouse in memory in which the `wanted` models and all that they read are built. Close it."""
        connection = empty_warehouse()
        land(connection, tables)
        self.build(connection, wanted, as_of)
        return connection

    def build(self, connection: duckdb.DuckDBPyConnection, wanted: Iterable[str], as_of: date | str) -> None:
        """Put bad rows of the landing into quarantine, then build the `wanted` models and all that they read."""
        day = date.fromisoformat(str(as_of))
        quarantine.examine(connection, as_of=day, max_amount=1e8, currencies=CURRENCIES)
        for node in self._in_order(wanted):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {node.schema}")
            connection.execute(f"CREATE TABLE {node.relation} AS {_query(node, day)}")

    def _in_order(self, wanted: Iterable[str]) -> list[Node]:
        """The `wanted` nodes and everything they read, parents first."""
        ordered: dict[str, Node] = {}

        def visit(name: str) -> None:
            for parent in () if name in ordered else self.nodes[name].reads:
                visit(parent)
            ordered.setdefault(name, self.nodes[name])

        for name in wanted:
            visit(name)
        return list(ordered.values())


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """A warehouse in memory, set up as the nightly one, with every input table empty."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.execute(f"ATTACH ':memory:' AS {DATABASE}; USE {DATABASE}; SET TimeZone = 'UTC'; SET threads = 1")
    warehouse.prepare(connection)
    warehouse.expose_landing(connection, {})
    return connection


def land(connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    """Put `tables` where staging reads landed rows, none of them bad yet: one file of the source that `_source` names, else of `files`."""
    for name, rows in tables.items():
        if not rows:
            continue
        unknown = {column for row in rows for column in row} - set(INPUT_TABLES[name].column_names) - {"_source"}
        assert not unknown, f"{name} has no columns {unknown}"
        connection.register("rows", pd.DataFrame([{"_row_number": number} | row for number, row in enumerate(rows)], dtype=object))
        connection.execute(f"DROP VIEW landing.{name}; CREATE TABLE landing.{name} AS SELECT {_landed_columns(name, rows)} FROM rows")
        connection.unregister("rows")


def _landed_columns(table: str, rows: list[Row]) -> str:
    present = {column for row in rows for column in row}
    typed = {column.name: column.duckdb_type for column in INPUT_TABLES[table].columns}
    columns = [f'CAST({_quoted(name) if name in present else "NULL"} AS {kind}) AS "{name}"' for name, kind in typed.items()]
    source = "coalesce(_source, 'files')" if "_source" in present else "'files'"
    load = {"_source": source, "_load_id": "'1'", "_file": "'1.csv'"}
    landed = load | {"_row_number": "_row_number", "_is_deleted": "false", "_bad_values": "NULL"}
    return ", ".join([*columns, *(f"CAST({value} AS {warehouse.LANDING_COLUMNS[name]}) AS {name}" for name, value in landed.items())])


def _quoted(name: str) -> str:
    return f'"{name}"'


def _query(node: Node, day: date) -> str:
    if node.is_seed:
        typed = ", ".join(f"'{name}': '{kind}'" for name, kind in node.columns)
        return f"SELECT * FROM read_csv('{node.sql}', header = true, types = {{{typed}}})"
    known_by = (SOME_DAY + timedelta(days=1)).isoformat()
    sql = node.sql.replace(known_by, (day + timedelta(days=1)).isoformat()).replace(SOME_DAY.isoformat(), day.isoformat())
    sql = sql.replace(SOME_DAY.replace(day=1).isoformat(), day.replace(day=1).isoformat())
    assert f"{SOME_DAY:%Y-%m}" not in sql, f"{node.name} holds a date that is made of the as-of date in a way this harness does not know"
    return sql


@cache
def project(business_model: str = "contractual", **variables: Any) -> Project:
    """The project compiled for a company; `variables` are those of dbt_project.yml."""
    limits = {name: variables.pop(name, _defaults()[name]) for name in LIMITS}
    said = LIMITS | {"as_of": SOME_DAY.isoformat(), "business_model": business_model} | variables
    # a default that is said is the same project as one that is not
    settled = {name: value for name, value in said.items() if value != _defaults().get(name)}
    named = hashlib.sha256(json.dumps([dbt.project_hash(), settled], sort_keys=True).encode()).hexdigest()[:16]
    target = dbt.PROJECT / "target" / f"compiled_{named}"
    manifest = target / "manifest.json"
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / "lock"):
        if not (target / "is_complete").exists():
            _compile(target, settled)
            (target / "is_complete").touch()
    return Project({node.name: _limited(node, limits) for node in _nodes(json.loads(manifest.read_text()))})


def _limited(node: Node, limits: Mapping[str, int]) -> Node:
    sql = node.sql
    for name, compiled in LIMITS.items():
        sql = re.sub(rf"\b{compiled}\b", str(limits[name]), sql)
    return node if node.is_seed else replace(node, sql=sql)


@cache
def _defaults() -> dict[str, Any]:
    variables: dict[str, Any] = yaml.safe_load((dbt.PROJECT / "dbt_project.yml").read_text())["vars"]
    return variables


def _compile(target: Path, variables: Mapping[str, Any]) -> None:
    # Models and the checks of their own files: else dbt compiles every test that reads a model as well, more than half of its work.
    chosen = ("--select", "resource_type:model", "test_type:singular", "--indirect-selection", "empty")
    quietly = ("--quiet", "--no-populate-cache", "--no-introspect", "--vars", json.dumps(variables))
    done = run_dbt(target, target / f"{DATABASE}.duckdb", "compile", *chosen, *quietly)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def _nodes(manifest: Mapping[str, Any]) -> Iterable[Node]:
    for unique_id, node in manifest["nodes"].items():
        is_check = node["resource_type"] == "test" and node["name"].startswith("assert_")
        if node["resource_type"] not in ("model", "seed") and not is_check:
            continue
        is_seed = node["resource_type"] == "seed"
        parents = [parent for parent in node.get("depends_on", {}).get("nodes", []) if parent.split(".")[0] in ("model", "seed")]
        sql = str(dbt.PROJECT / node["original_file_path"]) if is_seed else node["compiled_code"]
        typed = tuple((node["config"].get("column_types") or {}).items())
        assert is_seed or sql, unique_id
        yield Node(
            node["name"],
            node["relation_name"] or "",
            node["schema"],
            tuple(parent.split(".")[-1] for parent in parents),
            sql,
            typed,
            is_seed,
        )
