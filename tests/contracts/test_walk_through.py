"""The example of CONTRIBUTING.md is a source: what stands there is executed, and asked what every source is."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from examples.fakes.vendor import serving
from orchestration.sources import SOURCES
from orchestration.sources.http import pacing
from tests.contracts import test_every_vendor as every_vendor
from tests.fakes.accounts import WRONG, Account
from tests.orchestration.sources.nights import without_waiting

_PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
_CODE = re.compile(r"^```python\n# ([\w.]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LIMITS = re.compile(r"^```toml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    page = _PAGE.read_text(encoding="utf-8")
    limits = tmp_path / "limits.toml"
    limits.write_text("\n".join([pacing._FILE.read_text(encoding="utf-8"), *_LIMITS.findall(page)]), encoding="utf-8")
    monkeypatch.setattr(pacing, "_FILE", limits)
    for name, code in _CODE.findall(page):
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(code, f"{_PAGE.name}: {name}", "exec"), module.__dict__)  # our own page
    settings, source, fakes = (
        sys.modules[f"{where}.deskly"] for where in ("orchestration.configuration", "orchestration.sources", "tests.fakes")
    )
    monkeypatch.setitem(SOURCES, "deskly", source.Deskly)
    with serving(fakes.small_account()) as vendor:
        made = settings.DesklySource(type="deskly", token="${KEY}", base_url=vendor.url)
        opened, refused = (made.model_copy(update={"token": token}) for token in (vendor.token, WRONG))
        yield Account(vendor, opened, refused, table="crm_tickets", rows=5, absent="crm_customers")


def test_the_source_of_the_page_does_what_every_source_does(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_waiting(monkeypatch) as waits:
        every_vendor.test_nothing_on_the_way_changes_what_lands_and_a_night_without_news_lands_nothing(
            account, waits, tmp_path / "nothing", monkeypatch
        )
        every_vendor.test_a_refusal_is_one_line_without_the_credential(account, waits, tmp_path / "refused")


@pytest.mark.parametrize(("name", "code"), _CODE.findall(_PAGE.read_text(encoding="utf-8")))
def test_what_the_page_shows_passes_the_lint_of_the_house(name: str, code: str) -> None:
    where = f"{name.replace('.', '/')}.py"
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--quiet", "--stdin-filename", where, "-"],
        input=code,
        text=True,
        capture_output=True,
        cwd=_PAGE.parent,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
