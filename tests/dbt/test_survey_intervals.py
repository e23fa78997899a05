"""The interval macros of the dbt project, run by DuckDB, against published formulas and values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
from scipy import stats

from tests.published_intervals import ROCKS_2016

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros" / "metrics" / "intervals.sql"

# successes, n, Wilson 95 %: Newcombe 1998, table I, method 3
WILSON = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (29, 29, 0.8830, 1.0)]


def _value(macro: str, *arguments: Any) -> float | None:
    return _evaluated(macro, *(f"cast({argument} as bigint)" for argument in arguments))


def _evaluated(macro: str, *expressions: str) -> float | None:
    module = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(MACROS.read_text(encoding="utf-8")).module
    expression = getattr(module, macro)(*expressions)
    return duckdb.sql(f"select {expression}").fetchall()[0][0]


@pytest.mark.parametrize(("promoters", "detractors", "n", "low", "high"), ROCKS_2016)
def test_nps_interval_is_the_adjusted_wald_of_rocks_2016(promoters: int, detractors: int, n: int, low: float, high: float) -> None:
    assert _value("nps_low", promoters, detractors, n) == pytest.approx(low, abs=1e-4)
    assert _value("nps_high", promoters, detractors, n) == pytest.approx(high, abs=1e-4)


@pytest.mark.parametrize(("successes", "n", "low", "high"), WILSON)
def test_share_interval_is_wilsons(successes: int, n: int, low: float, high: float) -> None:
    assert _value("wilson_low", successes, n) == pytest.approx(low, abs=5e-5)
    assert _value("wilson_high", successes, n) == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize("macro", ["nps", "nps_low", "nps_high"])
def test_nobody_asked_is_no_score(macro: str) -> None:
    assert _value(macro, 0, 0, 0) is None


@pytest.mark.parametrize("macro", ["ratio", "wilson_low", "wilson_high"])
def test_nothing_to_divide_by_is_no_rate(macro: str) -> None:
    assert _value(macro, 0, 0) is None


@pytest.mark.parametrize("df", [1, 1.05, 1.2, 1.5, 2, 3.5, 8, 30, 1e3, 1e7])
def test_students_quantile_is_that_of_scipy_to_six_digits(df: float) -> None:
    assert _evaluated("t_95", f"cast({df} as double)") == pytest.approx(stats.t.ppf(0.975, df), rel=5e-7)


# squared standard errors and numbers of both sides; Welch (1947) by hand: (1 + 1)² ÷ (1 ÷ 4 + 1 ÷ 9), and a side that does not vary
@pytest.mark.parametrize(("one", "n_one", "other", "n_other", "df"), [(1, 5, 1, 10, 144 / 13), (4, 3, 0, 20, 2), (0, 3, 0, 3, None)])
def test_degrees_of_freedom_are_welchs(one: int, n_one: int, other: int, n_other: int, df: float | None) -> None:
    assert _value("welch_df", one, n_one, other, n_other) == pytest.approx(df)


def test_where_nothing_varies_the_interval_has_no_width() -> None:
    assert _evaluated("welch_width", "cast(0 as double)", "cast(null as double)") == 0
