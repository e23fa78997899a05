"""What people are told of quarantine where the warehouse cannot know."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from orchestration.gates import waiting
from orchestration.home import Home, HomeError
from tests.orchestration.gates.landed import Landed
from tests.orchestration.serving.conftest import FIRST, published


def test_an_emptied_warehouse_does_not_say_that_nothing_waits(tmp_path: Path) -> None:
    """An erasure empties it, and the rows that wait are landed still."""
    settings: Any = SimpleNamespace(home=tmp_path / "home")
    Home(settings.home).prepare()
    assert waiting.by_table(settings) == []  # before the first night nothing has landed
    published(settings.home, FIRST)
    with pytest.raises(HomeError, match="known again after the next night"):
        waiting.by_table(settings)


def test_a_key_that_may_be_a_person_is_told_as_checks_tell_it_and_exported_whole(tmp_path: Path) -> None:
    landed, home = Landed(), Home(tmp_path / "home")
    home.prepare()
    landed.land("crm_customers", {"customer_id": "ann@example.org", "created_at": None}, {"customer_id": "Ann Smith", "created_at": None})
    landed.land("exchange_rates", {"rate_to_reporting": 0}, {"currency": None})
    landed.examine()
    with duckdb.connect(str(home.warehouse)) as kept:
        kept.execute("CREATE SCHEMA ops")
        kept.register("waiting", landed.connection.execute("FROM ops.quarantined_rows").to_arrow_table())
        kept.execute("CREATE TABLE ops.quarantined_rows AS FROM waiting")
    settings: Any = SimpleNamespace(home=home.root)
    people, count = waiting.of_table(settings, "crm_customers")
    assert ([key for _, key, *_ in people], count) == (["A…", "a…@…"], 2)
    assert [key for _, key, *_ in waiting.of_table(settings, "exchange_rates")[0]] == ["EUR | 2025-01-01", "(missing) | 2025-01-01"]
    assert waiting.export(settings, "crm_customers", tmp_path / "rows.csv") == 2
    assert "ann@example.org" in (tmp_path / "rows.csv").read_text()
