"""The charts of the page: stacked columns, lines with intervals, plain columns.

Comes in: names and values. Goes out: figures, drawn for two widths in colours that the page names (`c1` to `c5`), so that light and
dark need one drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from orchestration.report.axes import NARROW, WIDE, Frame, drawing, grid, labels, ticks
from orchestration.report.content import Cell, Figure, Key, Table, number

Values = Sequence[float | None]
Text = Callable[[float | None], str]


@dataclass(frozen=True)
class Series:
    """Values of one name in one colour; `low` and `high` are drawn as a band around a line."""

    name: str
    color: str
    values: Values
    low: Values = ()
    high: Values = ()


@dataclass(frozen=True)
class Chart:
    """What every chart has: where it is, what it says, its steps, and how values and steps are written."""

    title: str
    description: str
    steps: Sequence[str]
    text: Text
    full_steps: Sequence[str] = ()
    step_name: str = "Month"
    narrow_steps: int = 13


def stacked(chart: Chart, series: Sequence[Series]) -> Figure:
    """Columns of parts: positive ones upwards from 0, negative ones downwards."""
    return _figure(chart, series, lambda width, part, cut: _draw_stacked(width, part, cut))


def lines(chart: Chart, series: Sequence[Series], *, low: float | None = None, high: float | None = None) -> Figure:
    """Lines, each with its band; a missing value is a gap. `low` and `high` are ends the axis must reach."""
    return _figure(chart, series, lambda width, part, cut: _draw_lines(width, part, cut, low, high))


def _figure(chart: Chart, series: Sequence[Series], draw: Callable[[int, Chart, Sequence[Series]], str]) -> Figure:
    last = chart.narrow_steps
    short = Chart(chart.title, chart.description, chart.steps[-last:], chart.text, chart.full_steps[-last:])
    recent = [Series(s.name, s.color, s.values[-last:], s.low[-last:], s.high[-last:]) for s in series]
    keys = [Key(each.name, each.color) for each in series] if len(series) > 1 else []
    return Figure(chart.title, chart.description, draw(WIDE, chart, series), draw(NARROW, short, recent), _numbers(chart, series), keys)


def _numbers(chart: Chart, series: Sequence[Series]) -> Table:
    names = chart.full_steps or chart.steps
    rows = [[Cell(name), *(number(_with_interval(chart.text, each, index)) for each in series)] for index, name in enumerate(names)]
    return Table(chart.title, [chart.step_name, *(each.name for each in series)], rows)


def _with_interval(text: Text, series: Series, index: int) -> str:
    value = text(series.values[index])
    return f"{value} ({text(series.low[index])} to {text(series.high[index])})" if series.low and series.low[index] is not None else value


def _draw_stacked(width: int, chart: Chart, series: Sequence[Series]) -> str:
    sums = [[v or 0.0 for s in series if (v := s.values[i]) is not None] for i in range(len(chart.steps))]
    high = max((sum(v for v in part if v > 0) for part in sums), default=1.0)
    low = min((sum(v for v in part if v < 0) for part in sums), default=0.0)
    marks = ticks(min(low, 0.0), max(high, 0.0), chart.text)
    frame = _frame(width, 250, chart, marks)
    columns = "".join(_column(frame, chart, series, index) for index in range(len(chart.steps)))
    return drawing(frame, f"{chart.title}. {chart.description}", grid(frame, marks, chart.text), columns, labels(frame, chart.steps))


def _frame(width: int, height: int, chart: Chart, marks: Sequence[float]) -> Frame:
    lines = 2 if any("\n" in step for step in chart.steps) else 1
    return Frame(width, height, len(chart.steps), marks[0], marks[-1], lines=lines)


def _column(frame: Frame, chart: Chart, series: Sequence[Series], index: int) -> str:
    up, down, parts = 0.0, 0.0, []
    width = min(frame.step * 0.68, 44)
    name = (chart.full_steps or chart.steps)[index]
    for each in series:
        value = each.values[index] or 0.0
        start = up if value > 0 else down
        top, bottom = frame.y(max(start, start + value)), frame.y(min(start, start + value))
        up, down = (up + value, down) if value > 0 else (up, down + value)
        hint = escape(f"{name}: {each.name} {chart.text(value)}")
        place = f'x="{frame.x(index) - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{max(bottom - top, 0):.2f}"'
        parts.append(f'<rect class="{each.color}" {place}><title>{hint}</title></rect>' if value else "")
    return "".join(parts)


def _draw_lines(width: int, chart: Chart, series: Sequence[Series], low: float | None, high: float | None) -> str:
    shown = [v for each in series for part in (each.values, each.low, each.high) for v in part if v is not None]
    least = min([*shown, *([] if low is None else [low])], default=0)
    marks = ticks(least, max([*shown, *([] if high is None else [high])], default=1), chart.text)
    frame = _frame(width, 230, chart, marks)
    bands = "".join(_band(frame, each) for each in series)
    paths = "".join(_line(frame, chart, each) for each in series)
    return drawing(frame, f"{chart.title}. {chart.description}", grid(frame, marks, chart.text), bands, paths, labels(frame, chart.steps))


def _runs(values: Values) -> list[list[int]]:
    """Stretches of steps without a gap."""
    runs: list[list[int]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(index)
    return [run for run in runs if run]


def _band(frame: Frame, series: Series) -> str:
    parts = []
    for run in _runs(series.low):
        upper = [f"{frame.x(i):.1f},{frame.y(series.high[i] or 0):.1f}" for i in run]
        lower = [f"{frame.x(i):.1f},{frame.y(series.low[i] or 0):.1f}" for i in reversed(run)]
        parts.append(f'<polygon class="{series.color} band" points="{" ".join(upper + lower)}"/>')
    return "".join(parts)


def _line(frame: Frame, chart: Chart, series: Series) -> str:
    parts = []
    for run in _runs(series.values):
        points = " ".join(f"{frame.x(i):.1f},{frame.y(series.values[i] or 0):.1f}" for i in run)
        parts.append(f'<polyline class="{series.color} line" points="{points}"/>')
        for i in run:
            hint = escape(f"{(chart.full_steps or chart.steps)[i]}: {series.name} {_with_interval(chart.text, series, i)}")
            dot = f'class="{series.color} dot" cx="{frame.x(i):.1f}" cy="{frame.y(series.values[i] or 0):.1f}" r="2.6"'
            parts.append(f"<circle {dot}><title>{hint}</title></circle>")
    return "".join(parts)
