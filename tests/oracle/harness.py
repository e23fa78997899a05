"""The marts of a made-up company in well under a second: dbt compiles the project once, DuckDB runs its SQL for every company.

Comes in: rows of the input tables as a source would hand them over, and the as-of date.
Goes out: the wanted marts as data frames.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import duckdb
import pandas as pd

from orchestration import dbt, warehouse
from orchestration.contract import INPUT_TABLES
from orchestration.gates import quarantine
from tests.oracle.compiled import LIMITS, SOME_DAY, compiled, defaults
from tests.oracle.compiling import DATABASE

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]

CURRENCIES = dbt.PROJECT / "seeds" / "currencies.csv"


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
    limits = {name: variables.pop(name, defaults()[name]) for name in LIMITS}
    nodes = json.loads(compiled({"business_model": business_model, **variables}).read_text())
    return Project({node.name: _limited(node, limits) for node in _nodes(nodes)})


def _limited(node: Node, limits: Mapping[str, int]) -> Node:
    sql = node.sql
    for name, stand_in in LIMITS.items():
        sql = re.sub(rf"\b{stand_in}\b", str(limits[name]), sql)
    return node if node.is_seed else replace(node, sql=sql)


def _nodes(told: Iterable[Mapping[str, Any]]) -> Iterable[Node]:
    for node in told:
        is_seed, is_check = node["kind"] == "seed", node["kind"] == "test" and node["name"].startswith("assert_")
        if not (is_seed or is_check or node["kind"] == "model"):
            continue
        parents = [parent for parent in node["reads"] if parent.split(".")[0] in ("model", "seed")]
        sql = str(dbt.PROJECT / node["file"]) if is_seed else node["sql"]
        assert sql, node["name"]
        yield Node(
            node["name"],
            node["relation"] or "",
            node["schema"],
            tuple(parent.split(".")[-1] for parent in parents),
            sql,
            tuple((node["column_types"] or {}).items()),
            is_seed,
        )
