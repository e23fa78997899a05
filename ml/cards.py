"""What a stored model tells of itself, for the card that people read: what it learnt from, what was compared, how it is set.

Comes in: the store of models, a model and its version. Goes out: `Facts`, plain values. How good a model is stands in `model_runs`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import artifacts as store
from ml.promotions import Promotion, recorded

if TYPE_CHECKING:
    from ml.churn.trials import Part  # with it comes scipy, which the card of a purchase model need not pay

Pairs = Sequence[tuple[str, Any]]


@dataclass(frozen=True)
class Compared:
    """One candidate: its loss on what it had not seen, and how far behind the best it was, with the standard error of that."""

    name: str
    loss: float
    behind: float
    error: float
    is_chosen: bool


@dataclass(frozen=True)
class Facts:
    """A stored model. `window`: first and last cut-off it learnt from, ISO days, NULL where it has none.

    `learnt_from`: names and counts; `kept_out`: columns and why; `settings`: names and values, enough to fit it again.
    `promotions`: oldest first.
    """

    model: str
    version: str
    trained_as_of: str
    window: tuple[str | None, str | None]
    fingerprint: str
    code_version: str
    columns: tuple[str, ...]
    learnt_from: Pairs
    kept_out: Pairs
    settings: Pairs
    compared: tuple[Compared, ...] = ()
    promotions: tuple[Promotion, ...] = ()


def facts(root: Path, model: str, version: str) -> Facts:
    """What the store under `root` knows of `version`. Raises ArtifactError when it is missing or not what was written."""
    manifest = store.read_manifest(root, model, version)
    described, arrays = store.load(root, manifest)
    learnt_from, kept_out, settings, compared = _told_by(model)(described)
    sizes = [("numbers in the stored model", sum(array.size for array in arrays.values()))] if arrays else []
    return Facts(
        model, version, manifest.trained_as_of, (manifest.data_from, manifest.data_to), manifest.fingerprint, manifest.code_version,
        tuple(manifest.columns), learnt_from, kept_out, [*settings, *sizes], tuple(compared), tuple(recorded(root, model)),
    )  # fmt: skip


_Told = tuple[Pairs, Pairs, Pairs, Sequence[Compared]]


def _churn(described: dict[str, Any]) -> _Told:
    from ml.churn.trials import parts_of

    report = described["report"]
    chosen = next(row for row in report["candidates"] if row["candidate"] == report["chosen"])
    line = report["calibration"]
    learnt_from = [("rows (customers at past moments)", report["rows"]), ("share of them that left", f"{report['base_rate']:.1%}")]
    settings = [
        ("learner", report["chosen"]),
        *(pair for part in parts_of(chosen) for pair in _settings(part)),
        ("calibration slope applied", line["slope"]),
        ("calibration intercept applied", line["intercept"]),
    ]
    compared = [
        Compared(row["candidate"], row["log_loss"], row["behind_best"], row["standard_error"], row is chosen)
        for row in report["candidates"]
    ]
    return learnt_from, list(report["left_out"].items()), settings, compared


def _settings(part: Part) -> Pairs:
    """Of a mixture each setting says whose it is."""
    own = {name: value for name, value in asdict(part.candidate).items() if name not in ("name", "trees", "largest_rows")}
    pairs = [*own.items(), ("trees", part.trees)]
    if part.weight == 1:
        return pairs
    return [(f"{part.candidate.name}: {name}", value) for name, value in [("share", part.weight), *pairs]]


def _purchases(described: dict[str, Any]) -> _Told:
    parts = {described["chosen"]: described["purchases"], "gamma_gamma": described["gamma_gamma"]}
    learnt_from = [(f"customers that {name} was fitted to", fit["customers"]) for name, fit in parts.items()]
    return learnt_from, [], [(name, fit["params"]) for name, fit in parts.items()], []


def _contractual(described: dict[str, Any]) -> _Told:
    everyone = described["everyone"]["fit"]
    settings = [(f"sBG of {name}", one["fit"]["params"]) for name, one in described["segments"].items()]
    return [("subscribers", everyone["customers"])], [], [*settings, ("sBG of everyone", everyone["params"])], []


def _actions(described: dict[str, Any]) -> _Told:
    from ml.next_best_action.belief import DIFFERENCE_Z, LEAST_CHANCE, MISBELIEF
    from ml.next_best_action.learners import LARGE_TREES, SMALL_TREES

    report = described["report"]
    learnt_from = [("decisions", report["decisions"]), *((f"of them {row['action']}", row["decisions"]) for row in report["effects"])]
    settings = [
        ("control", report["control"]),
        ("how often one of several actions that all do nothing may be believed to do something for everybody", MISBELIEF),
        ("how likely differences of one action must be to count at all", LEAST_CHANCE),
        ("standard errors of differences from which trees have a say beside the lines", DIFFERENCE_Z),
        ("small trees of an effect (number, leaves, fineness)", SMALL_TREES),
        ("large trees of an effect (number, leaves, fineness)", LARGE_TREES),
    ]
    return learnt_from, [], settings, []


def _told_by(model: str) -> Callable[[dict[str, Any]], _Told]:
    """Every aim of the next best action has a model of its own, built alike."""
    return _actions if model.startswith("next_best_action") else _TOLD[model]


_TOLD: dict[str, Callable[[dict[str, Any]], _Told]] = {
    "churn": _churn,
    "clv_purchases": _purchases,
    "clv_contractual": _contractual,
}
