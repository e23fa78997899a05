"""Are tonight's customers still those that the model knows?

Comes in: the newest customers whose outcome is known, and tonight's. Goes out: numbers in `run`, and why not to score with the model.
"""

from __future__ import annotations

from ml.churn import ChurnModel
from ml.drift import psi_between, psi_of
from ml.nightly.sides import Sides
from ml.nightly.tables import Run

# A season moves a column by 0.5, a young company's customers by 1; 2 is another kind of customer, or a column in another unit.
DRIFT_LIMIT, MATTERS = 2.0, 0.05
AGES = ("tenure_days", "days_since_first_order", "days_since_first_paid")  # they grow by a day a day for everyone: that is no drift


def drift_refusal(model: ChurnModel, sides: Sides, run: Run) -> str | None:
    """Measure how far scores have moved since the newest cut-off learnt from, which columns moved most, and which weigh most.

    The refusal names a column that weighs and moved too far.
    """
    if not model.required:
        return None
    tonight = sides.tonight
    before, now = (model.predict(side).to_numpy() for side in (sides.newest, tonight))
    run.measure("churn_probability", "psi", psi_between(before, now))
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
