"""After any nights in a row landing holds what the files hold."""

from collections import Counter

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration import landing
from orchestration.landing.log import LandingLog
from tests.landing_by_copy import copied
from tests.orchestration.landing.exporting import HEADER, Company

pytestmark = pytest.mark.thorough


_ROWS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xy")), min_size=0, max_size=4)
_NIGHT = st.fixed_dictionaries({"one.csv": st.none() | _ROWS, "two.csv": st.none() | _ROWS})
_ANCHOR = [(f"anchor{number}", "z") for number in range(100)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_NIGHT, min_size=2, max_size=4))
def test_after_any_nights_the_living_keys_are_those_of_the_files(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, nights: list[dict[str, list[tuple[str, str]] | None]]
) -> None:
    """Files come, go, change, swap and repeat rows; 100 rows that stay keep the removals below what is suspicious."""
    monkeypatch.setattr(landing, "load_files", copied)
    company = Company(tmp_path_factory.mktemp("nights"))
    company.write(HEADER + "".join(f"{key},2025-01-01,{value}\n" for key, value in _ANCHOR), "crm_customers/anchor.csv")
    for night in nights:
        for name, rows in night.items():
            path = company.exports / "crm_customers" / name
            path.unlink(missing_ok=True)
            if rows is not None:
                company.write(HEADER + "".join(f"{key},2025-01-01,{value}\n" for key, value in rows), f"crm_customers/{name}")
        company.night()
        assert _held(company) == Counter(_ANCHOR) + Counter(row for rows in night.values() for row in rows or [])
        assert set(company.alive()) == {key for key, _ in _held(company)}
        assert set(company.alive().items()) <= set(_held(company)), "the newest version is one that a file holds"


def _held(company: Company) -> Counter[tuple[str, str]]:
    """What landing believes the files hold: rows − tombstones + adjustments."""
    content = {row_hash: (key, name) for row_hash, key, name in company.rows("_row_hash, customer_id, full_name")}
    held: Counter[tuple[str, str]] = Counter()
    for row_hash, deleted in company.rows("_row_hash, _is_deleted"):
        held[content[row_hash]] += -1 if deleted else 1
    for path in LandingLog(company.landing, "files").files("row_adjustments"):
        for row_hash, copies in duckdb.execute(f"SELECT _row_hash, copies FROM '{path}'").fetchall():
            held[content[row_hash]] += copies
    return +held
