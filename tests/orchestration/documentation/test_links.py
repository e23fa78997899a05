"""What the pages point to is there: files, headings, decisions by their numbers, modules by their names."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.M)


def prose(page: Path) -> str:
    """The page without its blocks of code, in which brackets mean something else."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def links(page: Path) -> list[tuple[str, str]]:
    """(text, target) of every link that leads to a file of the project, or into the page itself."""
    return [(text, target) for text, target in LINK.findall(prose(page)) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    slugs = [re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(prose(page))]
    twice: Counter[str] = Counter()
    found = set()
    for slug in slugs:
        found.add(f"{slug}-{twice[slug]}" if twice[slug] else slug)
        twice[slug] += 1
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for _, target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_decision_is_called_by_its_number(page: Path) -> None:
    records = ((text, re.search(r"(?:^|/)(\d{4})-[\w-]+\.md$", target)) for text, target in links(page))
    by_number = [(text, int(match[1])) for text, match in records if match and re.fullmatch(r"(decision )?\d+", text)]
    assert [(text, number) for text, number in by_number if text.removeprefix("decision ") != str(number)] == []


def test_every_record_bears_its_number() -> None:
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    numbers = [int(record.name[:4]) for record in records]
    assert len(set(numbers)) == len(numbers)
    assert [record.name for record in records if not record.read_text(encoding="utf-8").startswith(f"# {int(record.name[:4])}. ")] == []


def test_every_module_has_its_place_in_the_map() -> None:
    """What lies directly below `orchestration/` is named by docs/architecture.md, so that nobody has to guess what it is for."""
    known = set(re.findall(r"`(?:orchestration/)?([\w/]+)(?:\.py|/)`", (DOCS / "architecture.md").read_text(encoding="utf-8")))
    there = {path.stem for path in (ROOT / "orchestration").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert there - known - {"__init__", "__main__"} == set()
