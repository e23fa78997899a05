"""What waits in quarantine on a terminal: who sees a part of it is told how to get the rest."""

from __future__ import annotations

import pytest

from orchestration.commands import console

ROW = ("files", "t1", "missing_required", "opened_at has no value", "2026-10-31")


def test_more_rows_than_are_shown_are_counted_with_the_way_to_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    """It named a table of the warehouse, which nobody but nights opens."""
    console.show_quarantined_rows([ROW] * 2, 1_200)
    said = "masked where they may be a person's; `--export FILE` writes all of them, with their rows.\n"
    assert capsys.readouterr().out.endswith(f"\nThe first 2 of 1,200, keys {said}")
    console.show_quarantined_rows([ROW] * 2, 2)
    assert capsys.readouterr().out.endswith(f"\nKeys {said}")
    console.show_quarantined_rows([], 0)
    assert "masked" not in capsys.readouterr().out
