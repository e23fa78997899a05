"""A night adds part files and touches no other."""

from __future__ import annotations

from datetime import date

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from examples.acme.generate import generate
from examples.acme.nights import next_night
from orchestration.contract import INPUT_TABLES

NIGHT = "2026-11-01"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """(exports, files before, rows added per table)."""
    home = tmp_path_factory.mktemp("nights")
    generate(1_500, 24, "2026-10-31", 5, home / "exports", home / "truth")
    before = contents(home)
    return home / "exports", before, next_night(home / "exports", NIGHT, seed=5, share=0.10)


def added(out, table):
    return pq.read_table(next((out / table).glob(f"part-*-{NIGHT}.parquet")))


def test_only_new_part_files(night):
    out, before, rows = night
    after = contents(out.parent)
    assert all(after[path] == content for path, content in before.items())
    new = {path for path in after if path not in before}
    assert all(path.name.endswith(f"-{NIGHT}.parquet") for path in new)
    assert {path.parent.name for path in new} == {name for name, count in rows.items() if count}
    for path in new:
        assert path.name == max(each.name for each in path.parent.iterdir()), "a night sorts after what it changes"


def test_the_share_is_that_of_the_customers_touched(night):
    out, _, rows = night
    assert rows["crm_interactions"] == pytest.approx(0.10 * 1_500 * 5, rel=0.4)
    touched = set(added(out, "crm_interactions")["customer_id"].to_pylist())
    assert len(touched) * 5 == rows["crm_interactions"]


def test_new_changed_corrected_and_late_rows(night):
    out, *_ = night
    known = ds.dataset([str(path) for path in (out / "crm_customers").glob("part-0*")]).to_table()
    old = dict(zip(known["customer_id"].to_pylist(), known["updated_at"].to_pylist(), strict=True))
    rows = added(out, "crm_customers").to_pylist()
    changed, new = [row for row in rows if row["customer_id"] in old], [row for row in rows if row["customer_id"] not in old]
    assert len(changed) > 20
    assert all(row["updated_at"] > old[row["customer_id"]] for row in changed)
    assert new
    assert all(row["created_at"].date() == date.fromisoformat(NIGHT) for row in new)
    days = {moment.date() for moment in added(out, "crm_interactions")["occurred_at"].to_pylist()}
    assert max(days) == date.fromisoformat(NIGHT)
    assert min(days) < date(2026, 10, 31)
    subscriptions = added(out, "billing_subscriptions").to_pylist()
    assert {row["status"] for row in subscriptions} == {"active", "canceled"}


def test_rows_fit_the_parts_they_join(night):
    out, *_ = night
    for name, contract in INPUT_TABLES.items():
        if not (out / name).is_dir() or not list((out / name).glob(f"*-{NIGHT}.parquet")):
            continue
        rows, main = added(out, name), pq.read_schema(out / name / "part-00000.parquet")
        assert {field.name: field.type for field in rows.schema} == {field.name: field.type for field in main}, name
        for column in contract.required:
            assert rows[column].null_count == 0, (name, column)


def test_the_same_night_twice_is_refused_and_the_next_one_is_not(night):
    out, *_ = night
    with pytest.raises(ValueError, match="was added before"):
        next_night(out, NIGHT)
    assert next_night(out, "2026-11-02", share=0.5)["crm_customers"] > 0
    with pytest.raises(ValueError, match="share"):
        next_night(out, "2026-11-03", share=0)
