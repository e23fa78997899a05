"""Refused: a model that must not be published says why, in one line.

Every fit in this package raises it instead of returning numbers that nobody should use; the nightly
glue (`ml.nightly`) turns it into a `refused` or `kept_last_good` row of `ml.model_runs`.
"""

from __future__ import annotations


class Refused(ValueError):  # noqa: N818  a refusal is an outcome of a fit, not a mistake
    """A fit or a decision that cannot be trusted; the message says what, why, and what would help."""
