"""The command line: every ending is an exit code and one line."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import duckdb
import pytest

from orchestration.__main__ import main
from orchestration.commands import summary
from orchestration.commands.dispatch import RUNS
from orchestration.home import Home

CONFIG = "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """`status` on a company where reading the state ends in the error given."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    Home(tmp_path / "home").prepare()

    def call(error: BaseException, *arguments: str) -> tuple[int, str]:
        def fail(_: object) -> None:
            raise error

        monkeypatch.setattr(summary, "status", fail)
        code = main(["status", "--config", str(tmp_path / "config.yaml"), *arguments])
        return code, capsys.readouterr().err

    return call


def test_what_nobody_foresaw_is_one_line_without_its_message(status: Callable[..., tuple[int, str]]) -> None:
    code, said = status(ValueError("could not convert 'ann@example.org'"))
    assert code == 1
    assert said.startswith("rapport: ValueError at commands/dispatch.py:")
    assert said.endswith("run again with --debug to see where it comes from\n")
    assert "ann@" not in said


def test_what_the_system_said_is_told(status: Callable[..., tuple[int, str]]) -> None:
    wrapped = RuntimeError("(sqlite3.OperationalError) database or disk is full [SQL: INSERT …]")
    wrapped.__cause__ = sqlite3.OperationalError("database or disk is full")
    assert status(PermissionError(13, "Permission denied", "/exports/a.csv")) == (
        1,
        "rapport: /exports/a.csv: Permission denied; run this as the user who runs the nights, or give that user what lies there\n",
    )
    code, said = status(wrapped)
    assert (code, said.count("\n")) == (1, 1)
    assert "is the disk full? Free some space and run again" in said
    assert "INSERT" not in said


def test_stopping_by_hand_is_no_traceback(status: Callable[..., tuple[int, str]]) -> None:
    assert status(KeyboardInterrupt()) == (1, "rapport: stopped; run again to go on, nothing has to be cleaned up first\n")


def test_what_duckdb_says_of_the_disk_is_told_and_of_rows_is_not(status: Callable[..., tuple[int, str]]) -> None:
    code, said = status(duckdb.IOException('IO Error: Could not write file "/home/x.duckdb": No space left on device'))
    assert (code, said.count("\n")) == (1, 1)
    assert "is the disk full? Free some space and run again" in said
    _, said = status(duckdb.TransactionException("Failed to commit: Could not write file: No space left on device"))
    assert "is the disk full?" in said
    _, said = status(duckdb.ConversionException("Could not convert string 'ann@example.org' to INT32"))
    assert "ann@" not in said


def test_debug_shows_where_an_error_comes_from(status: Callable[..., tuple[int, str]]) -> None:
    with pytest.raises(ValueError, match="unforeseen"):
        status(ValueError("unforeseen"), "--debug")


def test_a_rollback_without_a_name_says_what_to_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    Home(tmp_path / "home").prepare()
    assert main(["releases", "rollback", "--config", str(tmp_path / "config.yaml")]) == 2
    assert "name the release" in capsys.readouterr().err


def test_commands_without_a_configuration_say_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAPPORT_CONFIG", raising=False)
    monkeypatch.delenv("RAPPORT_HOME", raising=False)
    assert main(["status"]) == 2
    assert capsys.readouterr().err.startswith("rapport: no configuration: name one with --config FILE")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: COMMAND; `python -m orchestration --help` says what it takes"),
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["init"], "the following arguments are required: FOLDER; `python -m orchestration init --help`"),
        (["ui", "--port", "http"], "argument --port: invalid int value: 'http'"),
        (["run", "--asof", "2026-01-01"], "unrecognized arguments: --asof 2026-01-01; `python -m orchestration run --help` says what"),
        (["releases", "forward"], "invalid choice: 'forward'"),
        (["review-identities", "--least-probability", "2"], "argument --least-probability: 2 is not a number from 0 to 1"),
        (["status", "--max-age", "nan"], "argument --max-age: nan is not a number at least 0"),  # it is never late
        (["status", "--max-age", "-1"], "argument --max-age: -1 is not a number at least 0"),
        (["status", "--max-age", "a day"], "argument --max-age: 'a day' is not a number"),
    ],
)
def test_wrong_arguments_are_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    said = capsys.readouterr().err
    assert (stopped.value.code, said.count("\n")) == (2, 1)
    assert said.startswith("rapport: ")
    assert words in said


