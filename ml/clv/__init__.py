"""Customer lifetime value: purchase counts, order values and renewals, each by its published model.

Comes in: one row per customer (how often, how recently, for how long), in the caller's unit of time.
Goes out: fitted models with parameters, log-likelihood, standard errors and expectations.
A fit that cannot be trusted raises `ml.refusal.Refused`.
"""

from __future__ import annotations

from ml.clv.bgbb import BgBb, fit_bgbb
from ml.clv.bgnbd import BgNbd, MbgNbd, fit_bgnbd, fit_mbg_nbd
from ml.clv.gamma_gamma import GammaGamma, fit_gamma_gamma
from ml.clv.pareto_nbd import ParetoNbd, fit_pareto_nbd
from ml.clv.residual import residual_purchases
from ml.clv.sbg import Sbg, fit_sbg, fit_sbg_censored

__all__ = [
    "BgBb",
    "BgNbd",
    "GammaGamma",
    "MbgNbd",
    "ParetoNbd",
    "Sbg",
    "fit_bgbb",
    "fit_bgnbd",
    "fit_gamma_gamma",
    "fit_mbg_nbd",
    "fit_pareto_nbd",
    "fit_sbg",
    "fit_sbg_censored",
    "residual_purchases",
]
