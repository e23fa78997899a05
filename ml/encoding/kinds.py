"""What a raw column is, and how its values are read, one by one, so that a row alone reads as it does in a batch.

Comes in: one pandas Series of any dtype. Goes out: its kind ("number", "flag", "date", "category", or None for a
column that no model can use) and its values as floats (flags: 0 and 1; dates: days since 1970 in UTC) or texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

NUMBER, FLAG, DATE, CATEGORY = "number", "flag", "date", "category"
_DAY = 86_400 * 10**6  # of microseconds: nanoseconds end in 2262, and who never leaves leaves on 9999-12-31
_FARTHEST = 1e100  # beyond it a square is infinite, and with it the spread of the whole column
_SHARE = 0.99  # of the values that must read as numbers or dates before a text column counts as one
_DECORATION = r"^[$€£¥\s]+|[$€£¥%\s]+$|(?<=\d),(?=\d{3}(?:\D|$))"
_ANSWERS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}  # a flag that came back from a file as text
_NOTHING = ("n/a", "na", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", "unknown", "missing")  # what exports write for no value
_ISO_DATE = r"\d{4}-\d{2}-\d{2}([T ].*)?"
# Also written, with but one meaning; 03/04/2026 has two, so that nobody can read it.
_YEAR_FIRST, _DAY_FIRST = r"^\s*(\d{4})[/.](\d{2})[/.](\d{2})(?=\D|$)", r"^\s*(\d{1,2})\.(\d{1,2})\.(\d{4})(?=\D|$)"


def kind_of(values: pd.Series) -> str | None:
    """The kind of a column, from its type and, for untyped columns, from its distinct values."""
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _unless_identifier(values)
    if types.is_complex_dtype(dtype):
        return None
    if types.is_bool_dtype(dtype):
        return FLAG
    if types.is_numeric_dtype(dtype) or _is_duration(dtype):
        return NUMBER
    if types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return DATE
    return _kind_of_objects(values)


def _kind_of_objects(values: pd.Series) -> str | None:
    try:
        distinct = pd.Series(values.dropna().unique(), dtype=object)
    except (TypeError, NotImplementedError):  # lists, dictionaries: nothing a churn model can read
        return None
    if not distinct.empty and distinct.map(lambda value: isinstance(value, (bool, np.bool_))).all():
        return FLAG
    if distinct.map(lambda value: isinstance(value, (bool, np.bool_, int, float, np.number, Decimal, timedelta))).all():
        return NUMBER
    if distinct.map(lambda value: isinstance(value, (date, datetime, np.datetime64))).all():
        return DATE
    texts = pd.Series([_text(value) for value in distinct], dtype=object).str.strip()
    texts = texts[(texts != "") & ~texts.str.lower().isin(_NOTHING)]
    if len(texts) > 2 and pd.to_numeric(_bare(texts), errors="coerce").notna().mean() >= _SHARE:
        return NUMBER
    if len(texts) and _as_iso(texts).str.fullmatch(_ISO_DATE).mean() >= _SHARE:
        return DATE
    return _unless_identifier(values)


def _unless_identifier(values: pd.Series) -> str | None:
    """A text that is different on almost every row is a name, an id or prose: no two customers share it."""
    distinct, present = values.nunique(), int(values.notna().sum())
    return None if distinct > 100 and distinct > present / 2 else CATEGORY


def read_numbers(values: pd.Series) -> NDArray[np.float64]:
    """Values as floats, none further from 0 than _FARTHEST; what is missing, infinite or unreadable becomes NaN."""
    if _is_duration(values.dtype):
        return values.astype("timedelta64[ns]").dt.total_seconds().to_numpy(dtype=np.float64, na_value=np.nan) / 86_400
    if not (types.is_numeric_dtype(values.dtype) or types.is_bool_dtype(values.dtype)):
        values = pd.to_numeric(_bare(values.astype(object).map(_plain)), errors="coerce")
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.clip(np.where(np.isfinite(numbers), numbers, np.nan), -_FARTHEST, _FARTHEST)


def _is_duration(dtype: Any) -> bool:
    return types.is_timedelta64_dtype(dtype) or (isinstance(dtype, pd.ArrowDtype) and dtype.kind == "m")


def _bare(texts: pd.Series) -> pd.Series:
    """Amounts as people write them without what is not a number: "$1,234.50", "12 %", "€ 5"."""
    written = texts.map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
    if not written.any():
        return texts
    bare = texts.astype(object)
    bare[written] = texts[written].astype(str).str.replace(_DECORATION, "", regex=True).to_numpy(dtype=object)
    return bare


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, np.bool_, Decimal)):
        return float(value)
    if isinstance(value, timedelta):
        return value / timedelta(days=1)
    if isinstance(value, str):
        return _ANSWERS.get(value.strip().lower(), value)
    if isinstance(value, int) and abs(value) > _FARTHEST:  # no float is as large as some whole numbers are
        return _FARTHEST if value > 0 else -_FARTHEST
    return value if isinstance(value, (int, float, np.number)) else np.nan


def read_dates(values: pd.Series) -> NDArray[np.float64]:
    """Values as days since 1970-01-01 in UTC; what is missing or unreadable becomes NaN."""
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    if not types.is_datetime64_any_dtype(values.dtype) or _is_arrow_date(values.dtype):
        values = _read_texts_of_dates(values.astype(object).map(lambda value: value if pd.isna(value) else str(value)))
    elif values.dt.tz is not None:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    moments = values.to_numpy(dtype="datetime64[us]").astype(np.int64).astype(np.float64)
    return np.where(values.isna().to_numpy(), np.nan, moments / _DAY)


def _read_texts_of_dates(texts: pd.Series) -> pd.Series:
    read = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    other = (read.isna() & texts.notna()).to_numpy()
    if other.any():
        read[other] = pd.to_datetime(_as_iso(texts[other]), format="ISO8601", errors="coerce", utc=True)
    return read


def _as_iso(texts: pd.Series) -> pd.Series:
    """2026/01/31 and 31.1.2026 as 2026-01-31; what is written otherwise stays."""
    turned = texts.astype(str).str.replace(_YEAR_FIRST, r"\1-\2-\3", regex=True)
    return turned.str.replace(_DAY_FIRST, lambda found: f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}", regex=True)


def _is_arrow_date(dtype: Any) -> bool:
    return isinstance(dtype, pd.ArrowDtype) and dtype.kind == "M" and "date" in str(dtype)


def read_texts(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Values as positions in a list of distinct texts; -1 where missing, blank, or no single value (a list)."""
    try:
        codes, distinct = pd.factorize(values)
    except TypeError:
        codes, distinct = pd.factorize(values.astype(object).map(lambda value: value if types.is_hashable(value) else None))
    return _merged(codes, [_written(value) for value in distinct])


def _written(value: Any) -> str:
    """A whole number is the same level in a column with gaps, where pandas makes 2 a 2.0."""
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else _text(value).strip()


def _text(value: Any) -> str:
    """Half of an emoji, as some exports cut it, is a question mark: Arrow takes none."""
    return str(value).encode("utf-8", "replace").decode()


def _merged(codes: NDArray[Any], texts: Iterable[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Blanks become missing, and texts that differed only in surrounding blanks become one."""
    positions: dict[str, int] = {}
    lookup = [positions.setdefault(text, len(positions)) if text else -1 for text in texts]
    return np.append(np.asarray(lookup, dtype=np.int64), -1)[codes], list(positions)
