"""What the rows of `model_quality` speak of: a metric of a candidate, or one point of a curve.

Comes in: rows of one model. Goes out: the same, parted into metrics for a table and points by what they are points of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestration.report.marts import Row

# What the points are of → how such metrics are called; the first group says where on the curve.
_CURVES = {
    "decile": re.compile(r"decile_(\d+)_(expected|left)"),
    "group": re.compile(r"gap_where_(.+)"),
    "group_error": re.compile(r"brier_where_(.+)"),
    "moment": re.compile(r"out_of_time_(\d{4}-\d\d-\d\d)_(expected|left)"),
    "earlier": re.compile(r"out_of_time_(\d{4}-\d\d-\d\d)_((?!expected$|left$).+)"),
    "lift": re.compile(r"holdout_lift_(\d{4}-\d\d|all_months)"),
    "repeats": re.compile(r"holdout_mean_after_(\S+)_repeats_(expected|actual)"),
    "month": re.compile(r"after_month_(\d+)_(expected|left)"),
    "tracking": re.compile(r"tracking_(\d{4}-\d\d-\d\d)_(expected|actual)"),
    "drift": re.compile(r"(psi)"),
    "weight": re.compile(r"(share_of_score)"),
}


def metrics(rows: Sequence[Row]) -> list[Row]:
    """The rows that are points of no curve."""
    return [row for row in rows if not any(pattern.fullmatch(row["metric"]) for pattern in _CURVES.values())]


def points(rows: Sequence[Row], curve: str) -> list[tuple[tuple[str, ...], Row]]:
    """(what the name says, row) of every point of `curve`."""
    found = ((_CURVES[curve].fullmatch(row["metric"]), row) for row in rows)
    return [(match.groups(), row) for match, row in found if match]


def pairs(rows: Sequence[Row], curve: str, first: str, second: str) -> dict[tuple[str, str], dict[str, Row]]:
    """(candidate, place) → {first: row, second: row}, for curves that set two numbers side by side."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for (place, side), row in points(rows, curve):
        found.setdefault((row["candidate"], place), {})[side] = row
    return {at: sides for at, sides in found.items() if {first, second} <= sides.keys()}
