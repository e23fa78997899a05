"""The page as a whole: which sections in which order, and the template around them.

Comes in: a release. Goes out: HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from ml.cards import Facts
from orchestration.report import words
from orchestration.report.card import card, file_of
from orchestration.report.checks import checks
from orchestration.report.content import Section, Tile
from orchestration.report.marts import Marts, Source
from orchestration.report.sections import SECTIONS, Context, headline
from orchestration.report.sections.model_quality import LATEST

_FOLDER = Path(__file__).parent


class StandingRefusal(Protocol):
    """Why the latest night published nothing."""

    @property
    def as_of(self) -> str:
        """Its as-of date."""
        ...

    @property
    def stage(self) -> str:
        """Where it stopped."""
        ...

    @property
    def reason(self) -> str:
        """Why, in one line."""
        ...


def render(release: Source, *, company: str, currency: str, refusal: StandingRefusal | None = None) -> str:
    """The page about `release`, amounts in `currency` (ISO-4217), with a banner when `refusal` stands."""
    marts = Marts(release)
    try:
        context = Context(marts, release.as_of, currency)
        sections = [section(context) for section in SECTIONS]
        return _rendered(release, company, "Customers", headline(context), sections, refusal)
    finally:
        marts.close()


def render_checks(release: Source, *, company: str, refusal: StandingRefusal | None = None) -> str:
    """The page of all checks of the night that made `release`; of one that made none, for its `refusal`, `release` is its run."""
    marts = Marts(release)
    try:
        tiles, sections = checks(marts, release.as_of)
        return _rendered(release, company, "Checks", tiles, sections, refusal, is_run=refusal is not None)
    finally:
        marts.close()


def render_cards(release: Source, *, company: str, facts: Mapping[str, Facts], made_of: Mapping[str, Any]) -> dict[str, str]:
    """The cards of the models of `release`, by the name of their file. `facts`: of each model that is stored; `made_of`: the manifest."""
    marts = Marts(release)
    try:
        rows = [] if marts.is_empty("model_quality") else marts.rows(LATEST)
    finally:
        marts.close()
    cards = {}
    for model in dict.fromkeys(row["model"] for row in rows):
        name, tiles, sections = card([row for row in rows if row["model"] == model], facts.get(model), made_of)
        cards[file_of(model)] = _rendered(release, company, f"Model card: {name.lower()}", tiles, sections, None)
    return cards


def _rendered(
    release: Source,
    company: str,
    subject: str,
    tiles: list[Tile],
    sections: list[Section],
    refusal: StandingRefusal | None,
    *,
    is_run: bool = False,
) -> str:
    told = {"company": company, "subject": subject, "release": release, "refusal": refusal, "age": _age(release), "is_run": is_run}
    return _template().render(**told, words=words, tiles=tiles, sections=sections)


def _age(release: Source) -> int:
    return max((release.created_at.date() - release.as_of).days, 0)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["safe_svg"] = _safe_svg
    return environment.get_template("template.html")


def _safe_svg(drawing: str) -> Any:
    from markupsafe import Markup

    return Markup(drawing)  # made by charts.py, which escapes every text it takes
