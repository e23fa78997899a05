"""Probability that a customer leaves within the horizon, calibrated, with reasons.

Comes in: raw columns of any type, one row per customer. Goes out: `ChurnModel` (predict, contributions, reasons, report).
"""

from __future__ import annotations

from ml.churn.model import ChurnModel
from ml.churn.training import train

__all__ = ["ChurnModel", "train"]
