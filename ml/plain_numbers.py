"""Numbers as people write them, column-wise, because a million rows have three million sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def measured(values: Floats) -> pa.Array:
    """Three significant digits, whole numbers without a decimal point, thousands set apart from 10,000 on: below it may be a year."""
    filled = np.nan_to_num(values)
    magnitude = np.floor(np.log10(np.maximum(np.abs(filled), 1e-12)))
    factor = 10.0 ** np.clip(2 - magnitude, 0, 12)
    return _written(np.round(filled * factor) / factor, digits=5)


def money(values: Floats) -> pa.Array:
    """Whole from 100 on, else to the cent; thousands set apart."""
    return _written(np.where(np.abs(values) >= 100, np.round(values), np.round(values, 2)), digits=4)


def _written(rounded: Floats, digits: int) -> pa.Array:
    """Each distinct number is written once: a million of three digits are a few thousand."""
    places, distinct = pd.factorize(rounded, use_na_sentinel=False)
    return _texts(distinct, digits).take(pa.array(places))


def _texts(rounded: Floats, digits: int) -> pa.Array:
    whole = (rounded == np.round(rounded)) & (np.abs(rounded) < 1e15)
    counts = np.where(whole, rounded, 0).astype(np.int64)
    minus = pc.if_else(pa.array(counts < 0), "-", "")
    grouped = pc.binary_join_element_wise(minus, _grouped(pc.cast(pa.array(np.abs(counts)), pa.string()), digits), "")
    return pc.if_else(pa.array(whole), grouped, pc.cast(pa.array(rounded), pa.string()))


def _grouped(texts: pa.Array, digits: int) -> pa.Array:
    """ "161324" → "161,324", where there are at least so many digits."""
    written = texts
    for place in (3, 7, 11, 15):  # from the end, the commas before it included
        head, tail = pc.utf8_slice_codeunits(written, 0, -place), pc.utf8_slice_codeunits(written, -place)
        written = pc.if_else(pc.greater(pc.utf8_length(written), place), pc.binary_join_element_wise(head, tail, ","), written)
    return pc.if_else(pc.less(pc.utf8_length(texts), digits), texts, written)
