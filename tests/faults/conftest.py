"""A company of a few rows, and the command line called in this process: most faults show before anything is built."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.__main__ import main

CONFIG = """\
company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
home: home
"""
CUSTOMERS = "customer_id,created_at,email\n" + "".join(f"c{day},2026-01-{day:02d},p{day}@example.org\n" for day in range(1, 29))


@dataclass(frozen=True)
class Said:
    """What a command answered: its exit code and everything it wrote to the terminal."""

    code: int
    text: str

    def line(self, words: str) -> str:
        """The one line that contains `words`."""
        lines = [line.strip() for line in self.text.splitlines() if words in line]
        assert len(lines) == 1, self.text
        return lines[0]


@dataclass(frozen=True)
class Small:
    """A company in `folder` whose exports are `files`."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def configure(self, text: str = CONFIG) -> Small:
        (self.folder / "config.yaml").write_text(text)
        return self

    def export(self, files: Mapping[str, str | bytes]) -> Small:
        (self.folder / "exports").mkdir(exist_ok=True)
        for name, content in files.items():
            (self.folder / "exports" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return self


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path).configure().export({"crm_customers.csv": CUSTOMERS})


@pytest.fixture
def say(small: Small, capfd: pytest.CaptureFixture[str], restored_environment: None) -> Callable[..., Said]:
    """Call a command of the small company; whatever happens, no traceback reaches the terminal."""

    def call(command: str = "run", *arguments: str) -> Said:
        named = ["--as-of", "2026-10-31"] if command == "run" and "--as-of" not in arguments else []
        code = main([command, "--config", str(small.folder / "config.yaml"), *named, *arguments])
        written = capfd.readouterr()
        assert "Traceback" not in written.out + written.err
        return Said(code, written.out + written.err)

    return call


@pytest.fixture
def restored_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A run leaves settings in the environment, and its configuration where it was started: the next must find neither."""
    monkeypatch.chdir(tmp_path_factory.mktemp("started"))
    before = dict(os.environ)
    for name in before:
        if name.startswith(("RAPPORT_", "DAGSTER_")):
            monkeypatch.delenv(name)
    yield
    os.environ.clear()
    os.environ.update(before)
