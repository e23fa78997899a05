"""What a person sees in the terminal: steps while they run, one screen at the end, and the answers of `status` and its kin."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration import refusing, releases, served
from orchestration.commands import summary
from orchestration.home import Home
from orchestration.plain_words import KEPT_ROWS, counted

if TYPE_CHECKING:
    from orchestration.jobs import Outcome

# Dagster's step names in a reader's words.
_STEPS = {
    "extract": "Extract: new and changed rows to landing",
    "ops__quarantined_rows": "Quarantine: what stepped aside",
    "landing_gate": "Landing gate: bad rows step aside, tables are judged",
    "ml__comment_readings": "Model: comments",
    "before_models": "dbt: staging, identity, marts, features",
    "mart_gate": "Mart gate",
    "churn_scores": "Model: churn",
    "clv_scores": "Model: lifetime value",
    "decisions": "Model: next best action",
    "after_models": "dbt: scores, customer 360, audiences",
    "audience_gate": "Audience gate",
    "release": "Release and page",
    "release__served": "Serving further",
    "activation__activation": "Activation",
}
_MOST_NOTICES = 8
_WORDS = {"refused": "Refused", "failed": "Failed", "misconfigured": "Stopped"}
_NEXT = "Mend it at its source and run the same night again; nothing has to be cleaned up first, and until then nothing new is sent."
_NEXT_OF_KEPT = (
    "Where it is among the rows that are gone at the source, let those go as Noticed says; else mend it there. Then run the same night"
    " again; until then nothing new is sent."
)
_MARKS = {"done": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[dim]–[/]"}


class Terminal:
    """Shows each step with its time; on a terminal the running step is shown with a spinner."""

    def __init__(self, company: str, as_of: date) -> None:
        self._console = Console(highlight=False)
        self._title = f"[bold]{escape(company)}[/] · the night of {as_of}"
        self._spinner: Any = None
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> Terminal:
        self._console.print(self._title)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def step(self, step: str, became: str, seconds: float) -> None:
        """Called by the run for every step that starts or ends, and with a line that says how far one is."""
        name = _STEPS.get(step, step.replace("sync_to_", "Sync: ", 1))
        if became not in ("started", *_MARKS):
            if self._spinner is not None:  # else the log has it
                self._spinner.update(f"{name} … [dim]{escape(became)}[/]")
            return
        self._stop()
        if became == "started":
            self._spinner = self._console.status(f"{name} …") if self._console.is_terminal else None
            if self._spinner is not None:
                self._spinner.start()
            return
        self.seconds[step] = round(seconds, 2)
        self._console.print(f"  {_MARKS[became]} {name:<52} {seconds:6.1f} s")

    def _stop(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None


def show_outcome(home: Home, outcome: Outcome, log: Path) -> None:
    """The screen at the end of a run."""
    console = Console(highlight=False, soft_wrap=True)
    if outcome.status != "published":
        _show_stopped(console, home, outcome, log)
        return
    release = releases.current(home.root)
    places = (("Release", release.path), ("Page", release.path / "report.html"), ("Log", log))
    lines = [
        *summary.of_night(home, release),
        *_noticed(outcome),
        *((label, summary.short(path)) for label, path in places),
        ("UI", "`.venv/bin/python -m orchestration ui`, then http://127.0.0.1:3000"),
    ]
    console.print()
    for label, text in lines:
        console.print(f"[bold]{label:<12}[/] {escape(text)}")
    console.print("\nTry a query:\n")
    console.print(summary.example_query(home), markup=False)


def say(line: str) -> None:
    """One plain line."""
    Console(highlight=False, soft_wrap=True).print(line, markup=False)


def show_status(status: summary.Status) -> None:
    """`status`: what is served, how old it is, what refused since, what waits in quarantine."""
    console = Console(highlight=False, soft_wrap=True)
    for line in status.lines:
        console.print(line, markup=False)


def show_releases(home: Path) -> None:
    """`releases`: newest first, the served one marked, damaged ones named."""
    listed, current = releases.ids(home), releases.current_id(home)
    if not listed:
        say("Nothing is published yet; `python -m orchestration run` makes the first release.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("", "release", "as of", "made (UTC)", "tables", "rows"):
        table.add_column(heading, no_wrap=heading == "release", justify="right" if heading in ("tables", "rows") else "left")
    for release_id in listed:
        table.add_row("→" if release_id == current else "", release_id, *_described(home, release_id))
    _for_tables().print(table)


def _described(home: Path, release_id: str) -> tuple[str, ...]:
    try:
        release = releases.open_release(home / "releases" / release_id)
    except releases.ReleaseError:
        return ("", "damaged", "", "")
    rows = sum(described["rows"] for described in release.manifest["tables"].values())
    return (str(release.as_of), f"{release.created_at:%Y-%m-%d %H:%M}", str(len(release.tables)), f"{rows:,}")


def show_quarantine(rows: list[tuple[Any, ...]]) -> None:
    """`quarantine`: how many rows break which rule, per source and table."""
    _show_table(("source", "table", "rule", "rows"), rows, "Nothing waits in quarantine.")


def show_quarantined_rows(rows: list[tuple[Any, ...]], in_all: int) -> None:
    """`quarantine --table`: the keys and reasons of one table."""
    _show_table(("source", "key", "rule", "reason", "first seen"), rows, "Nothing of this table waits in quarantine.")
    if rows:
        which = f"The first {len(rows):,} of {in_all:,}, keys" if in_all > len(rows) else "Keys"
        say(f"{which} masked where they may be a person's; `--export FILE` writes all of them, with their rows.")


def _show_table(headings: tuple[str, ...], rows: list[tuple[Any, ...]], nothing: str) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading == "rows" else "left")
    for row in rows:
        table.add_row(*(escape(f"{value:,}" if isinstance(value, int) else str(value)) for value in row))
    _for_tables().print(table if rows else nothing)


def _for_tables() -> Console:
    """As wide as the terminal; elsewhere so wide that hardly a row breaks, for whoever searches the output line by line."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)


def _show_stopped(console: Console, home: Home, outcome: Outcome, log: Path) -> None:
    became = "published, but not everything was sent" if served.is_of(home, outcome.run_id) else "nothing was published"
    console.print(f"\n[bold red]{_WORDS[outcome.status]}[/]: {became}.")
    for reason in outcome.reasons:
        console.print(f"  {reason}", markup=False)
    for label, notice in _noticed(outcome):
        console.print(f"  {label}: {notice}", markup=False)
    if outcome.status == "refused":
        console.print(f"  Every check of it, in words: {summary.short(refusing.page(home))}", markup=False)
        console.print(f"  {_NEXT_OF_KEPT if any(KEPT_ROWS in notice for notice in outcome.notices) else _NEXT}", markup=False)
    console.print(f"\n{served.in_words(home)}. The whole log: {summary.short(log)}", markup=False)


def _noticed(outcome: Outcome) -> list[tuple[str, str]]:
    """What does not stop a night but should not be missed, the first few lines of it."""
    more = len(outcome.notices) - _MOST_NOTICES
    rest = [("Noticed", f"{counted(more, 'more line')} like these in the log")] if more > 0 else []
    return [("Noticed", notice) for notice in outcome.notices[:_MOST_NOTICES]] + rest
