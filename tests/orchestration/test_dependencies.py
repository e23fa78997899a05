"""What the code imports is what pyproject.toml asks for: what only comes along with something else may stop coming along."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT, BESIDE = ("orchestration", "ml", "expectations"), ("tests", "examples", "benchmarks")


def declared(asked: dict[str, Any], group: str = "") -> set[str]:
    """Names of the distributions that `pyproject.toml` asks for, with those of `group` and of the groups it includes."""
    wanted = list(asked["project"]["dependencies"])
    waiting = [group] if group else []
    while waiting:
        for one in asked["dependency-groups"][waiting.pop()]:
            waiting += [one["include-group"]] if isinstance(one, dict) else []
            wanted += [] if isinstance(one, dict) else [one]
    return {plain(re.split(r"[\[<>=!~ ]", one, maxsplit=1)[0]) for one in wanted}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(code: str) -> Iterator[str]:
    """The packages that `code` imports, wherever in it."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def undeclared(folders: tuple[str, ...], known: set[str]) -> dict[str, str]:
    """Packages of others that modules below `folders` import and nobody asks for, each with one such module."""
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    ours = {*PRODUCT, *BESIDE, *sys.stdlib_module_names, *(file.stem for file in files if file.is_relative_to(ROOT / "tests"))}
    found = {name: str(file.relative_to(ROOT)) for file in files for name in imported(file.read_text(encoding="utf-8")) if name not in ours}
    brought = packages_distributions()
    return {name: file for name, file in found.items() if not known & {plain(one) for one in brought.get(name, [name])}}


@pytest.mark.parametrize(("folders", "group"), [(PRODUCT, "identity"), (BESIDE, "dev")])
def test_whatever_is_imported_is_asked_for(folders: tuple[str, ...], group: str) -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert undeclared(folders, declared(asked, group)) == {}
