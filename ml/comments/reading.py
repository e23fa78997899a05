"""The reader: a weight per number of a sentence's vector for each theme, and for tone.

Comes in: a frame with text_hash and text. Goes out: `comment_readings`, one row per text that holds a word or an emoji that has a tone.
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

from ml.comments.phrases import PHRASES, clauses, says_nothing, tone_of_faces, tone_of_phrases
from ml.comments.sentences import sentences, vectors
from ml.nightly.tables import build

WEIGHTS = Path(__file__).with_name("weights.json")
_LEAST = np.log(0.2 / 0.8)  # a theme is touched from a probability of one fifth: between .15 and .3 the dev examples see no difference
_MOST = 8.0  # tone beyond it is as good as certain
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.5  # what follows a `but` is what is meant (Hutto & Gilbert 2014)
_BATCH = 10_000  # texts at a time: vectors of a million sentences would take 2 GB


@dataclass(frozen=True)
class Reader:
    """What was learned. `weights`: one row per theme and a last one for tone; columns are those of a vector and the constant."""

    themes: list[str]
    weights: list[list[float]]

    @property
    def version(self) -> str:
        """Changes with whatever was learned or is listed, so that old readings are not mistaken for its own."""
        return "comments-" + hashlib.sha256(json.dumps(asdict(self)).encode() + PHRASES.read_bytes()).hexdigest()[:12]

    def scores(self, texts: list[str]) -> NDArray[np.float64]:
        """One row per sentence: log-odds of each theme, then of a good tone."""
        weights = np.asarray(self.weights)
        return vectors(texts).astype(np.float64) @ weights[:, :-1].T + weights[:, -1]


def shipped() -> Reader:
    """The reader that ships with the code; `ml.comments.learning` made it."""
    return Reader(**json.loads(WEIGHTS.read_text(encoding="utf-8")))


def read(texts: pd.DataFrame, reader: Reader | None = None) -> pa.Table:
    """`comment_readings` of `texts` (text_hash, text): the themes between blanks, sorted, and tone as log-odds; no row of dots."""
    reader = reader or shipped()
    rows = [row for start in range(0, len(texts), _BATCH) for row in _read(texts.iloc[start : start + _BATCH], reader)]
    columns = {name: [row[name] for row in rows] for name in ("text_hash", "themes", "tone")}
    return build("comment_readings", len(rows), columns | {"reader_version": reader.version})


def _read(texts: pd.DataFrame, reader: Reader) -> Iterable[dict[str, object]]:
    """Equal sentences are read once."""
    parts = {name: _parts(text) for name, text in zip(texts["text_hash"], texts["text"], strict=True)}
    known = sorted({part for found in parts.values() for part, _ in found})
    scores = dict(zip(known, reader.scores(known), strict=True)) if known else {}
    tones = {part: _tone(part, score[-1]) for part, score in scores.items()}
    for name, text in zip(texts["text_hash"], texts["text"], strict=True):
        if found := parts[name]:
            said = np.array([scores[part] for part, _ in found])
            touched = [theme for theme, score in zip(reader.themes, said[:, :-1].max(axis=0), strict=True) if score > _LEAST]
            tone = sum(weight * tones[part] for part, weight in found)
            yield {"text_hash": name, "themes": " ".join(touched), "tone": round(float(np.clip(tone, -_MOST, _MOST)), 3)}
        elif (tone_or_none := _tone_without_words(text)) is not None:
            yield {"text_hash": name, "themes": "", "tone": tone_or_none}


def _parts(text: str) -> list[tuple[str, float]]:
    """What is read of a text, and how much its tone counts: its sentences, and the clauses of those with a `but`."""
    return [] if says_nothing(text) else [part for sentence in sentences(text) for part in _weighed(sentence)]


def _weighed(sentence: str) -> list[tuple[str, float]]:
    before, after = clauses(sentence) or (sentence, "")
    halves = [(half.strip(), weight) for half, weight in ((before, _BEFORE_BUT), (after, _AFTER_BUT)) if sentences(half)]
    return halves if len(halves) == 2 else [(sentence, 1.0)]


def _tone(part: str, log_odds: float) -> float:
    phrase = tone_of_phrases(part)
    return float(log_odds) if phrase is None else phrase


def _tone_without_words(text: str) -> float | None:
    """Nothing was said: neutral. Of emoji their own. Of dots and dashes nothing is known."""
    return 0.0 if says_nothing(text) else tone_of_faces(text)
