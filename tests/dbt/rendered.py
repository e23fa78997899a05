"""The staging macros as SQL, without starting dbt: fast enough to stage hundreds of small nights."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, Template

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros"


def staging(as_of: str) -> Any:
    """An object with the macros `newest_versions(table)` and `reconcile(table)`; staged tables are called `stg_files__<table>`."""
    variables = {"as_of": as_of}
    told = {
        "source": lambda schema, table: f"{schema}.{table}",
        "ref": lambda model: model,
        "var": variables.__getitem__,
        "modules": SimpleNamespace(datetime=datetime),
        "continues": lambda: False,
        "config": {},
        "input_tables": _input_tables,
        "adapter": SimpleNamespace(dispatch=lambda name, _: lambda *arguments: getattr(module, f"default__{name}")(*arguments)),
    }
    module = _macros().make_module(told)
    return module


@cache
def _macros() -> Template:
    """Parsed once: Jinja takes longer to parse them than DuckDB to stage a night."""
    files = ("as_of.sql", "portable/row_hash.sql", "staging/newest_versions.sql", "staging/reconcile.sql")
    return Environment().from_string("".join((MACROS / file).read_text(encoding="utf-8") for file in files))


@cache
def _input_tables() -> dict[str, dict[str, Any]]:
    found: list[dict[str, dict[str, Any]]] = []
    source = (MACROS / "staging" / "input_tables.sql").read_text(encoding="utf-8")
    Environment().from_string(source + "{{ input_tables() }}").render({"return": lambda value: found.append(value) or ""})
    return found[0]