@pytest.mark.parametrize("command", [["status"], ["quarantine"], ["releases"], ["releases", "rollback", "x"]])
def test_a_home_in_which_nothing_has_run_is_said(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    assert main([*command, "--config", str(tmp_path / "config.yaml")]) == 2
    assert capsys.readouterr().err.startswith(f"rapport: {tmp_path}/home: nothing has run here yet; ")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["releases", "rollback", "../x"], "there is no release '../x'; `python -m orchestration releases` lists them"),
        (["quarantine", "--table", "crm_custmers"], "--table crm_custmers: no input table has this name; did you mean crm_customers?"),
        (["quarantine", "--table", "orders"], "no input table has this name; they are crm_customers, "),
        (["export", "--customer", "C1", "--out", "/nowhere/ann.json"], "--out /nowhere/ann.json: name a file in a folder that is there"),
        (["export", "--customer", "C1", "--out", "/"], "--out /: name a file in a folder that is there"),
    ],
)
def test_what_is_not_there_is_a_wrong_argument(command: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    Home(tmp_path / "home").prepare()
    assert main([*command, "--config", str(tmp_path / "config.yaml")]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("port", "words"),
    [(None, "Address already in use; is the UI running already? Else choose another port"), (70_000, "no port has this number")],
)
def test_a_port_that_cannot_be_served_is_told_before_anything_starts(
    port: int | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = port or other.getsockname()[1]
        assert main(["ui", "--port", str(taken), "--config", str(tmp_path / "config.yaml")]) == 2
    assert capsys.readouterr().err.startswith(f"rapport: --port {taken}: {words}")
    assert not (tmp_path / "home").exists()


def test_dagster_itself_finds_the_storage_that_the_ui_hands_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    started: list[list[str]] = []

    def start(_: str, command: list[str]) -> NoReturn:
        started.append(command)
        raise SystemExit

    monkeypatch.setattr(os, "environ", {**os.environ, "RAPPORT_HOME": str(tmp_path / "home")})
    monkeypatch.setattr(os, "chdir", lambda _: None)
    monkeypatch.setattr(os, "execv", start)
    with pytest.raises(SystemExit):
        main(["ui", "--port", "0", "--config", str(tmp_path / "config.yaml")])
    assert Path(started[0][0]).name == "dagster"
    command = [str(Path(sys.executable).with_name("dagster")), "instance", "info"]
    done = subprocess.run(command, env=dict(os.environ), cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_help_names_every_command_on_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    for command in ("run", "init", "status", "releases", "quarantine", "ui"):
        assert any(line.split()[:1] == [command] and len(line.split()) > 3 for line in said.splitlines()), command


@pytest.mark.parametrize("command", sorted(RUNS))
def test_the_help_of_a_command_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    said = capsys.readouterr().out
    assert stopped.value.code == 0
    assert said.split("\n\n")[1].endswith("."), said


def test_a_contact_of_a_company_is_not_erased_with_the_whole_company(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.replace("reporting_currency: USD", "reporting_currency: USD, customer_level: company"))
    (tmp_path / "home" / "state").mkdir(parents=True)
    assert main(["erase", "--customer", "c1", "--yes", "--config", str(tmp_path / "config.yaml")]) == 2
    assert "companies (customer_level: company), each with all of its contacts and invoices; name the person with --contact" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("command", [["explain"], ["export"], ["erase", "--yes"]])
def test_an_id_that_is_no_text_is_a_wrong_argument(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal of another encoding hands over single bytes; Python keeps them as halves of surrogate pairs."""
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--customer", b"M\xfcller".decode("utf-8", "surrogateescape")])
    assert stopped.value.code == 2
    assert "argument --customer: it holds bytes that are no UTF-8; is the terminal set to another encoding?" in capsys.readouterr().err
