"""What the pages show of a configuration can be written so: every example is taken by the code that reads the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.configuration.actions import ActionsFile
from orchestration.configuration.shape import File

ROOT = Path(__file__).resolve().parents[3]
COMPANY = {"name": "Acme", "business_model": "contractual", "reporting_currency": "USD"}
SOURCES = [{"type": "files", "path": "exports", "name": "exports"}]
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [(page.name, number, text) for page in PAGES for number, text in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))]


@pytest.mark.parametrize(("page", "number", "text"), EXAMPLES, ids=[f"{page} {number}" for page, number, _ in EXAMPLES])
def test_an_example_is_a_configuration(page: str, number: int, text: str) -> None:
    told: Any = yaml.safe_load(text)
    if isinstance(told, list):
        told = {page.removesuffix(".md"): told}
    if "model" in told:  # of drt, another tool
        assert page == "destinations.md"
    elif "actions" in told:
        ActionsFile.model_validate(told)
    else:
        File.model_validate({"company": COMPANY, "sources": SOURCES} | told)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 10
