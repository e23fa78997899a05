"""What a section of the page is made of. Plain data; the template decides how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tile:
    """One number of the headline. `tone` is good, bad or empty."""

    label: str
    value: str
    detail: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Cell:
    """A table cell. `bar` is a share that is drawn behind the text; `heat` a share that colours the cell; `link` a file of the release."""

    text: str
    number: bool = False
    bar: float | None = None
    heat: float | None = None
    code: bool = False
    tone: str = ""
    link: str = ""


@dataclass(frozen=True)
class Table:
    """Columns and rows, with a caption for those who do not see the layout. `wide` ones scroll sideways on a phone."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    heat: bool = False
    kind: str = "table"


@dataclass(frozen=True)
class Key:
    """An entry of a chart's legend."""

    label: str
    color: str


@dataclass(frozen=True)
class Figure:
    """A chart, drawn once for a wide screen and once for a phone, and the same numbers as a table."""

    title: str
    description: str
    wide: str
    narrow: str
    numbers: Table
    keys: Sequence[Key] = ()
    kind: str = "figure"


@dataclass(frozen=True)
class Tiles:
    """Numbers side by side."""

    tiles: Sequence[Tile]
    kind: str = "tiles"


@dataclass(frozen=True)
class Note:
    """A remark, such as why something is not shown."""

    text: str
    kind: str = "note"


Block = Table | Figure | Tiles | Note


@dataclass(frozen=True)
class Section:
    """A part of the page under its own heading; `lead` is one sentence that says what to take from it."""

    anchor: str
    title: str
    lead: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    more: tuple[str, str] | None = None  # a link to another file of the release: its words, its name


def number(text: str, **options: float | str | None) -> Cell:
    """A cell that holds a number."""
    return Cell(text, number=True, **options)  # type: ignore[arg-type]
