"""Learn once: a model is loaded where the store has one that learnt from the same, else fitted, judged, saved and published.

Comes in: the night's run, the lesson, how to learn it, and how to set it against the model that scored before. Goes out: the
model as it is stored, so that the night that fitted it and every later one score with the very same numbers.

With each model lies its twin: the same recipe, learnt only from what was known before the rows it was judged on. A challenger
and a champion are compared by their twins; the models that score have seen those rows.
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
from ml import promotions
from ml.fingerprint import fingerprint
from ml.nightly.tables import Run
from ml.promotions import Duel, Promotion
from ml.refusal import Refused

Parts = tuple[dict[str, Any], dict[str, NDArray]]
# Of the champion's twin and the challenger's; a text says why they cannot be compared.
Compare = Callable[[Parts, Parts], Duel | str]
# Of a stored model: why it does not answer what is asked tonight; None where it does.
Objection = Callable[[store.Manifest], str | None]
_TWIN = "twin"


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
    """A fitted model that passed its judgement. `window`: first and last cut-off it learnt from; `twin`: see the module."""

    described: dict[str, Any]
    arrays: dict[str, NDArray]
    columns: list[str]
    window: tuple[date, date] | None = None
    twin: Parts | None = None


def learn(
    run: Run, artifacts: Path, lesson: Lesson, fit: Callable[[], Learnt], compare: Compare, objection: Objection = lambda _: None
) -> Parts:
    """The model of `lesson` and, in `run`, its name and what it was judged by. Whatever `fit` raises (Refused) is the caller's.

    Raises Refused too where the model that scored before answers the same question and is better for certain.
    """
    manifest, parts = _recalled(run, artifacts, lesson) or _fitted(run, artifacts, lesson, fit())
    _challenge(run, artifacts, manifest, parts, compare, objection)
    store.publish(artifacts, manifest, run.as_of)
    run.version, run.trained_as_of = manifest.id, lesson.trained_as_of
    return _model(parts)


def load(artifacts: Path, manifest: store.Manifest) -> Parts:
    """The stored model without its twin. Raises ArtifactError as `ml.artifacts.load` does."""
    return _model(store.load(artifacts, manifest))


def _challenge(run: Run, artifacts: Path, manifest: store.Manifest, parts: Parts, compare: Compare, objection: Objection) -> None:
    """Set the new model against the one that scored before, where that is another; write down what comes of it."""
    champion, night = store.last_good(artifacts, run.model, run.as_of), run.as_of.isoformat()
    if champion is None:
        promotions.record(artifacts, run.model, Promotion(night, manifest.id, None, promotions.FIRST))
    elif champion.id != manifest.id:
        duel = objection(champion) or _duel(store.load(artifacts, champion), parts, compare)
        if isinstance(duel, str):
            promotions.record(artifacts, run.model, Promotion(night, manifest.id, champion.id, promotions.PROMOTED, why=duel))
            return
        decision = promotions.KEPT if duel.is_lost else promotions.PROMOTED
        promotions.record(artifacts, run.model, Promotion(night, manifest.id, champion.id, decision, duel))
        run.measure("challenger", f"gain_over_champion_in_{duel.measure}", duel.gain, duel.low, duel.high)
        run.measure("challenger", "is_promoted", float(not duel.is_lost))
        if duel.is_lost:
            raise Refused(f"the new fit is worse than the one that scores: {duel.told()}")


def _duel(champion: Parts, challenger: Parts, compare: Compare) -> Duel | str:
    before, now = _twin(champion), _twin(challenger)
    return compare(before, now) if before and now else "one of them was judged on nothing that it had not learnt from"


def _model(parts: Parts) -> Parts:
    described, arrays = parts
    return (
        {name: value for name, value in described.items() if name != _TWIN},
        {name: values for name, values in arrays.items() if not name.startswith(f"{_TWIN}.")},
    )


def _twin(parts: Parts) -> Parts | None:
    described, arrays = parts
    prefix = f"{_TWIN}."
    mine = {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
    return (described[_TWIN], mine) if _TWIN in described else None


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
    described, arrays = learnt.twin or ({}, {})
    manifest = store.save(
        artifacts,
        run.model,
        learnt.described | ({_TWIN: described} if learnt.twin else {}),
        learnt.arrays | {f"{_TWIN}.{name}": values for name, values in arrays.items()},
        trained_as_of=lesson.trained_as_of,
        fingerprint=lesson.fingerprint,
        window=learnt.window,
        columns=learnt.columns,
        measured=[{name: None if value != value else value for name, value in row.items()} for row in run.measured],
    )
    return manifest, store.load(artifacts, manifest)
