"""The newest customers whose outcome is known beside tonight's: what the former have and the latter have not knows the future.

Comes in: rows of `ml_inputs.customer_features`. Goes out: `Sides`, and in words what gives a feature away. Whoever learns from features
asks it every night, before anything is fitted or looked up among what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ml.additive import Floats
from ml.churn.vanishing import EXPECTED, vanished
from ml.encoding import Parsed, parse
from ml.encoding.kinds import DATE

META = ("customer_key", "cutoff_date", "is_tonight", "label_left", "left_after_days")
EPOCH = date(1970, 1, 1)
_MOST_ROWS = 20_000
_AGO = "days_since_"  # so features are called that say how long ago something was; below 0 it was later


@dataclass(frozen=True)
class Sides:
    """At most some _MOST_ROWS of either, read and as they came. `left`: of the former; `days`: the moment of either, in days since 1970."""

    then: Parsed
    left: Floats
    now: Parsed
    newest: pd.DataFrame
    tonight: pd.DataFrame
    days: tuple[int, int]

    @staticmethod
    def of(labelled: pd.DataFrame, tonight: pd.DataFrame) -> Sides:
        """Of rows at several cut-offs, and of tonight's."""
        newest, few = _few(labelled[labelled["cutoff_date"] == labelled["cutoff_date"].max()]), _few(tonight)
        then = parse(features_of(newest))
        days = tuple((pd.Timestamp(side["cutoff_date"].max()).date() - EPOCH).days for side in (newest, few))
        return Sides(then, newest["label_left"].to_numpy(dtype=float), parse(few, then.kinds), newest, few, (days[0], days[1]))

    @property
    def given_away(self) -> str | None:
        """A column that knows more than was known at its moment, and how that shows; None where none does."""
        found = vanished(self.then, self.left, self.now)
        return found.told() if found is not None else next(self._dated_later(), None)

    def _dated_later(self) -> Iterator[str]:
        """Dates from after their moment, of which tonight has none: of renewals, which are planned, tonight has some as well."""
        for name, kind in self.then.kinds.items():
            if kind == DATE:
                later, planned = (side.values[name] >= day + 1 for side, day in zip((self.then, self.now), self.days, strict=True))
                if later.mean() * planned.size >= EXPECTED and not planned.any():
                    told = f"is later than the moment it tells of for {later.sum()} of {later.size} customers"
                    yield f"{name} {told}, and for none of tonight's"


def told_later(features: pd.DataFrame) -> str | None:
    """A column that says that something happened after the moment of its row, in words; None where none does."""
    for name in features.columns:
        if str(name).startswith(_AGO) and pd.api.types.is_numeric_dtype(features[name].dtype):
            later = int((features[name].to_numpy(dtype=np.float64, na_value=np.nan) < 0).sum())
            if later:
                return f"{name} is below 0 for {later} rows: what it tells of happened after the moment of the row"
    return None


def features_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns a model may see."""
    return frame.drop(columns=[name for name in META if name in frame])


def _few(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.iloc[:: max(1, len(rows) // _MOST_ROWS)]
