"""What `erase` asks before anything is lost."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from orchestration.commands import rights
from orchestration.settings import ConfigurationError


class Terminal(io.StringIO):
    """A standard input at which a person sits."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "agreed"), [("y", True), (" Y ", True), ("n", False), ("", False), ("yes please", False)])
def test_only_a_clear_yes_is_one(typed: str, agreed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(f"{typed}\n"))
    assert rights._agrees(2) is agreed
    assert capsys.readouterr().out == "Erase 2 people for good? This cannot be undone. [y/N] "


def test_where_nobody_can_be_asked_it_must_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(ConfigurationError, match="say so with --yes"):
        rights._agrees(1)


def test_a_list_skips_empty_lines_and_a_missing_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "whom.txt").write_text("a\n\n  b  \n")
    assert rights._listed(tmp_path / "whom.txt") == ["a", "b"]
    with pytest.raises(ConfigurationError, match=r"--from-file .*nowhere.txt: No such file"):
        rights._listed(tmp_path / "nowhere.txt")
