"""Releases: what is in one, how the pointer moves, and what a failure leaves behind."""

import json
import os
import stat
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration import releases
from tests.orchestration.releases.making import FACTS, make_warehouse, publish

JUDGED = {"models": {"churn": "v1"}, "sources": [], "checks": []}
ROOT = Path(__file__).parents[3]


def test_a_release_holds_every_mart_and_nothing_else(warehouse, home):
    release = publish(warehouse, home)
    assert release.tables == ("dim_customers", "metric")
    assert {file.name for file in release.path.iterdir()} == {"dim_customers.parquet", "metric.parquet", "rapport.duckdb", "manifest.json"}
    with duckdb.connect(str(home / "serving" / "rapport.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT customers FROM rapport.marts.metric").fetchone() == (50,)
        assert connection.execute("SELECT DISTINCT schema_name FROM duckdb_tables()").fetchall() == [("marts",)]
        assert connection.execute("SELECT comment FROM duckdb_columns() WHERE column_name = 'mrr'").fetchone() == ("Monthly revenue",)


def test_comments_that_are_handed_in_are_in_the_file_where_tools_look(warehouse, home):
    said = {"dim_customers": {"": "It's who they are", "customer_key": "Key", "gone": "no such column"}, "no_mart": {"": "no such table"}}
    release = publish(warehouse, home, comments=said)
    assert release.comments() == {"dim_customers": {"": "It's who they are", "customer_key": "Key"}}


def test_current_reads_what_was_published(warehouse, home):
    published = publish(warehouse, home)
    release = releases.current(home)
    assert (release.id, release.as_of) == (published.id, date(2026, 1, 31))
    table = release.table("dim_customers")
    assert table.num_rows == 50
    assert table == pq.ParquetFile(home / "releases" / "current" / "dim_customers.parquet").read()
    assert not pq.ParquetFile(release.table_file("metric")).read().column("customers").null_count
    with release.connect() as connection:
        assert connection.execute("SELECT count(*) FROM marts.dim_customers").fetchone() == (50,)


def test_the_manifest_tells_rows_checksums_and_the_run(warehouse, home):
    defined = {"mrr": {"definition": "Monthly recurring revenue", "owner": "finance", "mart": "dim_customers", "column": "mrr"}}
    manifest = publish(warehouse, home, metrics=defined).manifest
    on_disk = json.loads((home / "releases" / "current" / "manifest.json").read_text())
    assert on_disk == manifest
    assert on_disk["metrics"] == defined
    assert manifest["tables"]["dim_customers"]["rows"] == 50
    assert (manifest["run_id"], manifest["code_version"], manifest["config_hash"], manifest["models"]) == (
        "run-1",
        "1.0",
        "abc",
        {"churn": "v1"},
    )


@pytest.fixture
def checksum(tmp_path, home):
    """Table, what it is → checksum of the release in which it is that."""

    def of(table, query):
        path = make_warehouse(tmp_path / "warehouse" / "acme.duckdb", 1)
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"CREATE OR REPLACE TABLE marts.{table} AS {query}")
        return publish(path, home).manifest["tables"][table]["checksum"]

    return of


def test_the_checksum_ignores_row_order_and_sees_every_change(checksum):
    def changed(order, change="mrr"):
        return checksum("dim_customers", f"SELECT * REPLACE ({change} AS mrr) FROM marts.dim_customers ORDER BY {order}")

    plain = changed("customer_key")
    assert changed("mrr DESC") == plain
    assert changed("customer_key", "CASE WHEN customer_key = 'c7' THEN mrr + 0.001 ELSE mrr END") != plain


def test_the_checksum_does_not_tell_one_run_from_another(checksum):
    """Of a release that was built again elsewhere all tables were the same but the record of checks, which carries the id of the run."""

    def of_run(run, status="passed"):
        return checksum("data_quality", f"SELECT '{run}' AS run_id, '{status}' AS status FROM range(3)")

    assert of_run("run-1") == of_run("run-2") != of_run("run-2", "failed")


def test_rows_have_a_fixed_order(tmp_path, home):
    first = publish(make_warehouse(tmp_path / "a" / "acme.duckdb", 1), home)
    path = make_warehouse(tmp_path / "b" / "acme.duckdb", 1)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE OR REPLACE TABLE marts.dim_customers AS SELECT * FROM marts.dim_customers ORDER BY random()")
    assert publish(path, home).table("dim_customers") == first.table("dim_customers")


def test_only_the_owner_may_read_and_nobody_may_write(warehouse, home):
    release = publish(warehouse, home)
    assert stat.S_IMODE(release.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "releases").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in release.path.iterdir()} == {0o400}


