"""SQL stays portable: every model, written for Spark, says nothing that Spark does not know; what differs hides in macros/portable."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import dbt
from tests.commands import ROOT
from tests.dbt.dialect import outside
from tests.oracle.compiling import COMPILED

DUCKDB_ONLY = [
    "select date_diff('day', a, b) as days from t",
    "select list(x) as xs from t",
    "select array_agg(x order by y) as xs from t",
    "select max(x order by y) as xs from t",
    "select * from generate_series(1, 3)",
    "select unnest(xs) as x from t",
    "select quantile_cont(x, 0.5) as middle from t",
    "select arg_max(x, y) as x from t",
    "select payload ->> 'name' as name from t",
    "select * exclude (x) from t",
    "select t.* replace (1 as x) from t",
    "select strftime(day, '%Y') as year from t",
    "select cast(x as varchar) as x from t",
    "select x::text as x from t",
    "select x::hugeint as x from t",
    "select x ^ 2 as x from t",
    "select x // 2 as x from t",
    "select distinct on (x) x, y from t",
    "select regexp_matches(x, 'a') as x from t",
    "from t select x",
    "with t as materialized (select 1 as x) select x from t",
    'select x as "group" from t',
    "select [1, 2] as xs",
    "select x from t where x ~ 'a'",
    "select x from",
]
COMMON_TO_BOTH = [
    "select x::double / nullif(y, 0) as x from t qualify row_number() over (partition by x order by y desc nulls last) = 1",
    "select percentile_cont(0.5) within group (order by x) as middle, count(*) filter (where x > 0) as n from t group by all",
    "select cast(x as decimal(28, 6)) as x, 'it''s -> [no] \"quote\"' as y, x::bigint as z from t -- list(x)",
    "select try_cast(x as timestamp) as x, max_by(x, y) as y, t.* from t where x is distinct from y",
]


@pytest.mark.parametrize("statement", DUCKDB_ONLY)
def test_what_only_duckdb_knows_is_found(statement: str) -> None:
    assert outside(statement)


@pytest.mark.parametrize("statement", COMMON_TO_BOTH)
def test_what_both_engines_know_is_not(statement: str) -> None:
    assert outside(statement) == []


@pytest.fixture(scope="module")
def written_for_spark(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Model → its SQL."""
    folder = tmp_path_factory.mktemp("spark")
    started = [sys.executable, "-m", "tests.dbt.compiling_for_spark", str(dbt.nightly_path())]
    line = json.dumps([{"as_of": "2026-01-31"}, str(folder)]) + "\n"
    done = subprocess.run(started, input=line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    nodes = json.loads((folder / COMPILED).read_text(encoding="utf-8"))
    return {node["name"]: node["sql"] for node in nodes if node["kind"] == "model"}


@pytest.mark.thorough
def test_every_model_speaks_the_common_dialect(written_for_spark: dict[str, str]) -> None:
    assert len(written_for_spark) == len(list((Path(dbt.PROJECT) / "models").rglob("*.sql")))
    found = {name: told for name, sql in written_for_spark.items() if (told := outside(sql))}
    assert found == {}


@pytest.mark.thorough
def test_the_macros_that_differ_are_written_as_spark_wants_them(written_for_spark: dict[str, str]) -> None:
    whole = "\n".join(written_for_spark.values())
    assert "xxhash64(" in whole
    assert "explode(sequence(" in whole
    assert "`group`" in written_for_spark["fct_survey_responses"]
