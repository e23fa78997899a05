"""One night of the example company: what it prints, what it publishes, what the commands say about it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import duckdb
import pytest

from orchestration import releases
from orchestration.releases import Release
from orchestration.report.checks import STATE
from tests import commands

STAGES = (
    "Extract", "Landing gate", "Quarantine", "dbt: staging", "Mart gate", "Model: churn", "Model: lifetime value",
    "Model: next best action", "dbt: scores", "Audience gate", "Release and page", "Activation",
)  # fmt: skip
SUMMARY = ("Landed", "Quarantined", "Built", "Checked", "Models", "Published", "Sync", "Release", "Page", "Log", "UI")

# Section 2 of the contract: the columns of each mart that readers may rely on.
MARTS = {
    "dim_customers": "customer_key primary_email_hash country region industry company_size acquisition_channel first_seen_at "
    "lifecycle_stage is_active is_erased can_email",
    "customer_identities": "source source_customer_id customer_key matched_by valid_from valid_to",
    "fct_orders": "order_id customer_key ordered_at net_amount currency net_amount_reporting",
    "fct_subscription_months": "customer_key month mrr opening_mrr movement movement_amount churn_kind cohort_month",
    "metric_mrr_movements": "month opening_mrr new_mrr reactivation_mrr expansion_mrr contraction_mrr churned_mrr closing_mrr",
    "metric_retention_monthly": "month dimension dimension_value customer_retention_rate gross_revenue_retention net_revenue_retention "
    "is_complete",
    "metric_cohort_retention": "cohort_month months_since basis cohort_size retained retention_rate",
    "metric_customer_clv": "customer_key clv_historic clv_predicted clv_total",
    "fct_survey_responses": "response_id customer_key metric score score_0_100 group responded_at has_comment",
    "metric_nps_monthly": "month view dimension dimension_value responses promoters passives detractors nps nps_low nps_high is_reliable "
    "invited response_rate nps_weighted nps_change_significant",
    "metric_csat_monthly": "month dimension dimension_value responses satisfied csat csat_low csat_high",
    "fct_tickets": "ticket_id customer_key opened_at first_replied_at solved_at priority topic",
    "metric_engagement_monthly": "month dimension dimension_value",
    "metric_campaign_performance": "campaign_id",
    "metric_referrals_monthly": "month dimension dimension_value",
    "metric_feedback_themes_monthly": "month theme",
    "dim_customer_segments": "customer_key recency_days frequency monetary r_score f_score m_score rfm_segment lifecycle_stage",
    "fct_churn_scores": "customer_key as_of_date horizon_days churn_probability risk_band reasons model_version",
    "fct_next_best_actions": "customer_key as_of_date action expected_value expected_uplift propensity is_holdout reason policy_version "
    "model_version",
    "fct_action_candidates": "customer_key as_of_date action gate_removed_by score",
    "customer_360": "customer_key clv_total mrr churn_probability next_best_action can_email",
    "sync_files__customer_scores": "customer_key external_id",
    "sync_log": "destination audience customer_key external_id operation outcome code release_id attempted_at",
    "data_quality": "suite expectation table_name success observed unexpected_count severity",
}  # fmt: skip


@pytest.fixture(scope="module")
def screen(published: Any) -> str:
    return (published.folder / "screen.txt").read_text()


@pytest.fixture(scope="module")
def release(published: Any) -> Release:
    return releases.current(published.home)


def test_the_screen_has_a_line_for_every_stage_and_every_result(screen: str) -> None:
    assert [stage for stage in STAGES if f"✓ {stage}" not in screen] == []
    assert [label for label in SUMMARY if f"\n{label} " not in screen] == []
    assert "Traceback" not in screen


def test_the_example_query_can_be_pasted_into_a_shell(screen: str) -> None:
    done = subprocess.run(screen.strip().splitlines()[-1], shell=True, cwd=commands.folder(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "2026-10-01" in done.stdout


@pytest.mark.parametrize("table", MARTS)
def test_every_mart_of_the_contract_is_there_with_its_columns(table: str, release: Release) -> None:
    assert sorted(set(MARTS[table].split()) - set(release.manifest["tables"][table]["columns"])) == []


def test_every_table_and_column_says_in_the_file_what_it_means(release: Release) -> None:
    said = release.comments()
    unsaid = [
        f"{name}.{column}"
        for name, told in release.manifest["tables"].items()
        for column in ("", *told["columns"])
        if not said[name].get(column)
    ]
    assert unsaid == []


def test_marts_hold_rows(release: Release) -> None:
    empty = [name for name, told in release.manifest["tables"].items() if not told["rows"]]
    audiences = [name for name in empty if name.startswith("sync_") and "__" in name]
    # Nobody was erased, and nothing had been sent before this release; of so few customers there may be nobody to call tonight.
    assert sorted({*empty} - {*audiences}) == ["data_erasures", "sync_log"]
    assert not [name for name in audiences if name.endswith("__customer_scores")]


def test_the_manifest_says_what_made_the_release_and_the_files_are_intact(release: Release) -> None:
    told = release.manifest
    assert told["as_of"] == "2026-10-31"
    assert {"run_id", "code_version", "config_hash", "models", "sources", "checks"} <= set(told)
    assert told["checks"]["passed"] > 500
    assert {one["table_name"] for one in told["sources"]} >= {"crm_customers", "billing_payments", "survey_responses"}
    assert told["configuration"]["settings.churn_horizon_days"] == 90
    assert told["configuration"]["company.reporting_currency"] == "USD"
    assert told["packages"]["duckdb"] == told["duckdb_version"]
    assert told["landing"]["files"]["loads"] >= 1
    release.verify()


def test_the_manifest_defines_every_metric_and_says_where_it_is(release: Release) -> None:
    told = release.manifest["metrics"]
    assert {"nps", "mrr", "customer_retention_rate", "clv_predicted", "churn_probability"} <= set(told)
    assert [name for name, one in told.items() if one["column"] not in release.manifest["tables"][one["mart"]]["columns"]] == []


def test_the_published_record_holds_every_check_of_its_own_night(release: Release) -> None:
    with release.connect() as marts:
        suites = marts.execute("SELECT DISTINCT split_part(suite, ':', 1) FROM marts.data_quality").fetchall()
        counted = marts.execute(f"SELECT {STATE}, count(*) FROM marts.data_quality GROUP BY ALL").fetchall()
    assert {suite for (suite,) in suites} == {"landing", "mart", "dbt", "audience"}
    assert dict(counted) == release.manifest["checks"]


def test_every_landed_row_is_accounted_for(release: Release) -> None:
    with release.connect() as marts:
        lost = marts.execute("FROM marts.data_reconciliation WHERE landed <> staged + deduplicated + quarantined + after_as_of").fetchall()
    assert lost == []


def test_status_says_what_is_served_and_what_waits(published: Any, release: Release) -> None:
    said = published.run(command="status").stdout
    assert f"release {release.id} is served" in said
    assert "as of        2026-10-31" in said
    assert "rows of crm_tickets (" in said
    assert "refused" not in said


def test_quarantine_names_the_row_by_its_key_and_the_reason(published: Any) -> None:
    rows = published.run("--table", "crm_tickets", command="quarantine").stdout
    planted = next(line for line in rows.splitlines() if "ticket_planted" in line)
    assert "opened_at" in planted
    assert "31st" not in rows  # reasons never quote values


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_quarantined_rows_are_exported_whole_for_their_owner_alone(published: Any, tmp_path: Any, ending: str) -> None:
    file = tmp_path / f"waiting.{ending}"
    done = published.run("--table", "crm_tickets", "--export", str(file), command="quarantine")
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    planted = duckdb.execute(f"SELECT rule, column_name, CAST(row AS VARCHAR) FROM '{file}' WHERE row_key = 'ticket_planted'").fetchall()
    assert [(rule, column) for rule, column, _ in planted] == [("unparseable", "opened_at")]
    assert "31st of October" in planted[0][2]


def test_an_export_of_another_kind_is_refused(published: Any, tmp_path: Any) -> None:
    refused = published.run("--export", str(tmp_path / "waiting.xlsx"), command="quarantine")
    assert (refused.returncode, "name a file ending in .csv or .jsonl" in refused.stderr) == (2, True)


def test_releases_are_listed_and_an_unknown_one_is_refused(published: Any, release: Release) -> None:
    assert f"→  {release.id}" in published.run(command="releases").stdout
    refused = published.run("rollback", "20200101T000000000000_as_of_20200101", command="releases")
    assert refused.returncode == 2
    assert "there is no release" in refused.stderr


def test_a_customer_is_explained_by_the_id_of_the_source(published: Any, release: Release) -> None:
    with release.connect() as marts:
        decided = (
            "SELECT customer_key, action, propensity FROM marts.fct_next_best_actions ORDER BY action = 'nothing', customer_key LIMIT 1"
        )
        key, action, propensity = marts.execute(decided).fetchall()[0]
        known_as = "SELECT source || ':' || source_customer_id FROM marts.customer_identities WHERE customer_key = ? AND valid_to IS NULL"
        wanted = marts.execute(known_as, [key]).fetchall()[0][0]
        (considered,) = marts.execute("SELECT count(*) FROM marts.fct_action_candidates WHERE customer_key = ?", [key]).fetchall()[0]
    told = json.loads(published.run("--customer", wanted, "--json", command="explain").stdout)
    assert (told["customer_key"], told["decision"]["action"], told["decision"]["propensity"]) == (key, action, propensity)
    assert len(told["candidates"]) == considered > 1
    assert "sync_files__customer_scores" in told["audiences"]
    screen = published.run("--customer", wanted, command="explain").stdout
    assert all(reason in screen for reason in told["churn"]["reasons"])
    assert "chosen" in screen


def test_a_release_does_not_differ_from_itself(published: Any, release: Release) -> None:
    told = json.loads(published.run("current", release.id, "--json", command="diff").stdout)
    assert (told["why"], told["tables"], told["same_tables"]) == ({}, [], len(release.tables))
    assert "there is no release before" in published.run(command="diff").stderr


def test_what_was_sent_is_what_the_audience_holds(published: Any, release: Release) -> None:
    sent = json.loads((published.home / "state" / "last_sync.json").read_text())[0]
    audience = release.table("sync_files__customer_scores").num_rows
    assert sum(sent["decisions"].values()) == audience > 0
    rows = duckdb.execute(f"SELECT count(*) FROM read_csv('{published.folder}/outbox/**/*.csv', union_by_name = true)").fetchone()
    assert rows == (audience,)


def test_the_release_is_served_further_without_personal_tables(published: Any, release: Release) -> None:
    served = published.folder / "elsewhere"
    assert json.loads((served / "current.json").read_text())["release_id"] == release.id
    copied = duckdb.execute(f"SELECT count(*) FROM '{served}/{release.id}/customer_360.parquet'").fetchone()
    assert copied == (release.table("customer_360").num_rows,)
    assert not [file for file in (served / release.id).iterdir() if file.name.startswith(("sync_", "fct_feedback"))]
    again = published.run(command="serve")
    assert (again.returncode, f"parquet: served already {release.id}" in again.stdout) == (0, True), again.stderr
