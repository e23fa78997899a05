"""`diff`: what differs between two releases, on a terminal or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orchestration.commands.answering import Lines, block, held, plain_refusals, print_json, table, terminal
from orchestration.plain_words import counted
from orchestration.releases import Release, comparing
from orchestration.report import words
from orchestration.settings import Settings

_MOST_FIGURES = 10
_MOST_OF_A_TABLE = 3
_FACTS = {"as_of": "as of", "code_version": "code", "config_hash": "configuration", "duckdb_version": "DuckDB"}


def diff(settings: Settings, before: str, after: str, *, as_json: bool) -> int:
    """Show what differs; returns the exit code. Raises ConfigurationError for an unknown release, HomeError before the first."""
    tuning = settings.tuning
    with plain_refusals():
        old, new = (comparing.named(settings.home, name) for name in (before, after))
        with held(old, new):
            found = comparing.compare(old, new, memory_gib=tuning.memory_gib, threads=tuning.threads)
    if as_json:
        print_json(found)
    else:
        _show(found, old, new)
    return 0


def _show(found: dict[str, Any], old: Release, new: Release) -> None:
    console = terminal()
    console.print(f"[bold]{old.id}[/] (as of {old.as_of}) → [bold]{new.id}[/] (as of {new.as_of})")
    block(console, "What may be why", _why(found))
    console.print(f"\n[bold]Rows[/]  {counted(found['same_tables'], 'table')} without a difference")
    if found["tables"]:
        table(console, ("table", "added", "removed", "changed", ""), [_counts(one) for one in found["tables"]])
    for heading, of_everyone in (("Figures of everyone that moved most", True), ("Figures of parts that moved most", False)):
        moved = _most_moved([one for one in found["figures"] if one["of_everyone"] is of_everyone])
        if moved:
            console.print(f"\n[bold]{heading}[/]")
            table(console, ("table", "row", "figure", "before", "after", "change"), [_figure(one) for one in moved])


def _why(found: dict[str, Any]) -> Lines:
    why = found["why"]
    for name, label in _FACTS.items():
        if name in why:
            yield label, f"{why[name]['before']} → {why[name]['after']}"
    yield from (("setting", line) for line in _settings(why.get("configuration", ())))
    for one in why.get("packages", ()):
        yield "package", f"{one['of']}: {_value(one['before'])} → {_value(one['after'])}"
    for one in why.get("landed", ()):
        yield "landed", f"{one['of']}: {words.whole(one['before'])} → {words.whole(one['after'])} rows"
    for one in why.get("removed", ()):
        yield "gone", f"{one['of']}: {words.whole(one['before'])} → {words.whole(one['after'])} rows that the source has no more"
    yield from _since_then(why)
    for one in why.get("models", ()):
        yield "model", f"{words.label(one['of'])}: {one['before'] or words.MISSING} → {one['after'] or words.MISSING}"
    if not why:
        yield (
            "nothing",
            "same day, code, configuration, landed rows, models and syncs" + (": no difference was due" if found["tables"] else ""),
        )


def _since_then(why: dict[str, Any]) -> Lines:
    for source in why.get("loads", ()):
        yield "landed", f"{source}: other loads of as many rows: rows gone, files written anew, an erasure, or its lift"
    if "sent" in why:
        yield "sent", f"to destinations: {words.whole(why['sent']['before'])} → {words.whole(why['sent']['after'])} records in sync_log"
    if "erasures" in why:
        told = why["erasures"]
        yield "erased", f"people have left these releases since they were made; erasures: {told['before']} and {told['after']}"


def _settings(moved: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Settings with their values, then each connection on one line: of those the manifests keep hashes, which say nothing to a reader."""
    connections: dict[str, list[dict[str, Any]]] = {}
    for one in moved:
        if one["of"].startswith(("company.", "settings.")):
            yield f"{one['of']}: {_value(one['before'])} → {_value(one['after'])}"
        else:
            connections.setdefault(".".join(one["of"].split(".")[:2]), []).append(one)
    for place, changes in connections.items():
        yield f"{place}: {_became(place, changes)}"


def _became(place: str, changes: list[dict[str, Any]]) -> str:
    parts = [one["of"].removeprefix(place).lstrip(".") for one in changes]
    for side, word in (("before", "new"), ("after", "gone")):
        if "type" in parts and all(one[side] is None for one in changes):
            return word
    return f"{', '.join(parts)} changed".lstrip()


def _value(value: Any) -> str:
    return words.MISSING if value is None else str(value)


def _counts(one: dict[str, Any]) -> tuple[str, ...]:
    notes = [f"only {one['only_in']}"] if one["only_in"] else []
    notes += [f"+ {name}" for name in one["columns_added"]] + [f"− {name}" for name in one["columns_removed"]]
    return (one["table"], *(words.whole(one[name]) for name in ("added", "removed", "changed")), ", ".join(notes))


def _most_moved(figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of all, but so few of one table that the others are seen too."""
    shown: list[dict[str, Any]] = []
    for one in figures:
        if len(shown) < _MOST_FIGURES and sum(other["table"] == one["table"] for other in shown) < _MOST_OF_A_TABLE:
            shown.append(one)
    return shown


def _figure(one: dict[str, Any]) -> tuple[str, ...]:
    row = ", ".join(f"{value:%Y-%m}" if hasattr(value, "year") else str(value) for value in one["row"].values() if value is not None)
    change = words.change(words.percent(one["relative_change"] * (1 if one["after"] > one["before"] else -1)))
    return (one["table"].removeprefix("metric_"), row, one["figure"], _amount(one["before"]), _amount(one["after"]), change)


def _amount(value: float) -> str:
    return words.whole(value) if value == round(value) else words.decimal(value, 2 if abs(value) >= 1 else 4)
