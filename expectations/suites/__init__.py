"""SUITES: what is asked of every table at a gate. A suite is one file of this folder, named after its table; `sync_*` tables share one."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from expectations.base import Gate, Suite
from expectations.suites.sync import audience_suite

_AUDIENCES = "sync"
SUITES: dict[str, Suite] = {
    name: import_module(f"{__name__}.{name}").SUITE
    for name in sorted(module.name for module in iter_modules(__path__))
    if name != _AUDIENCES
}


def suite_for(table_name: str) -> Suite:
    """The suite of a table, that of an audience included. Raises KeyError when nobody has said what must hold of it."""
    if table_name in SUITES:
        return SUITES[table_name]
    if table_name.startswith("sync_"):
        return audience_suite(table_name)
    raise KeyError(f"{table_name} has no suite; add expectations/suites/{table_name}.py")


def suites_of(gate: Gate) -> list[Suite]:
    """The suites of one gate by table name, audiences left out (their tables are known only when they are built)."""
    return sorted((suite for suite in SUITES.values() if suite.gate == gate), key=lambda suite: suite.table_name)
