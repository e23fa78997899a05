"""One small example company and its nights, run once for all tests that look at them.

A night costs half a minute, so tests share them: `published` has had one night; `nights` is a copy of it with a history.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from tests import canaries, commands, person

AS_OF = "2026-10-31"
NEXT = "2026-11-01"
CUSTOMERS = 200
# A row whose date nobody can read; a test mends it.
BAD_TICKET = "ticket_id,customer_id,opened_at,status\nticket_planted,{customer},31st of October,open\n"
FIRST_CUSTOMER = "C000000000"


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
        """`python -m orchestration COMMAND --config …`; a night in a process of its own, as a user would start it."""
        started = orchestration if command == "run" else commands.called
        return started(command, "--config", str(self.config), *arguments)

    def night(self, as_of: str) -> str:
        """Run the night, which must be published; returns the screen."""
        done = self.run("--as-of", as_of)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def kill_at(self, step: str, after: float = 0.0) -> None:
        """Start the night and kill it with SIGKILL `after` seconds into `step`."""
        logs = set(self.home.glob("logs/*.log"))
        command = commands.command("run", "--config", str(self.config), "--as-of", AS_OF)
        run = subprocess.Popen(command, cwd=commands.folder(), env=commands.environment(), stdout=subprocess.DEVNULL)
        try:
            _wait_for(lambda: any(f" {step} - STEP_START" in log.read_text() for log in set(self.home.glob("logs/*.log")) - logs), run)
            time.sleep(after)
        finally:
            run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL, f"the night was over before it could be killed in {step}"

    def copy(self, folder: Path) -> Company:
        """The same company and home elsewhere, for a test that changes something."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Company(folder)


def _wait_for(condition: Callable[[], bool], run: subprocess.Popen[bytes], seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert run.poll() is None, "the run ended too early"
        assert time.monotonic() < until, "the run took too long"
        time.sleep(0.05)


def orchestration(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        commands.command(*arguments),
        cwd=commands.folder(),
        capture_output=True,
        text=True,
        env={**commands.environment(), **environment},
        timeout=570,
        check=False,
    )


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
    company = make_company(
        "destinations: [{name: crm_file, type: files, path: outbox, audiences: [customer_scores], live: true}]\n"
        "serving: [{type: parquet, url: elsewhere}]\n"
        "settings: {max_audience_change_share: 1}\n"  # the scores of so few customers all move from one night to the next
    )
    canaries.plant(company.exports)
    person.plant(company.exports, "canary", person.rows(person.ID, person.ACCOUNT, "TESTCANARY"))
    person.plant(company.exports, "gone", person.long_gone())
    person.plant(company.exports, "others", person.about_others())
    (company.exports / "crm_tickets" / "planted.csv").write_text(BAD_TICKET.format(customer=FIRST_CUSTOMER))
    (company.folder / "screen.txt").write_text(company.night(AS_OF))
    return company


@pytest.fixture
def materialize(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dg.ExecuteInProcessResult]:
    """What the UI does when somebody picks assets and clicks Materialize: those alone, of one night, in Dagster's own job."""
    from orchestration import jobs
    from orchestration.definitions import defs
    from orchestration.home import Home

    def run(company: Company, as_of: str, *keys: str) -> dg.ExecuteInProcessResult:
        monkeypatch.setenv("RAPPORT_CONFIG", str(company.config))
        job = defs.resolve_implicit_global_asset_job_def()
        picked = [dg.AssetKey(key.split("/")) for key in keys]
        with jobs.instance(Home(company.home)) as storage:
            return job.execute_in_process(instance=storage, partition_key=as_of, asset_selection=picked or None, raise_on_error=False)

    return run


def reason(result: dg.ExecuteInProcessResult) -> str:
    """Why a run failed, every cause of every step in one text."""
    errors = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    return "\n".join(str(error) for error in errors)
