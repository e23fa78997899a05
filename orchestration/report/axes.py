"""The frame of a chart: scales, grid and labels, as SVG that takes its colours from the page.

Comes in: a size and the values to be shown. Goes out: positions, and SVG text. Nothing here knows what is plotted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDE, NARROW = 760, 350
_TOP, _LINE, _BELOW = 12, 14, 12


@dataclass(frozen=True)
class Frame:
    """A plotting area of `count` equal steps from left to right and the values `low` to `high` from bottom to top."""

    width: int
    height: int
    count: int
    low: float
    high: float
    left: int = 52
    right: int = 8
    lines: int = 1  # of text under the steps

    @property
    def bottom(self) -> float:
        """Height of the low end."""
        return self.height - _BELOW - _LINE * self.lines

    @property
    def step(self) -> float:
        """Width of one step."""
        return (self.width - self.left - self.right) / max(self.count, 1)

    def x(self, index: float) -> float:
        """Middle of step `index`."""
        return self.left + self.step * (index + 0.5)

    def y(self, value: float) -> float:
        """Height of `value`."""
        share = (value - self.low) / ((self.high - self.low) or 1)
        return self.bottom - share * (self.bottom - _TOP)


def ticks(low: float, high: float, text: Callable[[float], str] = str, about: int = 4) -> list[float]:
    """Round values that cover `low` to `high`; the first and the last are the ends of the axis. Whole where `text` rounds to whole ones."""
    span = (high - low) or abs(high) or 1.0
    rough = span / about
    power = 10.0 ** floor(log10(rough))
    steps = [power * factor for factor in (1, 2, 2.5, 5, 10)]
    if text(2.5) in (text(2), text(3)):  # a line at 2.5 would bear the name of 2
        steps = [step for step in steps if step == int(step)] or [1.0]
    step = next(step for step in steps if step >= rough * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(step * number, 10) for number in range(first, max(last, first + 1) + 1)]


def grid(frame: Frame, marks: Sequence[float], text: Callable[[float], str]) -> str:
    """Horizontal lines with their values on the left; the line of 0 is stronger."""
    lines = []
    for mark in marks:
        y, kind = frame.y(mark), "zero" if mark == 0 else "grid"
        lines.append(f'<line class="{kind}" x1="{frame.left}" x2="{frame.width - frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text class="tick" x="{frame.left - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(text(mark))}</text>')
    return "".join(lines)


def labels(frame: Frame, names: Sequence[str]) -> str:
    """Names under the steps, as many as fit; the second line of a name, such as its year, only where it is another than the last."""
    parts = [name.partition("\n")[::2] for name in names]
    room = 14 + 7 * max((len(text) for part in parts for text in part), default=0)
    every = max(1, ceil(room / frame.step))
    shown = [index for index in range(len(names)) if (len(names) - 1 - index) % every == 0]
    texts, told = [], ""
    for index in shown:
        name, below = parts[index]
        texts.append(_label(frame, index, name, 1))
        if below != told:
            texts.append(_label(frame, index, below, 2))
            told = below
    return "".join(texts)


def _label(frame: Frame, index: int, text: str, line: int) -> str:
    y = frame.bottom + 6 + _LINE * line
    return f'<text class="tick" x="{frame.x(index):.1f}" y="{y:.0f}" text-anchor="middle">{escape(text)}</text>'


def drawing(frame: Frame, title: str, *parts: str) -> str:
    """The finished chart. It is an image with a name; its numbers stand in a table beside it."""
    head = f'<svg viewBox="0 0 {frame.width} {frame.height}" role="img" aria-label="{escape(title)}" preserveAspectRatio="xMinYMin meet">'
    return head + "".join(parts) + "</svg>"
