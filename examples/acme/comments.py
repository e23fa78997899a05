"""Comments in four languages, composed from fragments that fit a theme and a mood. Pure but for reading comments.yaml beside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from numpy.typing import NDArray

from examples.acme.columns import Ints
from examples.acme.world import LANGUAGES, THEMES

VARIANTS = 4  # fragments per language, place and mood


def compose(rng: np.random.Generator, language: Ints, theme: Ints, happy: NDArray[np.bool_]) -> pa.Array:
    """One comment per entry: sometimes an opening, always a sentence on the theme, sometimes a closing."""
    openings, bodies, closings = _fragments()
    mood = happy.astype(np.int64)
    count = len(language)
    edge = (language * 2 + mood) * (VARIANTS + 1)
    opening = openings.take(pa.array(edge + rng.integers(0, VARIANTS + 1, count)))
    closing = closings.take(pa.array(edge + rng.integers(0, VARIANTS + 1, count)))
    body = bodies.take(pa.array(((language * len(THEMES) + theme) * 2 + mood) * VARIANTS + rng.integers(0, VARIANTS, count)))
    return pc.utf8_trim_whitespace(pc.binary_join_element_wise(opening, body, closing, " "))


@cache
def _fragments() -> tuple[pa.Array, pa.Array, pa.Array]:
    """Openings, bodies and closings, flat; the empty fragment last in every group of openings and closings."""
    words = yaml.safe_load((Path(__file__).parent / "comments.yaml").read_text(encoding="utf-8"))
    moods = ("unhappy", "happy")
    openings = [text for language in LANGUAGES for mood in moods for text in (*words[language]["openings"][mood], "")]
    closings = [text for language in LANGUAGES for mood in moods for text in (*words[language]["closings"][mood], "")]
    bodies = [text for language in LANGUAGES for theme in THEMES for mood in moods for text in words[language][theme][mood]]
    return pa.array(openings), pa.array(bodies), pa.array(closings)
