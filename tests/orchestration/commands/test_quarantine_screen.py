"""What waits in quarantine on a terminal: who sees a part of it is told how to get the rest."""

from __future__ import annotations

import pytest

from orchestration.commands import console

ROW = ("files", "t1", "missing_required", "opened_at has no value", "2026-10-31")


def test_more_rows_than_are_shown_are_counted_with_the_way_to_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    """It named a table of the warehouse, which nobody but nights opens."""
    console.show_quarantined_rows([ROW] * 2, 1_200)
    assert "The first 2 of 1,200; `--export FILE` writes all of them, with their rows." in capsys.readouterr().out
    console.show_quarantined_rows([ROW] * 2, 2)
    assert "The first" not in capsys.readouterr().out
