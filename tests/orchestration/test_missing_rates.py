"""A night that is refused for want of an exchange rate says which one."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration import missing_rates


def test_currency_and_day_stand_beside_the_check_and_other_checks_are_left_alone(tmp_path: Path) -> None:
    compiled = tmp_path / "compiled" / "rapport" / "tests" / f"{missing_rates.CHECK}.sql"
    compiled.parent.mkdir(parents=True)
    compiled.write_text("SELECT * FROM (VALUES ('CHF', DATE '2024-01-31'), ('SEK', DATE '2023-05-01')) AS missing (currency, first_day)")
    failed = [f"{missing_rates.CHECK}: 2 rows", "assert_rows_reconcile: 1 rows"]
    with duckdb.connect() as connection:
        rates, other = missing_rates.named(failed, tmp_path, connection)
        assert missing_rates.named(failed[1:], tmp_path / "nothing", connection) == failed[1:]
    assert rates.endswith("2 rows: exchange_rates needs a rate for CHF of 2024-01-31 or before, SEK of 2023-05-01 or before")
    assert other == failed[1]
