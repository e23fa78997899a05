"""What `erase` asks before anything is lost."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from orchestration.commands import asking
from orchestration.settings import ConfigurationError


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


def test_somebody_must_be_named() -> None:
    asking.require(["a"])
    with pytest.raises(ConfigurationError, match="name whom"):
        asking.require([])
