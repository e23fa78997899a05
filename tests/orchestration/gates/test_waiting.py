"""What people are told of quarantine where the warehouse cannot know."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.gates import waiting
from orchestration.home import Home, HomeError
from tests.orchestration.serving.conftest import FIRST, published


def test_an_emptied_warehouse_does_not_say_that_nothing_waits(tmp_path: Path) -> None:
    """An erasure empties it, and the rows that wait are landed still."""
    settings: Any = SimpleNamespace(home=tmp_path / "home")
    Home(settings.home).prepare()
    assert waiting.by_table(settings) == []  # before the first night nothing has landed
    published(settings.home, FIRST)
    with pytest.raises(HomeError, match="known again after the next night"):
        waiting.by_table(settings)
