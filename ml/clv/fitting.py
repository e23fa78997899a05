"""Maximum likelihood in log-parameters, with standard errors.

Comes in: a log-likelihood of positive parameters, with its gradient where that is known.
Goes out: `Fit` with parameters, log-likelihood and standard errors (delta method from the observed information).
Log-parameters keep every step inside the model and make the surface round enough for quasi-Newton steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from ml.clv.counted import Floats
from ml.refusal import Refused
from ml.threads import alone

Likelihood = Callable[[Floats], tuple[float, Floats]]
BOUND = 12.0  # e^12 = 160,000 times its usual size: a parameter there is not identified by the data
ROUGH_ROWS = 20_000  # distinct histories on which the starts race; only the winner's fit is finished on all of them
_GRADIENT_LIMIT = 1e-4  # per customer, in log-parameters


@dataclass(frozen=True)
class Fit:
    """What every fitted model carries. `standard_errors` are those of the parameters themselves, not of their logs."""

    params: dict[str, float]
    log_likelihood: float
    standard_errors: dict[str, float]
    customers: float

    def intervals(self, z: float = 1.96) -> dict[str, tuple[float, float]]:
        """Per parameter its interval, 95 % by default: symmetric in the logarithm, so never below 0; NaN where no error is known."""
        width = {name: np.exp(z * error / self.params[name]) for name, error in self.standard_errors.items()}
        return {name: (float(value / width[name]), float(value * width[name])) for name, value in self.params.items()}


def numeric_gradient(value: Callable[[Floats], float], step: float = 1e-5) -> Likelihood:
    """`value` with central differences in log-parameters, for likelihoods whose derivatives have no closed form."""

    def likelihood(params: Floats) -> tuple[float, Floats]:
        moves = np.exp(step * np.eye(params.size))
        slopes = [(value(params * move) - value(params / move)) / (2 * step) for move in moves]
        return value(params), np.asarray(slopes) / params

    return likelihood


@alone
def maximise(
    model: str,
    names: Sequence[str],
    likelihood: Likelihood,
    starts: Sequence[Sequence[float]],
    customers: float,
    *,
    edge: bool = False,
    rough: Likelihood | None = None,
    sizes: Sequence[float] | None = None,
) -> Fit:
    """The best of the local maxima reached from `starts`, on `rough` (the likelihood of fewer rows) first where it is given.

    `sizes`: of what size each parameter usually is, 1 by default. One in seconds or rupiah is large without being at an edge.
    Raises Refused when none converges, or when a parameter ends at the edge of what is searched (unless `edge`
    allows it, for models whose limit is itself a sensible model).
    """
    middle = np.log(np.ones(len(names)) if sizes is None else np.asarray(sizes, dtype=float))
    climbed = [_climb(rough or likelihood, np.asarray(start, dtype=float), customers, middle) for start in starts]
    best = min(climbed, key=lambda found: found.fun)
    if rough is not None:
        best = _climb(likelihood, np.exp(best.x), customers, middle)
    _require_converged(model, names, best, edge, middle)
    params = np.exp(best.x)
    return Fit(
        params=dict(zip(names, params.tolist(), strict=True)),
        log_likelihood=likelihood(params)[0],
        standard_errors=dict(zip(names, _standard_errors(likelihood, best.x).tolist(), strict=True)),
        customers=customers,
    )


def _climb(likelihood: Likelihood, start: Floats, customers: float, middle: Floats) -> OptimizeResult:
    def loss(log_params: Floats) -> tuple[float, Floats]:
        params = np.exp(log_params)
        value, gradient = likelihood(params)
        return -value / customers, -gradient * params / customers

    bounds = [(one - BOUND, one + BOUND) for one in middle]
    return minimize(loss, np.log(start), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-9})


def _require_converged(model: str, names: Sequence[str], found: OptimizeResult, edge: bool, middle: Floats) -> None:
    at_edge = np.abs(found.x - middle) > BOUND - 1e-6
    slope = float(np.abs(found.jac[~at_edge]).max(initial=0.0))
    if not np.isfinite(found.fun) or slope > _GRADIENT_LIMIT:
        told = f"where the search ended its slope is {slope:.2g} per customer, at most {_GRADIENT_LIMIT:g} is allowed"
        raise Refused(
            f"{model}: the fit did not converge ({told}); the data does not suit this model, or a few customers are beyond all others"
        )
    if at_edge.any() and not edge:
        stuck = ", ".join(name for name, is_stuck in zip(names, at_edge, strict=True) if is_stuck)
        raise Refused(f"{model}: {stuck} ran to the edge of what is searched; the data does not identify this model")


def _standard_errors(likelihood: Likelihood, log_params: Floats, step: float = 1e-4) -> Floats:
    """Delta method: se(parameter) = parameter · se(log parameter); NaN where the information is singular."""

    def slope(at: Floats) -> Floats:
        return likelihood(np.exp(at))[1] * np.exp(at)

    moves = step * np.eye(log_params.size)
    hessian = np.array([(slope(log_params + move) - slope(log_params - move)) / (2 * step) for move in moves])
    information = -(hessian + hessian.T) / 2
    if np.linalg.eigvalsh(information).min() <= 0:
        return np.full(log_params.size, np.nan)
    return np.exp(log_params) * np.sqrt(np.diag(np.linalg.inv(information)))
