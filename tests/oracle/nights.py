"""Nights one after the other in one warehouse in memory, each of which continues the build before it wherever the pipeline would.

Comes in: loads of rows, tombstones among them, and the as-of date of each night. Goes out: the connection, to look at what was built.
It builds what dbt would build: the compiled SQL of a continued night says in its first lines which rows are renewed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import harness
import pandas as pd
from harness import CURRENCIES, Node, Project, Row

from orchestration import warehouse
from orchestration.contract import INPUT_TABLES
from orchestration.gates import quarantine
from orchestration.warehouse import continuation
from tests.oracle.compiled import CONTINUED

# In the continued project these stand for the night before, for the first instant after it, and for the loads since.
BUILT = date.fromisoformat(CONTINUED["built_as_of"])
BUILT_UNTIL = BUILT + timedelta(days=1)
(LOADS,) = CONTINUED["new_loads"]
# What the next night has to know of features, and under which name it finds it.
_FEATURES = {"int_feature_facts": "built_facts", "int_feature_rows": "built_features"}
Change = tuple[Row, bool]  # a row, and whether it is a tombstone


@dataclass
class Nights:
    """A warehouse, and the project compiled both ways."""

    full: Project
    continued: Project
    connection: duckdb.DuckDBPyConnection = field(default_factory=harness.empty_warehouse)
    builds: list[continuation.Build | None] = field(default_factory=list)

    @classmethod
    def of(cls, **variables: Any) -> Nights:
        """A company's; `variables` are those of dbt_project.yml."""
        return cls(harness.project(**variables), harness.project(**variables, **CONTINUED))

    def land(self, number: int, tables: Mapping[str, list[Change]]) -> None:
        """Append one load to the landing."""
        load = f"{datetime(2024, 9, 1) + timedelta(days=number):%Y%m%dT%H%M%S.%fZ}"
        for name in INPUT_TABLES:
            view = f"SELECT 1 FROM duckdb_views() WHERE schema_name = 'landing' AND view_name = '{name}'"
            if self.connection.sql(view).fetchone():
                self.connection.execute(f"CREATE TABLE landing.made AS FROM landing.{name}; DROP VIEW landing.{name}")
                self.connection.execute(f"ALTER TABLE landing.made RENAME TO {name}")
            rows = [{**row, "_row_number": place, "_is_deleted": gone} for place, (row, gone) in enumerate(tables.get(name, []))]
            if rows:
                self._append(name, rows, load)

    def _append(self, table: str, rows: list[Row], load: str) -> None:
        said = {"_load_id": load, "_file": f"{load}.csv"}
        present = {column for row in rows for column in row} | {"_source", *said}
        typed = {column.name: column.duckdb_type for column in INPUT_TABLES[table].columns} | warehouse.LANDING_COLUMNS
        columns = ", ".join(
            f'CAST({harness._quoted(name) if name in present else "NULL"} AS {kind}) AS "{name}"' for name, kind in typed.items()
        )
        self.connection.register("rows", pd.DataFrame([{"_source": "files"} | row | said for row in rows], dtype=object))
        self.connection.execute(f"INSERT INTO landing.{table} BY NAME SELECT {columns} FROM rows")
        self.connection.unregister("rows")

    def night(self, as_of: date, wanted: Iterable[str], *, anew: bool = False) -> None:
        """Examine what has landed and build the `wanted` models with all they read; `anew` continues nothing."""
        quarantine.examine(self.connection, as_of=as_of, max_amount=1e8, currencies=CURRENCIES, full=anew)
        found, _ = continuation.begin(self.connection, as_of, "same")
        build = None if anew else found
        self.builds.append(build)
        project = self.continued if build else self.full
        for node in project._in_order(wanted):
            self._build(_dated(node, build), as_of)
        for model, seen in _FEATURES.items():  # nobody's, where features are not wanted
            self.connection.execute(f"CREATE TABLE IF NOT EXISTS intermediate.{model} AS FROM ops.{seen} WHERE false")
        continuation.complete(self.connection, as_of, "same")

    def _build(self, node: Node, as_of: date) -> None:
        query = harness._query(node, as_of)
        renewed = re.search(r"^-- renews: (.*)$", query, re.MULTILINE)
        self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {node.schema}")
        if renewed is None:
            self.connection.execute(f"CREATE OR REPLACE TABLE {node.relation} AS {query}")
            return
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE renewed AS {query}")
        self.connection.execute(f"DELETE FROM {node.relation} WHERE {renewed[1]}")
        self.connection.execute(f"INSERT INTO {node.relation} BY NAME FROM renewed")

    def differences(self, other: Nights, model: str) -> list[tuple[Any, ...]]:
        """Rows of a model that only one of two warehouses has."""
        mine, theirs = (nights.connection.sql(f"FROM {nights.full.nodes[model].relation}").to_arrow_table() for nights in (self, other))
        with duckdb.connect() as connection:
            connection.register("mine", mine)
            connection.register("theirs", theirs)
            only = "SELECT '{}', * FROM (FROM {} EXCEPT ALL FROM {})"
            query = f"{only.format('continued', 'mine', 'theirs')} UNION ALL {only.format('built anew', 'theirs', 'mine')}"
            return connection.execute(query).fetchall()


def _dated(node: Node, build: continuation.Build | None) -> Node:
    if build is None or node.is_seed:
        return node
    loads = ", ".join(f"'{load}'" for load in build.new_loads) or "''"
    until = build.as_of + timedelta(days=1)
    places = {f"'{LOADS}'": loads, BUILT_UNTIL.isoformat(): until.isoformat(), BUILT.isoformat(): build.as_of.isoformat()}
    sql = node.sql
    for place, value in places.items():
        sql = sql.replace(place, value)
    return replace(node, sql=sql)
