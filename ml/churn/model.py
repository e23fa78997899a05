"""A trained churn model: what predicts, explains itself, and can be written down as JSON and arrays.

Comes in: raw frames with at least the training columns. Goes out: probabilities, parts, sentences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ml.additive import Floats, Scorer, SurvivalScorer, restore
from ml.additive.survival import leaving
from ml.churn.calibration import IDENTITY, Line, probabilities
from ml.churn.reasons import sentences
from ml.encoding import Encoder, require_frame

_BATCH = 100_000


@dataclass(frozen=True)
class ChurnModel:
    """Calibrated probability of leaving = sigmoid(slope · (base + Σ parts) + intercept); of a survival model 1 − exp(−exp(base + Σ parts)).

    `report`: JSON-able dictionary with `chosen`, `candidates` (compared by cross-validated log loss), `metrics`
    (name → value, low, high; out of fold), `suspicious_features`, `left_out`, `rows`, `base_rate`, `calibration`.
    """

    encoder: Encoder
    scorer: Scorer
    line: Line
    required: tuple[str, ...]
    report: dict[str, Any]

    def predict(self, features: pd.DataFrame) -> pd.Series:
        """Probability of leaving per row, index kept. Raises ValueError naming columns that are missing.

        Columns may come in any order, further ones are ignored; a text never seen in training counts as other or unknown.
        """
        return _by_row([self._scored(codes) for codes in self._codes(features)], features.index)

    def corrected(self, line: Line) -> ChurnModel:
        """The same model, its log-odds mapped by one more line."""
        return replace(self, line=(line[0] * self.line[0], line[0] * self.line[1] + line[1]))

    def contributions(self, features: pd.DataFrame) -> pd.DataFrame:
        """What each column adds to the calibrated log-odds (survival: log(−log(1 − p))), and `(base)`; each row sums to it."""
        parts = [self.line[0] * self.scorer.parts(self.encoder, codes) for codes in self._codes(features)]
        matrix = np.vstack(parts) if parts else np.zeros((0, len(self.encoder.columns)))
        frame = pd.DataFrame(matrix, index=features.index, columns=self.encoder.names)
        frame["(base)"] = self.line[0] * self.scorer.base + self.line[1]
        return frame

    def staying(self, features: pd.DataFrame) -> pd.DataFrame | None:
        """The whole curve: per row the chance of still being there after each month of the window; None unless the model is of survival."""
        scorer = self.scorer
        if not isinstance(scorer, SurvivalScorer):
            return None
        curve = np.vstack([scorer.staying(scorer.score(self.encoder, codes)) for codes in self._codes(features)])
        return pd.DataFrame(curve, index=features.index, columns=range(1, curve.shape[1] + 1))

    def reasons(self, features: pd.DataFrame, most: int = 3) -> pa.ChunkedArray:
        """Up to `most` sentences per row, strongest first, as lists of texts in the order of the rows."""
        return pa.chunked_array([self._told(codes, most) for codes in self._codes(features)], type=pa.list_(pa.string()))

    def explained(self, features: pd.DataFrame, most: int = 3) -> tuple[pd.Series, pa.ChunkedArray]:
        """`predict` and `reasons` of rows that are read once for both."""
        told = [(self._scored(codes), self._told(codes, most)) for codes in self._codes(features)]
        reasons = pa.chunked_array([sentences for _, sentences in told], type=pa.list_(pa.string()))
        return _by_row([chances for chances, _ in told], features.index), reasons

    def _scored(self, codes: Floats) -> Floats:
        return self._chance(self.line[0] * self.scorer.score(self.encoder, codes) + self.line[1])

    def _told(self, codes: Floats, most: int) -> pa.ListArray:
        parts = self.line[0] * self.scorer.parts(self.encoder, codes)
        log_odds = parts.sum(axis=1) + self.line[0] * self.scorer.base + self.line[1]
        return sentences(self.encoder, codes, parts, log_odds, self._chance, most)

    def _chance(self, score: Floats) -> Floats:
        return leaving(score) if isinstance(self.scorer, SurvivalScorer) else probabilities(score, IDENTITY)

    def _codes(self, features: pd.DataFrame) -> Iterator[Floats]:
        require_frame(features)
        missing = sorted(set(self.required) - {str(name) for name in features.columns})
        if missing:
            raise ValueError(f"features: missing column(s) {', '.join(missing)}; the churn model was trained with them")
        for start in range(0, len(features), _BATCH):
            yield self.encoder.read(features.iloc[start : start + _BATCH])

    def to_parts(self) -> tuple[dict[str, Any], dict[str, NDArray]]:
        """JSON-able description and arrays, for `ml.artifacts.save`."""
        described = {"columns": self.encoder.to_json(), "line": list(self.line), "required": list(self.required), "report": self.report}
        return described, self.scorer.arrays()

    @staticmethod
    def from_parts(described: dict[str, Any], arrays: dict[str, NDArray]) -> ChurnModel:
        """The model that `to_parts` described."""
        line = (float(described["line"][0]), float(described["line"][1]))
        encoder = Encoder.from_json(described["columns"])
        return ChurnModel(encoder, restore(arrays), line, tuple(described["required"]), described["report"])


def _by_row(chances: list[Floats], index: pd.Index) -> pd.Series:
    return pd.Series(np.concatenate(chances) if chances else [], index=index, name="churn_probability", dtype=float)
