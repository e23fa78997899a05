"""Whom to look after first: customers banded by what losing them is expected to cost, not by how likely it is.

Comes in: probabilities of leaving and the values expected of customers. Goes out: `low`, `medium` or `high` per customer.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.additive import Floats


def expected_losses(customers: pd.Series, probability: Floats, values: pd.DataFrame | None) -> Floats:
    """Probability × `clv_predicted`. Who has no value counts with tonight's mean; where nobody has one, all count alike."""
    if values is None or values["clv_predicted"].isna().all():
        return probability
    worth = values.set_index(values["customer_key"].astype(str))["clv_predicted"].reindex(customers.astype(str))
    return probability * worth.fillna(worth.mean()).fillna(1.0).to_numpy(dtype=float)


def risk_bands(loss: Floats) -> np.ndarray:
    """High: the tenth with most to lose; low: the six tenths with least; medium: between, and everyone where all are alike."""
    sixty, ninety = np.quantile(loss, [0.6, 0.9])
    bands = np.full(loss.size, "medium", dtype=object)
    # Where more than six tenths have least to lose, all of them are low: a third who are worth nothing must not split.
    bands[(loss < sixty) | ((loss == loss.min()) & (loss.max() > sixty))] = "low"
    bands[(loss >= ninety) & (loss > sixty)] = "high"
    return bands
