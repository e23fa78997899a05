"""The 95 % interval of a mean of few or lopsided values, such as outcomes weighted by 1 ÷ propensity.

A few large weights, or outcomes in money, make the distribution of the mean lean, and its normal interval ends too low: of rare
actions and money it held the truth in 67 to 90 of 100 logs (docs/decisions/0045).
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from ml.additive import Floats

_LEVEL = 0.975


def mean_interval(values: Floats, effective: float) -> tuple[float, float, float]:
    """(mean, low, high): as far as either Student's interval or that which allows for skewness reaches; NaN ends of fewer than 2 values.

    `effective`: of how many alike decisions the values know as much; the degrees of freedom follow from it. Skewness: Hall (1992),
    "On the Removal of Skewness by Transformation", JRSS B 54(1), a cubic of Student's t that is symmetric and can be inverted.
    """
    mean = float(values.mean())
    if values.size < 2:
        return mean, np.nan, np.nan
    error = float(values.std(ddof=1) / np.sqrt(values.size))
    reach = float(stdtrit(max(effective - 1, 1.0), _LEVEL))
    lean = float(((values - mean) ** 3).mean() / values.std() ** 3 / np.sqrt(values.size)) if error > 0 else 0.0
    return mean, mean - error * max(reach, _unbent(reach, lean)), mean - error * min(-reach, _unbent(-reach, lean))


def _unbent(reach: float, lean: float) -> float:
    """Where Hall's cubic of a t is `reach`; `lean`: skewness ÷ √n."""
    if abs(lean) < 1e-9:
        return reach
    return 3 / lean * (float(np.cbrt(1 + lean * (reach - lean / 6))) - 1)
