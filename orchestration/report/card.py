"""The card of a model: what it is, what it learnt from, how it was chosen, how far to trust it, and how to make it again.

Comes in: `model_quality` of a release, and what the stored model tells of itself. Goes out: sections. No key and no row of a customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml.cards import Facts
from orchestration.report import card_curves as curves
from orchestration.report import measured, words
from orchestration.report.card_texts import Told, told
from orchestration.report.content import Block, Cell, Note, Section, Table, Tile, number
from orchestration.report.marts import Row
from orchestration.report.tracking import tracking

_PACKAGES = ("python", "numpy", "pandas", "scikit-learn", "scipy")
_STATUS = {
    "published": "Published tonight",
    "kept_last_good": "The last good model scores",
    "base_rate": "No model: the base rate",
    "refused": "Refused",
}


def file_of(model: str) -> str:
    """Name of the card of `model` in a release; the two forms of lifetime value share one."""
    return f"model_{'clv' if model.startswith('clv') else model}.html"


def card(rows: Sequence[Row], facts: Facts | None, made_of: Mapping[str, Any]) -> tuple[str, list[Tile], list[Section]]:
    """Title, headline and sections of one model, from its rows of `model_quality`. `made_of`: the manifest of the release."""
    state, words_of = rows[0], told(rows[0]["model"])
    listed = [row for row in rows if row["metric"] is not None]
    sections = [
        _what(words_of),
        _learnt_from(facts, listed),
        _choice(words_of, facts),
        _trust(listed),
        _reading(words_of, listed),
        _life(state, listed),
        _limits(words_of, state),
        _again(state, facts, made_of),
    ]
    return words_of.name, _tiles(state, facts), sections


def _tiles(state: Row, facts: Facts | None) -> list[Tile]:
    tone = "" if state["status"] == "published" else "bad"
    learnt = words.MISSING if state["trained_as_of"] is None else words.day(state["trained_as_of"])
    age = "" if state["age_days"] is None else f"{words.days(state['age_days'])} before tonight"
    name, count = facts.learnt_from[0] if facts and facts.learnt_from else ("no stored model scores", None)
    return [
        Tile("State", _STATUS[state["status"]], state["reason"] or "", tone),
        Tile("Knows what happened until", learnt, age),
        Tile("Learnt from", words.whole(count), name),
    ]


def _what(told: Told) -> Section:
    answers = {"Predicts": told.predicts, "For whom": told.for_whom, "Made for": told.used_for, "Not made for": told.not_for}
    return Section("what", "What it predicts", "", [_answers("In words", answers)])


def _learnt_from(facts: Facts | None, rows: Sequence[Row]) -> Section:
    title = "What it learnt from"
    if facts is None:
        return Section("data", title, "", [Note("No stored model scores tonight, so there is nothing it learnt from.")])
    first, last = facts.window
    window = {"First moment": first or words.MISSING, "Last moment": last or words.MISSING} if first else {}
    known = {"All outcomes known by": facts.trained_as_of}
    counts = {name: _value(value) for name, value in facts.learnt_from}
    columns = {"Columns": _value(len(facts.columns))} if facts.columns else {}
    blocks: list[Block] = [_answers("Window and rows", {**window, **known, **counts, **columns})]
    doubted = [row for row in rows if row["metric"] == "suspicious_roc_auc"]
    blocks += [curves.ranked("Columns that alone say much; look at them", "Area under its curve alone", doubted)] if doubted else []
    unused = [[Cell(column), Cell(why)] for column, why in facts.kept_out]
    blocks += [Table("Columns that were not used, and why", ["Column", "Why"], unused)] if unused else []
    return Section("data", title, "", blocks)


def _choice(told: Told, facts: Facts | None) -> Section:
    blocks: list[Block] = [Note(told.choice)]
    if facts and facts.compared:
        listed = [
            [Cell(words.label(one.name) + (" (chosen)" if one.is_chosen else "")), number(words.decimal(one.loss, 4)),
             number(f"{words.decimal(one.behind, 4)} (±{words.decimal(1.96 * one.error, 4)})")]
            for one in facts.compared
        ]  # fmt: skip
        blocks.append(Table("Candidates, simplest first", ["Candidate", "Log loss", "Behind the best, with 95\u202f% interval"], listed))
        blocks.append(Note(_why(facts)))
    blocks += curves.promoted(facts.promotions) if facts else []
    return Section("choice", "What was compared, and why this one", "", blocks)


def _why(facts: Facts) -> str:
    best = min(facts.compared, key=lambda one: one.loss)
    chosen = next(one for one in facts.compared if one.is_chosen)
    if chosen is best:
        return f"{words.capitalised(words.label(chosen.name))} was the best, and nothing simpler was within one standard error of it."
    behind, error = words.decimal(chosen.behind, 4), words.decimal(chosen.error, 4)
    simpler = f"it is {behind} behind, with a standard error of {error}, and simpler"
    return f"{words.capitalised(words.label(best.name))} was the best; {words.label(chosen.name)} is as good for all we know: {simpler}."


def _trust(rows: Sequence[Row]) -> Section:
    blocks = [
        *curves.calibration(rows),
        *tracking(rows),
        *curves.groups(rows),
        *curves.lifts(rows),
        *curves.compared(measured.metrics(rows)),
    ]
    lead = "Measured on what it had not seen, beside the baselines it has to beat."
    return Section("trust", "How far to trust it", lead, blocks or [Note("Nothing could be measured.")])


def _reading(told: Told, rows: Sequence[Row]) -> Section:
    weights = [row for _, row in measured.points(rows, "weight")]
    blocks: list[Block] = [Note(told.reasons)]
    blocks += [curves.ranked("What tonight's scores rest on most", "Share of the score", weights, words.percent)] if weights else []
    return Section("reasons", "How to read it", "", blocks)


def _life(state: Row, rows: Sequence[Row]) -> Section:
    known = words.MISSING if state["trained_as_of"] is None else state["trained_as_of"].isoformat()
    answers = {"Knows what happened until": known, "Age": words.days(state["age_days"]), "State": _STATUS[state["status"]]}
    return Section("life", "Drift and age", "", [_answers("Tonight", answers), *curves.drift(rows), *curves.moments(rows)])


def _limits(told: Told, state: Row) -> Section:
    refusal = [Note(f"Tonight: {state['reason']}.")] if state["reason"] else []
    table = Table("What to keep in mind", ["Limit"], [[Cell(limit)] for limit in told.limits])
    return Section("limits", "Limits and refusals", "", [*refusal, table])


def _again(state: Row, facts: Facts | None, made_of: Mapping[str, Any]) -> Section:
    versions = made_of.get("packages", {})
    answers = {
        "Version": state["model_version"] or words.MISSING,
        "Code of the release": str(made_of.get("code_version", words.MISSING)),
        "Packages": ", ".join(f"{name} {versions[name]}" for name in _PACKAGES if name in versions) or words.MISSING,
        "Again": f"python -m orchestration run --as-of {state['as_of_date'].isoformat()}, over the same landed data and configuration",
    }
    blocks: list[Block] = [_answers("How to make it again", answers)]
    if facts is not None:
        blocks[0] = _answers("How to make it again", answers | {"Fingerprint of rows, settings and code": facts.fingerprint})
        blocks.append(_answers("Hyper-parameters", {words.label(name): _value(value) for name, value in facts.settings}))
        blocks += [_answers("Columns", {"In order": ", ".join(facts.columns)})] if facts.columns else []
    return Section("again", "How to reproduce it", "", blocks)


def _answers(caption: str, answers: Mapping[str, str]) -> Table:
    rows = [[Cell(words.capitalised(name)), Cell(answer)] for name, answer in answers.items()]
    return Table(caption, ["What", "Answer"], rows)


def _value(value: Any) -> str:
    """A setting as a person reads it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_value, value))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return words.whole(value) if float(value).is_integer() and abs(value) >= 1000 else f"{value:.4g}"
