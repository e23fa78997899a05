"""The reader: a weight per number of a sentence's vector for each theme, and for tone.

Comes in: a frame with text_hash and text. Goes out: `comment_readings`, one row per text that says anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ml.comments.sentences import sentences, vectors
from ml.nightly.tables import build

WEIGHTS = Path(__file__).with_name("weights.json")
_LEAST = np.log(0.2 / 0.8)  # a theme is touched from a probability of one fifth: between .15 and .3 the dev examples see no difference
_MOST = 8.0  # tone beyond it is as good as certain
_BATCH = 10_000  # texts at a time: vectors of a million sentences would take 2 GB


@dataclass(frozen=True)
class Reader:
    """What was learned. `weights`: one row per theme and a last one for tone; columns are those of a vector and the constant."""

    themes: list[str]
    weights: list[list[float]]

    @property
    def version(self) -> str:
        """Changes with whatever was learned, so that old readings are not mistaken for its own."""
        return "comments-" + hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:12]

    def scores(self, texts: list[str]) -> NDArray[np.float64]:
        """One row per sentence: log-odds of each theme, then of a good tone."""
        weights = np.asarray(self.weights)
        return vectors(texts).astype(np.float64) @ weights[:, :-1].T + weights[:, -1]


def shipped() -> Reader:
    """The reader that ships with the code; `ml.comments.learning` made it."""
    return Reader(**json.loads(WEIGHTS.read_text(encoding="utf-8")))


def read(texts: pd.DataFrame, reader: Reader | None = None) -> pa.Table:
    """`comment_readings` of `texts` (text_hash, text): the themes between blanks, sorted, and tone as log-odds; no row without words."""
    reader = reader or shipped()
    rows = [row for start in range(0, len(texts), _BATCH) for row in _read(texts.iloc[start : start + _BATCH], reader)]
    columns = {name: [row[name] for row in rows] for name in ("text_hash", "themes", "tone")}
    return build("comment_readings", len(rows), columns | {"reader_version": reader.version})


def _read(texts: pd.DataFrame, reader: Reader) -> Iterable[dict[str, object]]:
    """Equal sentences are read once."""
    parts = {name: found for name, text in zip(texts["text_hash"], texts["text"], strict=True) if (found := sentences(text))}
    known = sorted({sentence for found in parts.values() for sentence in found})
    scores = dict(zip(known, reader.scores(known), strict=True)) if known else {}
    for name, found in parts.items():
        said = np.array([scores[sentence] for sentence in found])
        touched = [theme for theme, score in zip(reader.themes, said[:, :-1].max(axis=0), strict=True) if score > _LEAST]
        tone = round(float(np.clip(said[:, -1].sum(), -_MOST, _MOST)), 3)
        yield {"text_hash": name, "themes": " ".join(touched), "tone": tone}
