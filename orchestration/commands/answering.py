"""What the commands that answer questions about releases have in common: how they fail, and how they speak to people and machines."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration import releases
from orchestration.home import HomeError
from orchestration.releases import Release
from orchestration.settings import ConfigurationError

_WIDTH = 120
Lines = Iterable[tuple[str, str]]


@contextmanager
def plain_refusals() -> Iterator[None]:
    """What releases cannot answer, in the errors of the command line: a wrong name is an argument, all else the state of the home."""
    try:
        yield
    except (releases.UnknownReleaseError, releases.UnknownCustomerError) as error:
        raise ConfigurationError(str(error)) from error
    except releases.ReleaseError as error:
        raise HomeError(str(error)) from error


@contextmanager
def held(*opened: Release) -> Iterator[None]:
    """Keep releases from being pruned meanwhile. A file that cannot be read because it was changed is a ReleaseError that names it."""
    with opened[0].pinned(), opened[-1].pinned():
        try:
            yield
        except duckdb.Error:
            for release in opened:
                release.verify()
            raise


def print_json(content: Mapping[str, Any]) -> None:
    """One JSON object on standard output: times as ISO-8601, decimals as numbers, what is no number as null."""
    sys.stdout.write(json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def terminal() -> Console:
    """Wide enough for a release's id beside other words, also where the output goes into a file."""
    return Console(highlight=False, width=_WIDTH)


def block(console: Console, heading: str, lines: Lines) -> None:
    """A heading and one line per label."""
    console.print(f"\n[bold]{heading}[/]")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(min_width=16)
    grid.add_column(overflow="fold")
    for label, text in lines:
        grid.add_row(f"  {escape(label)}", escape(text))
    console.print(grid)


def table(console: Console, headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Rows below headings."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("", *headings):
        grid.add_column(heading, overflow="fold")
    for row in rows:
        grid.add_row("", *(escape(cell) for cell in row))
    console.print(grid)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else value.isoformat()
