"""Scorers back from the arrays they were saved as: which kind it is shows in their names."""

from __future__ import annotations

from numpy.typing import NDArray

from ml.additive.mixed import MixedScorer
from ml.additive.ranked import RankedScorer, Ranks
from ml.additive.scorers import ConstantScorer, LinearScorer, Scorer, TreeScorer
from ml.additive.survival import SurvivalScorer


def restore(arrays: dict[str, NDArray]) -> Scorer:
    """The scorer whose `arrays` these are."""
    if "weights" in arrays:
        return MixedScorer(arrays["weights"], tuple(restore(_under(arrays, number)) for number in range(len(arrays["weights"]))))
    base = float(arrays["base"])
    if "roots" in arrays:
        return TreeScorer(**{**arrays, "base": base})  # type: ignore[arg-type]
    if "knots" in arrays:
        return RankedScorer(base, Ranks(*(arrays[name] for name in ("knots", "mean", "spread", "missing"))), arrays["coefficients"])
    if "shares" in arrays:
        return SurvivalScorer(base, arrays["coefficients"], arrays["shares"])
    if "coefficients" in arrays:
        return LinearScorer(base, arrays["coefficients"])
    return ConstantScorer(base)


def _under(arrays: dict[str, NDArray], number: int) -> dict[str, NDArray]:
    """The arrays of one part of a mixture."""
    prefix = f"{number}."
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
