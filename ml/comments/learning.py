"""How the reader is learned from its examples; nights never do it, they read with what ships.

Comes in: examples.yaml. Goes out: a `Reader`. Write it anew after a change of the examples: `python -m ml.comments`.
The strengths of regularisation were chosen by cross-validation over the examples alone: tone by its log-loss, themes by F1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression

from ml.comments.reading import Reader
from ml.comments.sentences import vectors

EXAMPLES = Path(__file__).with_name("examples.yaml")
NO_THEME = "none"
_TONE_C, _THEME_C = 10, 30


def examples() -> pd.DataFrame:
    """One row per example: language, theme, mood (bad or good), text."""
    listed = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    rows = [
        (language, theme, mood, text)
        for language, themes in listed.items()
        for theme, moods in themes.items()
        for mood, texts in moods.items()
        for text in texts
    ]
    return pd.DataFrame(rows, columns=["language", "theme", "mood", "text"])


def learn(seen: pd.DataFrame) -> Reader:
    """A reader that has seen these examples."""
    said = vectors(list(seen["text"]))
    themes = sorted(set(seen["theme"]) - {NO_THEME})
    weights = [_fitted(said, seen["theme"] == theme, _THEME_C) for theme in themes]
    return Reader(themes, [*weights, _fitted(said, seen["mood"] == "good", _TONE_C)])


def _fitted(said: ArrayLike, is_so: pd.Series, strength: float) -> list[float]:
    model = LogisticRegression(C=strength, max_iter=5000).fit(said, is_so)
    return [round(float(weight), 4) for weight in np.append(model.coef_[0], model.intercept_[0])]
