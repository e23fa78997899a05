"""The tables and charts of a model's card, each from rows of `model_quality`; nothing where there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ml.promotions import FIRST, KEPT, PROMOTED, Promotion
from orchestration.report import measured, words
from orchestration.report.charts import Chart, Series, lines
from orchestration.report.content import Block, Cell, Table, number
from orchestration.report.marts import Row

_MOST_LISTED = 12
_FLAGS, _COUNTS = ("is_", "may_claim_"), ("customers_decided", "groups_checked")
_DECISIONS = {FIRST: "first", PROMOTED: "took over", KEPT: "did not: worse"}


def compared(rows: Sequence[Row], caption: str = "Metrics with 95\u202f% intervals") -> list[Block]:
    """One table for each group of candidates that were measured alike, the longer side downwards; last, what only one has."""
    held: dict[str, list[str]] = {}
    for row in rows:
        held.setdefault(row["metric"], []).append(row["candidate"] or "model")
    found = {(row["metric"], row["candidate"] or "model"): row for row in rows}
    shared = dict.fromkeys(tuple(candidates) for candidates in held.values() if len(candidates) > 1)
    tables: list[Block] = [
        _grid(caption, [name for name, candidates in held.items() if tuple(candidates) == group], group, found) for group in shared
    ]
    single = [
        [Cell(words.label(one[0])), Cell(words.label(name)), number(with_interval(found[name, one[0]]))]
        for name, one in held.items()
        if len(one) == 1
    ]
    return [*tables, *([Table(f"{caption}, of one alone", ["Of", "Metric", "Value"], single)] if single else [])]


def _grid(caption: str, names: Sequence[str], candidates: Sequence[str], found: dict[tuple[str, str], Row]) -> Table:
    if len(candidates) > len(names):
        listed = [[Cell(words.label(one)), *(number(with_interval(found[name, one])) for name in names)] for one in candidates]
        return Table(caption, ["Of", *map(words.label, names)], listed)
    listed = [[Cell(words.label(name)), *(number(with_interval(found[name, one])) for one in candidates)] for name in names]
    return Table(caption, ["Metric", *map(words.label, candidates)], listed)


def calibration(rows: Sequence[Row]) -> list[Block]:
    """Expected beside what came: by tenth of risk, by number of repeat purchases."""
    blocks: list[Block] = []
    tenths = sorted(measured.pairs(rows, "decile", "expected", "left").items(), key=lambda one: int(one[0][1]))
    if tenths:
        steps = [place for (_, place), _ in tenths]
        blocks.append(
            _side_by_side("Calibration by tenth of risk", "The tenth least at risk first.", steps, [s for _, s in tenths], "left")
        )
    months = sorted(measured.pairs(rows, "month", "expected", "left").items(), key=lambda one: int(one[0][1]))
    if months:
        steps, description = [place for (_, place), _ in months], "Share that left by the end of each month of the window."
        blocks.append(_side_by_side("The whole curve of leaving", description, steps, [sides for _, sides in months], "left"))
    repeats = measured.pairs(rows, "repeats", "expected", "actual")
    if repeats:
        listed = [
            [Cell(words.label(candidate)), number(place), number(words.decimal(sides["expected"]["value"])),
             number(words.decimal(sides["actual"]["value"]))]
            for (candidate, place), sides in repeats.items()
        ]  # fmt: skip
        blocks.append(Table("Purchases in the held-out part, by repeats before it", ["Model", "Repeats", "Expected", "Actual"], listed))
    return blocks


def moments(rows: Sequence[Row]) -> list[Block]:
    """What the same learner expected at earlier moments, beside what came."""
    found = sorted(measured.pairs(rows, "moment", "expected", "left").items(), key=lambda one: one[0][1])
    if len(found) < 2:
        return []
    steps, description = [place for (_, place), _ in found], "Each moment judged by what was known before it."
    return [_side_by_side("Leavers at earlier moments", description, steps, [sides for _, sides in found], "left"), *_earlier(rows)]


def _earlier(rows: Sequence[Row]) -> list[Block]:
    """The metrics of the same learner at each of these moments."""
    told = dict(measured.points(rows, "earlier"))
    days, names = sorted({day for day, _ in told}), list(dict.fromkeys(name for _, name in told))
    if not told:
        return []
    listed = [[Cell(words.label(name)), *(number(with_interval(told.get((day, name)))) for day in days)] for name in names]
    return [Table("Metrics at earlier moments, with 95\u202f% intervals", ["Metric", *days], listed)]


def groups(rows: Sequence[Row]) -> list[Block]:
    """The groups whose leavers differ most from what was expected."""
    found = measured.points(rows, "group")
    if not found:
        return []
    errors = {group: row for (group,), row in measured.points(rows, "group_error")}
    listed = [
        [Cell(group.replace("=", ": ")), number(with_interval(row, words.percent)), number(with_interval(errors.get(group)))]
        for (group,), row in found
    ]
    caption = "Groups of at least 200 that differ most: share that left above what was expected"
    return [Table(caption, ["Group", "Gap, with 95\u202f% interval", "Brier score"], listed)]


def drift(rows: Sequence[Row]) -> list[Block]:
    """The columns that moved most."""
    moved = [row for _, row in measured.points(rows, "drift")]
    caption = "Columns that moved most since the newest moment learnt from (stability index)"
    return [ranked(caption, "Index", moved)] if moved else []


def lifts(rows: Sequence[Row]) -> list[Block]:
    """What treating brought: the share that stayed beside those who were held out, of each action, newest month first."""
    found = measured.points(rows, "lift")
    if not found:
        return []
    told = {(month, row["candidate"]): row for (month,), row in found}
    months, actions = (sorted({at[side] for at in told}) for side in (0, 1))
    actions = sorted(actions, key=lambda name: not name.startswith("everyone"))  # the randomised comparison comes first
    caption = "Share that stayed above that of those held out, by month of the decision, with 95\u202f% intervals"
    if len(months) > len(actions):
        return [_lift_table(caption, "Month", months[::-1], actions, lambda month, name: told.get((month, name)))]
    return [_lift_table(caption, "Of", actions, months[::-1], lambda name, month: told.get((month, name)))]


def _lift_table(caption: str, first: str, down: Sequence[str], across: Sequence[str], of: Callable[[str, str], Row | None]) -> Table:
    """The longer side downwards, as the page is narrow."""
    listed = [[Cell(words.label(one)), *(number(with_interval(of(one, other), words.percent)) for other in across)] for one in down]
    return Table(caption, [first, *map(words.label, across)], listed)


def promoted(record: Sequence[Promotion]) -> list[Block]:
    """New fits beside the ones that scored before them, newest first."""
    if not record:
        return []
    listed = [
        [Cell(one.as_of), Cell(_DECISIONS[one.decision]), Cell(one.challenger, code=True), Cell(one.champion or words.MISSING, code=True),
         Cell(one.duel.told() if one.duel else one.why or "nothing scored before it")]
        for one in reversed(record[-_MOST_LISTED:])
    ]  # fmt: skip
    return [
        Table("When a new fit took over, and when it did not", ["Night", "Decision", "New fit", "Scored before", "By how much"], listed)
    ]


def ranked(caption: str, unit: str, rows: Sequence[Row], text: Callable[..., str] = words.decimal) -> Table:
    """Columns by their number, largest first."""
    ordered = sorted(rows, key=lambda row: -(row["value"] or 0))[:_MOST_LISTED]
    return Table(caption, ["Column", unit], [[Cell(row["candidate"]), number(text(row["value"]))] for row in ordered])


def with_interval(row: Row | None, text: Callable[..., str] | None = None) -> str:
    """The value, and its interval where it has one."""
    if row is None or row["value"] is None:
        return words.MISSING
    if row["metric"].startswith(_FLAGS):
        return "yes" if row["value"] else "no"
    if row["metric"] in _COUNTS:
        return words.whole(row["value"])
    shown = text or (lambda value: _short(value, 3 if abs(row["value"]) < 10 else 0))
    return shown(row["value"]) if row["low"] is None else f"{shown(row['value'])} ({shown(row['low'])} to {shown(row['high'])})"


def _short(value: float, places: int) -> str:
    """A number that fits its cell: the interval of a parameter that hardly matters can be astronomical."""
    return f"{value:.0e}" if abs(value) >= 1e9 else words.decimal(value, places)


def _side_by_side(title: str, description: str, steps: Sequence[str], sides: Sequence[dict[str, Row]], actual: str) -> Block:
    came = [one[actual] for one in sides]
    chart = Chart(title, description, steps, words.percent, step_name="Where")
    bounds = ([row["low"] for row in came], [row["high"] for row in came]) if came[0]["low"] is not None else ((), ())
    series = [
        Series("Expected to leave", "c3", [one["expected"]["value"] for one in sides]),
        Series("Left", "c1", [row["value"] for row in came], *bounds),
    ]
    return lines(chart, series, low=0)