def test_rollback_moves_only_the_pointer(tmp_path, warehouse, home):
    first = publish(warehouse, home)
    second = publish(make_warehouse(warehouse, 2), home)
    assert [release.id for release in releases.listing(home)] == [second.id, first.id]
    releases.rollback(home, first.id)
    assert releases.current(home).id == first.id
    with duckdb.connect(str(home / "serving" / "rapport.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT DISTINCT release_value FROM marts.dim_customers").fetchall() == [(1,)]
    assert len(releases.listing(home)) == 2


@pytest.mark.parametrize("name", ["nothing", "../serving", "current", "20260101T000000000000_as_of_20260101"])
def test_rollback_refuses_what_is_no_release(warehouse, home, name):
    served = publish(warehouse, home)
    with pytest.raises(releases.ReleaseError, match="there is no release"):
        releases.rollback(home, name)
    assert releases.current(home).id == served.id


def test_rollback_refuses_a_damaged_release(warehouse, home):
    first, second = publish(warehouse, home), publish(warehouse, home)
    file = first.path / "metric.parquet"
    file.chmod(0o600)
    file.write_bytes(b"PAR1 changed")
    with pytest.raises(releases.ReleaseError, match=r"damaged: metric\.parquet"):
        releases.rollback(home, first.id)
    assert releases.current(home).id == second.id


def test_a_damaged_release_stops_no_reader_of_the_others(warehouse, home):
    old, new = publish(warehouse, home), publish(warehouse, home)
    (old.path / "manifest.json").chmod(0o600)
    (old.path / "manifest.json").write_text("{")
    assert [release.id for release in releases.intact(home)] == [new.id]
    with pytest.raises(releases.ReleaseError, match="is not valid JSON"):
        releases.listing(home)


def test_prune_keeps_the_newest_the_served_and_the_pinned(warehouse, home):
    made = [publish(warehouse, home) for _ in range(5)]
    releases.rollback(home, made[0].id)
    with made[1].pinned():
        assert releases.prune(home, keep=1) == [made[3].id, made[2].id]
    assert [release.id for release in releases.listing(home)] == [made[4].id, made[1].id, made[0].id]
    assert releases.prune(home, keep=1) == [made[1].id]


def test_prune_takes_damaged_releases_like_others(warehouse, home):
    first, second, _ = (publish(warehouse, home, run_id=str(number)) for number in range(3))
    for release, damage in ((first, "garbage"), (second, None)):
        manifest = release.path / "manifest.json"
        manifest.chmod(0o600)
        manifest.unlink() if damage is None else manifest.write_text(damage)
    assert releases.prune(home, 1) == [first.id]
    assert releases.prune(home, 0) == [second.id]


def test_leftovers_are_never_listed_and_are_cleaned_by_the_next_build(warehouse, home):
    publish(warehouse, home)
    abandoned = releases.build(warehouse, home, **FACTS)
    (home / "releases" / ".current.999").symlink_to("nowhere")
    assert len(releases.listing(home)) == 1
    publish(warehouse, home)
    assert not abandoned.exists()
    assert sorted(path.name for path in (home / "releases").iterdir()) == sorted([*(r.id for r in releases.listing(home)), "current"])


def test_a_failing_finish_leaves_nothing_behind(warehouse, home):
    def fail(release):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        releases.build(warehouse, home, **FACTS, finish=fail)
    assert list((home / "releases").iterdir()) == []


def test_finish_may_add_files_which_the_manifest_then_covers(warehouse, home):
    def finish(candidate):
        (candidate.path / "page.html").write_text(str(candidate.table("metric").num_rows))

    release = publish(warehouse, home, finish=finish)
    assert (release.path / "page.html").read_text() == "1"
    assert "page.html" in release.manifest["files"]
    release.verify()


def test_errors_are_one_clear_line(tmp_path, warehouse, home):
    with pytest.raises(releases.ReleaseError, match="nothing is published yet"):
        releases.current(home)
    with pytest.raises(releases.ReleaseError, match="no such warehouse"):
        publish(tmp_path / "missing.duckdb", home)
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with pytest.raises(releases.ReleaseError, match="is empty"):
        publish(tmp_path / "empty.duckdb", home)
    with pytest.raises(releases.ReleaseError, match="has no table 'fct_orders'; it has: dim_customers, metric"):
        publish(warehouse, home).table("fct_orders")


def test_a_full_disk_is_one_clear_error_and_leaves_the_pointer_alone(tmp_path, home):
    served = publish(make_warehouse(tmp_path / "warehouse" / "acme.duckdb", 1), home)
    make_warehouse(tmp_path / "warehouse" / "acme.duckdb", 2, rows=400_000)
    script = textwrap.dedent(f"""
        import resource, sys
        from datetime import date
        from orchestration import releases
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        try:
            releases.build({str(tmp_path / "warehouse" / "acme.duckdb")!r}, {str(home)!r}, **{FACTS!r})
        except releases.ReleaseError as error:
            sys.exit(str(error))
    """).replace("datetime.date(", "date(")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "the disk is full: free some space and run again; the last release is still served" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert releases.current(home).id == served.id
    assert not [name for name in os.listdir(home / "releases") if name.startswith(".")]


def test_what_breaks_while_a_release_is_built_is_told_without_a_value(warehouse, home):
    def stumble(candidate):
        duckdb.execute("SELECT CAST('Canary Seven' AS INTEGER)")

    with pytest.raises(releases.ReleaseError, match=r"Could not convert string '…' to INT32; the last release is still served") as told:
        publish(warehouse, home, finish=stumble)
    assert "Canary" not in str(told.value)


def test_a_refusal_stands_until_the_next_release(warehouse, home):
    publish(warehouse, home)
    assert releases.standing_refusal(home) is None
    told = releases.record_refusal(home, as_of=date(2026, 2, 1), stage="mart gate", reasons=["opening +\nnew is not closing"])
    assert releases.standing_refusal(home) == told
    assert (told.as_of, told.stage, told.reason) == ("2026-02-01", "mart gate", "opening + new is not closing")
    publish(warehouse, home)
    assert releases.standing_refusal(home) is None
    assert releases.refusals(home) == [told]


def test_a_refusal_cut_short_by_a_crash_does_not_hide_the_others(home):
    first = releases.record_refusal(home, as_of=date(2026, 2, 1), stage="landing gate", reasons=["a"])
    with (home / "state" / "refusals.jsonl").open("a") as file:
        file.write('{"as_of": "2026-02')
    second = releases.record_refusal(home, as_of=date(2026, 2, 3), stage="landing gate", reasons=["b"])
    assert releases.refusals(home) == [first, second]
