"""Why a customer scored as they did: up to three short sentences, exact for the model that scored.

Comes in: codes, the calibrated parts of each column, the score and the probability it means. Goes out: one list of sentences per row.
A sentence says the value, what is usual, the direction and the size: how far the probability would move if this column
added nothing. Built with Arrow, column-wise, because a million rows have three million sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ml.additive import Floats
from ml.encoding import Column, Encoder
from ml.encoding.kinds import CATEGORY, DATE, FLAG
from ml.plain_numbers import measured

_ABBREVIATIONS = ("ces", "clv", "csat", "mrr", "nps", "rfm")
_SMALLEST = 0.0005  # a twentieth of a point: below it a sentence would say 0.0


def humanised(name: str) -> str:
    """`days_since_last_order` → "Days since last order", `mrr_change_90d` → "MRR change in 90 days"."""
    words = re.sub(r"[_\W]+", " ", name).strip()
    words = re.sub(r"\b([1-9]\d*)d\b", r"in \1 days", words)
    words = re.sub(rf"\b({'|'.join(_ABBREVIATIONS)})\b", lambda found: found[0].upper(), words)
    return words[:1].upper() + words[1:]


def sentences(
    encoder: Encoder, codes: Floats, parts: Floats, score: Floats, chance: Callable[[Floats], Floats], most: int = 3
) -> pa.ListArray:
    """One list per row, strongest reason first; empty where no column moves the probability noticeably."""
    if not encoder.columns:
        return pa.array([[]] * len(codes), type=pa.list_(pa.string()))
    count = min(most, len(encoder.columns))
    strongest = _strongest(parts, count)
    moved = chance(score)[:, None] - chance(score[:, None] - np.take_along_axis(parts, strongest, axis=1))
    said = np.abs(moved) >= _SMALLEST
    rows, ranks = np.nonzero(said)
    texts = _texts(encoder, codes, rows, strongest[rows, ranks], moved[rows, ranks])
    offsets = np.append(0, np.cumsum(said.sum(axis=1))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), texts)


def _strongest(parts: Floats, count: int) -> NDArray[np.int64]:
    """Per row the places of the `count` largest, of equals the first; looked for one by one, as sorting all of 80 columns takes longer."""
    size, rows = np.abs(parts, order="C"), np.arange(len(parts))
    found = np.empty((len(parts), count), dtype=np.int64)
    for rank in range(count):
        found[:, rank] = size.argmax(axis=1)
        size[rows, found[:, rank]] = -1.0
    return found


def _texts(encoder: Encoder, codes: Floats, rows: NDArray[np.int64], features: NDArray[np.int64], moved: Floats) -> pa.Array:
    """The sentences in the order of `rows`, written one column at a time."""
    order = np.argsort(features, kind="stable")
    pieces = [pa.array([], pa.string())]
    for position, column in enumerate(encoder.columns):
        mine = order[_run(features[order], position)]
        if mine.size:
            pieces.append(_told(column, codes[rows[mine], position], moved[mine]))
    written = pa.chunked_array(pieces).combine_chunks()
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return written.take(pa.array(back))


def _run(ordered: NDArray[np.int64], value: int) -> slice:
    return slice(*np.searchsorted(ordered, [value, value + 1]).tolist())


def _told(column: Column, values: Floats, moved: Floats) -> pa.Array:
    size = np.abs(moved) * 100
    points = np.where(size >= 0.95, np.round(size), np.round(size, 1))
    verb = pc.if_else(pa.array(moved > 0), ": raises the risk by ", ": lowers the risk by ")
    unit = pc.if_else(pa.array(points == 1), " point", " points")
    return pc.binary_join_element_wise(_subject(column, values), verb, pc.cast(pa.array(points), pa.string()), unit, "")


def _subject(column: Column, values: Floats) -> pa.Array:
    """Value and what is usual: "Logins 3 (typical 12)", "Plan basic (most common: pro)", "Pays by card: no", "Age unknown"."""
    name, missing = humanised(column.name), np.isnan(values)
    if column.kind == CATEGORY:
        return _category(name, column, np.where(missing, len(column.levels), np.nan_to_num(values)).astype(np.int64))
    if column.kind == FLAG:
        answers = pa.array([f"{name}: no", f"{name}: yes", f"{name} unknown"])
        return answers.take(pa.array(np.where(missing, 2, np.nan_to_num(values)).astype(np.int64)))
    shown = _dates(values) if column.kind == DATE else measured(values)
    typical = (_dates if column.kind == DATE else measured)(np.array([float(column.typical or "nan")]))[0].as_py()
    known = pc.binary_join_element_wise(f"{name} ", shown, f" (typical {typical})", "")
    return pc.if_else(pa.array(missing), f"{name} unknown", known)


def _category(name: str, column: Column, ranks: NDArray[np.int64]) -> pa.Array:
    beside = {level: "" if level == column.typical else f" (most common: {column.typical})" for level in column.levels}
    told = [f"{name} {level}{beside[level]}" for level in column.levels]
    return pa.array([*told, f"{name} unknown"]).take(pa.array(ranks))


def _dates(values: Floats) -> pa.Array:
    days = pa.array(np.floor(np.nan_to_num(values)).astype(np.int32), pa.int32())
    return pc.cast(days.cast(pa.date32()), pa.string())
