"""Runs that are killed, refused or have no room: nothing is lost, nothing lands twice, and one line says why."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from orchestration import landing
from orchestration.landing import LandingError, completed_files
from orchestration.sources import SourceError
from tests.asked import process_of
from tests.orchestration.landing.exporting import HEADER, Company

pytestmark = pytest.mark.thorough


def test_a_broken_file_keeps_what_it_landed_and_the_others_land(company: Company) -> None:
    company.write({"1": "Ann"}, "crm_customers/a.csv")
    company.write({"2": "Bo"}, "crm_customers/b.csv")
    company.night()
    company.write(HEADER + '1,2025-01-01,"Ann\n', "crm_customers/a.csv")
    company.write({"2": "Bob"}, "crm_customers/b.csv")
    load = company.night()
    assert (load.rows, load.tombstones) == (1, 0)
    assert load.error is not None
    assert load.error.startswith("crm_customers/a.csv: line 2: a quote")
    assert company.alive() == {"1": "Ann", "2": "Bob"}


def test_a_table_without_a_required_column_fails_alone(company: Company) -> None:
    company.write({"1": "Ann"})
    company.write("ticket_id,customer_id\n1,1\n", "crm_tickets.csv")
    tickets = company.night("crm_tickets", "crm_customers")
    assert (
        tickets.error
        == "crm_tickets.csv: table crm_tickets needs the column opened_at; add it to the export or rename the column that holds it"
    )
    assert company.alive() == {"1": "Ann"}


# Importing dlt takes two seconds: one process has done it, and each run that is to be killed is a fork of that.
RUNS = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
import dlt
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient as C
from orchestration.contract import INPUT_TABLES
from orchestration import landing
from orchestration.landing import loading, log
from orchestration.configuration.sources import FilesSource
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
for asked in sys.stdin:
    exports, root, scratch, patch = eval(asked)
    run = os.fork()
    if not run:
        exec(patch)
        landing.extract(FilesSource(type="files", path=exports), [INPUT_TABLES["crm_customers"]], Path(root), Path(scratch))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(run, 0)[1]), flush=True)
"""


MOMENTS = {
    "before anything is written": "landing.load_files = die",
    "before the files are copied": "dlt.Pipeline.load = die",
    "while the dataset folder is made": "make = C.create_dataset\nC.create_dataset = lambda self: (make(self), die())",
    "after the files are copied": "log.LandingLog.commit = die",
    "while the commit is written": "log.os.replace = die",
    "right after the commit": "Path.unlink = die",
}


@pytest.fixture(scope="module")
def runs() -> Iterator[subprocess.Popen[str]]:
    script = RUNS.format(root=str(Path(landing.__file__).parents[2]))
    with process_of(script) as process:
        yield process


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_at_any_moment_loses_and_doubles_nothing(company: Company, runs: subprocess.Popen[str], moment: str) -> None:
    company.write({"1": "Ann", "2": "Bo"})
    if moment != "while the dataset folder is made":
        company.night()
        company.write({"1": "Ann", "3": "Cy"})
    asked = (str(company.exports), str(company.landing), str(company.home / "state" / "dlt"), MOMENTS[moment])
    print(asked, file=runs.stdin, flush=True)
    assert runs.stdout is not None
    assert runs.stdout.readline() == f"{-signal.SIGKILL}\n"
    company.night()
    expected = [("1", "Ann", False), ("2", "Bo", False)]
    if moment != "while the dataset folder is made":
        expected += [("2", "Bo", True), ("3", "Cy", False)]
    assert company.rows() == expected
    listed = {path for _, _, path in completed_files(company.landing)["crm_customers"]}
    assert {str(path) for path in company.landing.glob("files/crm_customers/*/*.parquet")} == listed


def test_a_full_disk_is_one_line_and_leaves_landing_as_it_was(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.write({"1": "Ann"})
    company.night()
    company.write({"1": "Ann", "2": "Bo"})

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("dlt.destinations.impl.filesystem.filesystem.FilesystemLoadJob.run", full)
        with pytest.raises(LandingError, match=r"could not be written .*; what had landed is untouched") as caught:
            company.night()
    assert "\n" not in str(caught.value)
    assert company.rows() == [("1", "Ann", False)]
    assert company.night().rows == 1


def test_a_folder_that_cannot_be_written_is_named(company: Company) -> None:
    company.write({"1": "Ann"})
    company.home.mkdir()
    company.landing.write_text("a file where the folder should be")
    with pytest.raises(LandingError, match="landing: cannot be written"):
        company.night()


def test_two_runs_at_once_are_refused(company: Company) -> None:
    company.write({"1": "Ann"})
    company.landing.mkdir(parents=True)
    with FileLock(company.landing / ".lock"), pytest.raises(LandingError, match="another run"):
        company.night()


def test_a_missing_landed_file_is_named_and_never_landed_anew_in_silence(company: Company) -> None:
    company.write({"1": "Ann"})
    company.night()
    Path(completed_files(company.landing)["crm_customers"][0][2]).unlink()
    with pytest.raises(LandingError, match="this landed file is missing"):
        completed_files(company.landing)


def test_a_source_that_is_not_there_is_refused_before_landing_is_touched(company: Company) -> None:
    company.exports.rmdir()
    with pytest.raises(SourceError, match="no such folder"):
        company.night()
    assert not company.landing.exists()
