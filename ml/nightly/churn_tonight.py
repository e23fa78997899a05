"""Are tonight's customers still those that the model knows?

Comes in: the newest customers whose outcome is known, and tonight's. Goes out: numbers in `run`, and why not to score with the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ml.additive import Floats
from ml.churn import ChurnModel
from ml.churn.vanishing import vanished
from ml.drift import psi_of
from ml.encoding import Parsed, parse
from ml.nightly.churn_judgement import features_of
from ml.nightly.tables import Run

# A season moves a column by 0.5, a young company's customers by 1; 2 is another kind of customer, or a column in another unit.
DRIFT_LIMIT, MATTERS = 2.0, 0.05
AGES = ("tenure_days", "days_since_first_order", "days_since_first_paid")  # they grow by a day a day for everyone: that is no drift
_DRIFT_ROWS = 20_000


@dataclass(frozen=True)
class Sides:
    """The newest customers whose outcome is known, and tonight's, at most some _DRIFT_ROWS of either; `left`: of the former."""

    then: Parsed
    left: Floats
    now: Parsed
    tonight: pd.DataFrame

    @staticmethod
    def of(labelled: pd.DataFrame, tonight: pd.DataFrame) -> Sides:
        """Of rows at several cut-offs, and of tonight's."""
        newest = labelled[labelled["cutoff_date"] == labelled["cutoff_date"].max()].iloc[:_DRIFT_ROWS]
        few = tonight.iloc[:: max(1, len(tonight) // _DRIFT_ROWS)]
        then = parse(features_of(newest))
        return Sides(then, newest["label_left"].to_numpy(dtype=float), parse(few, then.kinds), few)

    @property
    def given_away(self) -> str | None:
        """The column of which one value tells who is to leave, as those have it and tonight's have not; and how that shows."""
        found = vanished(self.then, self.left, self.now)
        return None if found is None else found.told()


def drift_refusal(model: ChurnModel, sides: Sides, run: Run) -> str | None:
    """Measure which columns moved most since the newest cut-off learnt from, which weigh most; name one that weighs and moved too far."""
    if not model.required:
        return None
    tonight = sides.tonight
    moved = psi_of(sides.then, sides.now).set_index("column")["psi"]
    drift = moved[moved.index.isin(model.required)]
    for column, index in drift.head(5).items():
        run.measure(str(column), "psi", index)
    weight = model.contributions(tonight.iloc[:2000]).drop(columns="(base)").abs().mean()
    share = weight / max(float(weight.sum()), 1e-12)
    for column, part in share.nlargest(8).items():
        run.measure(str(column), "share_of_score", float(part))
    far = [
        str(column)
        for column, index in drift.items()
        if index > DRIFT_LIMIT and column not in AGES and share.get(str(column), 0.0) >= MATTERS
    ]
    if not far:
        return None
    told = f"{far[0]} has moved by a stability index of {drift[far[0]]:.2f}, above {DRIFT_LIMIT:g}"
    return f"tonight's customers are not those it learnt from: {told}"
