"""Learn once: a model is loaded where the store has one that learnt from the same, else fitted, judged, saved and published.

Comes in: the night's run, the lesson, and how to learn it. Goes out: the model as it is stored, so that the night that fitted
it and every later one score with the very same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml import artifacts as store
from ml.fingerprint import fingerprint
from ml.nightly.tables import Run

Parts = tuple[dict[str, Any], dict[str, NDArray]]


@dataclass(frozen=True)
class Lesson:
    """What a model learns from: the day by which all of it was known, and the fingerprint of rows, settings and code."""

    trained_as_of: date
    fingerprint: str

    @staticmethod
    def of(rows: pd.DataFrame, trained_as_of: date, **settings: Any) -> Lesson:
        """The lesson in `rows`, in this order. The day counts as a setting: what tells two nights apart tells their models apart."""
        return Lesson(trained_as_of, fingerprint(rows, trained_as_of=trained_as_of.isoformat(), **settings))


@dataclass(frozen=True)
class Learnt:
    """A fitted model that passed its judgement. `window`: first and last cut-off it learnt from."""

    described: dict[str, Any]
    arrays: dict[str, NDArray]
    columns: list[str]
    window: tuple[date, date] | None = None


def learn(run: Run, artifacts: Path, lesson: Lesson, fit: Callable[[], Learnt]) -> Parts:
    """The model of `lesson` and, in `run`, its name and what it was judged by. Whatever `fit` raises (Refused) is the caller's."""
    manifest, parts = _recalled(run, artifacts, lesson) or _fitted(run, artifacts, lesson, fit())
    store.publish(artifacts, manifest, run.as_of)
    run.version, run.trained_as_of = manifest.id, lesson.trained_as_of
    return parts


def _recalled(run: Run, artifacts: Path, lesson: Lesson) -> tuple[store.Manifest, Parts] | None:
    try:
        manifest = store.find(artifacts, run.model, lesson.trained_as_of, lesson.fingerprint)
        parts = None if manifest is None else store.load(artifacts, manifest)
    except store.ArtifactError as error:
        run.notes.append(f"{run.model} was fitted again: {error}")
        return None
    if manifest is None or parts is None:
        return None
    run.measured = [{name: np.nan if value is None else value for name, value in row.items()} for row in manifest.measured]
    return manifest, parts


def _fitted(run: Run, artifacts: Path, lesson: Lesson, learnt: Learnt) -> tuple[store.Manifest, Parts]:
    manifest = store.save(
        artifacts,
        run.model,
        learnt.described,
        learnt.arrays,
        trained_as_of=lesson.trained_as_of,
        fingerprint=lesson.fingerprint,
        window=learnt.window,
        columns=learnt.columns,
        measured=[{name: None if value != value else value for name, value in row.items()} for row in run.measured],
    )
    return manifest, store.load(artifacts, manifest)
