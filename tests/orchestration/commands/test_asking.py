"""What `erase` asks before anything is lost."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestration.commands import asking
from orchestration.settings import ConfigurationError

NOTHING: dict[str, Any] = {"customer": [], "contact": [], "from_file": None, "expired": False, "lift": False, "verify": None}


class Terminal(io.StringIO):
    """A standard input at which a person sits."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "agreed"), [("y", True), (" Y ", True), ("n", False), ("", False), ("yes please", False)])
def test_only_a_clear_yes_is_one(typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n"))
    assert asking.agrees("Erase 2 people?") is agreed
    assert capsys.readouterr().out == "Erase 2 people? [y/N] "


def test_where_nobody_can_be_asked_it_must_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(ConfigurationError, match="say so with --yes"):
        asking.agrees("Erase 1 person?")


def test_a_list_skips_empty_lines_and_a_missing_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "whom.txt").write_text("a\n\n  b  \n")
    assert asking.named(["c"], tmp_path / "whom.txt") == ["c", "a", "b"]
    assert asking.named(["c"], None) == ["c"]
    with pytest.raises(ConfigurationError, match=r"--from-file .*nowhere.txt: No such file"):
        asking.named([], tmp_path / "nowhere.txt")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"expired": True, "customer": ["c1"]}, "--expired asks nobody's name, and --customer gives one"),
        ({"verify": "c1", "from_file": Path("whom.txt")}, "--verify asks nobody's name, and --from-file gives one"),
        ({"expired": True, "lift": True}, "--expired and --lift are two things to do"),
        ({"customer": ["c1"], "contact": ["c2"]}, "--customer and --contact exclude each other"),
    ],
)
def test_no_option_is_passed_over_without_a_word(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        asking.require_one_wish(argparse.Namespace(**NOTHING | given))


@pytest.mark.parametrize(
    "given",
    [{}, {"customer": ["c1"], "from_file": Path("whom.txt")}, {"lift": True, "customer": ["c1"], "contact": ["c2"]}, {"expired": True}],
)
def test_what_goes_together_is_let_through(given: dict[str, Any]) -> None:
    asking.require_one_wish(argparse.Namespace(**NOTHING | given))


def test_somebody_must_be_named() -> None:
    asking.require(["a"])
    with pytest.raises(ConfigurationError, match="name whom"):
        asking.require([])
