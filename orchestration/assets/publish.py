"""Publishing as assets: the audited marts become one immutable release, with its page, and the pointer moves last.

Comes in: schema `marts` of this night's warehouse and the results of every check. Goes out: a release, or a refusal with its reasons.
"""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
import duckdb

from ml import cards
from orchestration import dbt, landing, releases, report
from orchestration.assets.metadata import OWNERS, markdown
from orchestration.assets.transform import mart_keys
from orchestration.documentation import metric_docs
from orchestration.gates import gatekeeping
from orchestration.night import Night
from orchestration.privacy import returning
from orchestration.refusing import refused
from orchestration.releases import Release
from orchestration.report.checks import STATE
from orchestration.resources import NIGHTS, ONE_NIGHT_A_RUN, RELEASE, WAREHOUSE_POOL, NightResource
from orchestration.unforeseen import quoting_nothing
from orchestration.version import code_version, config_hash, configuration, packages
from orchestration.warehouse import standing

PAGE, CHECKS = "report.html", "checks.html"
_STORED = {"published", "kept_last_good"}  # the others have no model that scored: base_rate, refused


@dg.multi_asset(
    name="release",
    specs=[
        dg.AssetSpec(
            RELEASE,
            deps=mart_keys(),
            group_name="release",
            description="The immutable release that readers see: every mart as Parquet and in one DuckDB file, with its manifest.",
            owners=OWNERS,
            kinds={"duckdb", "parquet"},
            partitions_def=NIGHTS,
        ),
        dg.AssetSpec(
            ["release", "page"],
            deps=mart_keys(),
            group_name="release",
            description="The page of the release for a head of customer success: one HTML file that needs no network.",
            owners=OWNERS,
            kinds={"html"},
            partitions_def=NIGHTS,
        ),
    ],
    pool=WAREHOUSE_POOL,
    backfill_policy=ONE_NIGHT_A_RUN,
)
@quoting_nothing
def release(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[dg.MaterializeResult]:
    """Publish what was audited; refuse when a blocking check of this night did not pass, whatever started the run."""
    tonight = night.of(context)
    with tonight.warehouse() as connection:
        objections = _objections(connection)
        facts = {"models": _models(connection), "sources": _sources(connection), "checks": _checks(connection)}
        if objections:
            raise refused(tonight, "release", objections)
        gatekeeping.publish_results(connection, tonight.as_of)
        returning.settle(tonight.home, connection, tonight.as_of)
    described = json.loads(dbt.manifest_path().read_text(encoding="utf-8"))
    candidate = releases.build(
        tonight.home.warehouse,
        tonight.home.root,
        as_of=tonight.as_of,
        run_id=tonight.run_id,
        code_version=code_version(),
        config_hash=config_hash(tonight.settings),
        made_of={
            "packages": packages(),
            "configuration": configuration(tonight.settings),
            "landing": landing.fingerprints(tonight.home.landing),
            "removed": landing.removed_rows(tonight.home.landing),
        },
        metrics=metric_docs.published(described),
        comments=metric_docs.comments(described),
        keys=metric_docs.keys(described),
        finish=lambda unsealed: _write_page(tonight, unsealed),
        memory_gib=tonight.settings.tuning.memory_gib,
        threads=tonight.settings.tuning.threads,
        **facts,
    )
    published = releases.publish(candidate)
    releases.prune(tonight.home.root, tonight.settings.tuning.releases_kept)
    yield dg.MaterializeResult(asset_key=RELEASE, metadata=_metadata(published))
    yield dg.MaterializeResult(
        asset_key=["release", "page"],
        metadata={name: dg.MetadataValue.path(str(published.path / file)) for name, file in (("page", PAGE), ("checks", CHECKS))},
    )


def _write_page(night: Night, unsealed: Release) -> None:
    company = night.settings.company
    page = report.render(unsealed, company=company.name, currency=company.reporting_currency)
    (unsealed.path / PAGE).write_text(page, encoding="utf-8")
    (unsealed.path / CHECKS).write_text(report.render_checks(unsealed, company=company.name), encoding="utf-8")
    stored = {row["model"]: row["model_version"] for row in unsealed.manifest["models"] if row["status"] in _STORED}
    facts = {model: cards.facts(night.home.models, model, version) for model, version in stored.items()}
    for name, text in report.render_cards(unsealed, company=company.name, facts=facts, made_of=unsealed.manifest).items():
        (unsealed.path / name).write_text(text, encoding="utf-8")


def _objections(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Blocking checks of the night in the warehouse that are not known to hold, gates that never ran, steps that were not done whole."""
    found = connection.execute(
        """SELECT suite || ' ' || expectation || ' on ' || table_name || ': ' || status FROM ops.check_results
        WHERE as_of_date = (SELECT as_of_date FROM ops.night) AND severity = 'block' AND status IN ('failed', 'errored') ORDER BY ALL"""
    ).fetchall()
    ran = connection.execute(
        "SELECT DISTINCT split_part(suite, ':', 1) FROM ops.check_results WHERE as_of_date = (SELECT as_of_date FROM ops.night)"
    ).fetchall()
    missing = sorted({"landing", "mart", "audience", "dbt"} - {gate for (gate,) in ran})
    objections = [line for (line,) in found] + [f"the {gate} gate did not run for this night" for gate in missing]
    lacking = standing.lacking(connection)
    if lacking:
        objections.append(f"{', '.join(lacking)}: not done whole for this night, or before what it builds on; run the night again")
    return objections


def _models(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    query = "SELECT DISTINCT model, status, candidate, model_version, trained_as_of, reason FROM ml.model_runs ORDER BY ALL"
    return connection.execute(query).to_arrow_table().to_pylist()


def _sources(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return connection.execute("SELECT * FROM ops.source_freshness ORDER BY ALL").to_arrow_table().to_pylist()


def _checks(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    query = (
        f"SELECT {STATE}, count(*) FROM ops.check_results WHERE as_of_date = (SELECT as_of_date FROM ops.night) GROUP BY ALL ORDER BY ALL"
    )
    return dict(connection.execute(query).fetchall())


def _metadata(published: Release) -> dict[str, Any]:
    rows = [(name, f"{described['rows']:,}") for name, described in published.manifest["tables"].items()]
    return {
        "release": published.id,
        "path": dg.MetadataValue.path(str(published.path)),
        "checks": published.manifest["checks"],
        "tables": dg.MetadataValue.md(markdown(("table", "rows"), rows)),
    }
