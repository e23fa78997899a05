"""One small example company and its nights, run once for all tests that look at them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-10-31"
CUSTOMERS = 600


@dataclass(frozen=True)
class Company:
    """A generated company with a home of its own."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    def run(self, *arguments: str, command: str = "run") -> subprocess.CompletedProcess[str]:
        """`python -m orchestration COMMAND --config …`, in a process of its own as a user would."""
        return orchestration(command, "--config", str(self.config), *arguments)

    def copy(self, folder: Path) -> Company:
        """The same company and home elsewhere, for a test that changes something."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Company(folder)


def orchestration(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RAPPORT_", "DAGSTER_"))}
    command = [sys.executable, "-m", "orchestration", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**clean, **environment}, timeout=570, check=False)


def write_config(folder: Path, extra: str = "") -> None:
    (folder / "config.yaml").write_text(
        "company: {name: Acme, business_model: contractual, reporting_currency: USD}\n"
        f"sources: [{{type: files, path: exports}}]\nhome: home\n{extra}"
    )


@pytest.fixture(scope="session")
def make_company(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Company]:
    from examples.acme.generate import generate

    def make(extra: str = "") -> Company:
        folder = tmp_path_factory.mktemp("acme") / "company"
        folder.mkdir()
        generate(customers=CUSTOMERS, months=24, end=AS_OF, seed=11, out=folder / "exports", truth=folder / "truth")
        write_config(folder, extra)
        return Company(folder)

    return make


@pytest.fixture(scope="session")
def published(make_company: Callable[..., Company]) -> Company:
    """A company whose night was run and published. Tests must not change it; `copy` it first."""
    company = make_company("destinations: [{name: crm_file, type: files, path: outbox, audiences: [customer_scores], live: true}]\n")
    done = company.run("--as-of", AS_OF)
    assert done.returncode == 0, done.stdout + done.stderr
    return company
