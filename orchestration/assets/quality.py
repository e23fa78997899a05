"""The gates as assets and checks: a blocking check that fails stops everything after it, Python assets included.

Comes in: landing, marts, audiences. Goes out: quarantined rows, asset checks on the tables they guard, rows of `ops.check_results`.
"""

from collections.abc import Iterable, Iterator

import dagster as dg

from expectations.base import CheckResult, Gate, blocking
from orchestration import refusing
from orchestration.assets.metadata import OWNERS, markdown
from orchestration.assets.transform import mart_keys, source_specs
from orchestration.contract import INPUT_TABLES
from orchestration.gates import doubts, gatekeeping
from orchestration.gates.reasons import reason
from orchestration.night import Night
from orchestration.resources import NIGHTS, ONE_NIGHT_A_RUN, WAREHOUSE_POOL, NightResource
from orchestration.unforeseen import quoting_nothing

_LANDING_KEYS = [dg.AssetKey(["landing", name]) for name in INPUT_TABLES]
_SENTENCES = 600  # signs; what a check found, and whom to ask, is worth nothing when it is cut
QUARANTINE = dg.AssetKey(["ops", "quarantined_rows"])
HANDED_ON = [spec for spec in source_specs("ops") if spec.key != QUARANTINE]  # the steps of a night write them beside their own tables


def _specs(gate: str, keys: Iterable[dg.AssetKey]) -> list[dg.AssetCheckSpec]:
    words = "Every expectation of {} at this gate"
    return [dg.AssetCheckSpec(gate, asset=key, blocking=True, description=words.format(key.path[-1])) for key in keys]


# Who picks a few tables in the UI gets the gates of those with them: a gate then judges everything, and answers for what was asked.
@dg.multi_asset_check(name="landing_gate", specs=_specs("landing_gate", _LANDING_KEYS), pool=WAREHOUSE_POOL, can_subset=True)
@quoting_nothing
def landing_gate(context: dg.AssetCheckExecutionContext, night: NightResource) -> Iterator[dg.AssetCheckResult]:
    """Set rows that break the contract aside, then judge what was accepted, table by table."""
    tonight = night.of(context)
    with tonight.warehouse(begins=True) as connection:
        gatekeeping.examine(tonight, connection)
        results = gatekeeping.judge_landing(tonight, connection)
        unsaid = gatekeeping.unsaid_dimensions(tonight, connection)
    for doubt in (*doubts.of_landing(results), *doubts.of_dimensions(unsaid)):
        context.log.warning(doubt)
    yield from _checks(context, tonight, "landing", list(INPUT_TABLES), results)


@dg.asset(
    key=QUARANTINE,
    deps=_LANDING_KEYS,
    group_name="quality",
    description="Landed rows that break the input contract, each with its rule and reason; they come back when they are mended.",
    owners=OWNERS,
    kinds={"duckdb"},
    partitions_def=NIGHTS,
    pool=WAREHOUSE_POOL,
    backfill_policy=ONE_NIGHT_A_RUN,
)
@quoting_nothing
def quarantine(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult:
    """Say what the landing gate set aside."""
    tonight = night.of(context)
    with tonight.warehouse() as connection:
        counts = gatekeeping.set_aside(connection)
    rows = [
        (one.source, one.table_name, f"{one.landed:,}", f"{one.quarantined:,}", f"{one.share:.2%}", str(one.by_rule or ""))
        for one in counts
    ]
    table = markdown(("source", "table", "landed", "quarantined", "own share", "by rule"), rows)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": sum(one.quarantined for one in counts), "by_table": dg.MetadataValue.md(table)}
    )


def _marts(phase: str) -> list[str]:
    built = {key.path[-1] for key in mart_keys(select=phase)}
    return [name for name in gatekeeping.guarded_marts() if name in built]


def _audiences() -> list[str]:
    return sorted(key.path[-1] for key in mart_keys() if key.path[-1].startswith("sync_") and "__" in key.path[-1])


_BEFORE = _marts("before_models")
_AFTER = _marts("after_models") + _audiences()

GUARDED_BEFORE_MODELS = [dg.AssetKey(["marts", name]) for name in _BEFORE]
GUARDED_AFTER_MODELS = [dg.AssetKey(["marts", name]) for name in _AFTER]


@dg.multi_asset_check(name="mart_gate", specs=_specs("mart_gate", GUARDED_BEFORE_MODELS), pool=WAREHOUSE_POOL, can_subset=True)
@quoting_nothing
def mart_gate(context: dg.AssetCheckExecutionContext, night: NightResource) -> Iterator[dg.AssetCheckResult]:
    """Judge the marts that the models and the readers will use."""
    yield from _judged(context, night.of(context), "mart", _BEFORE)


@dg.multi_asset_check(name="audience_gate", specs=_specs("audience_gate", GUARDED_AFTER_MODELS), pool=WAREHOUSE_POOL, can_subset=True)
@quoting_nothing
def audience_gate(context: dg.AssetCheckExecutionContext, night: NightResource) -> Iterator[dg.AssetCheckResult]:
    """Judge scores and audiences: the last look before anything can be seen."""
    yield from _judged(context, night.of(context), "audience", _AFTER)


def _judged(context: dg.AssetCheckExecutionContext, tonight: Night, gate: Gate, tables: list[str]) -> Iterator[dg.AssetCheckResult]:
    with tonight.warehouse() as connection:
        results = gatekeeping.judge(tonight, connection, gate, tables)
    for doubt in doubts.of_marts(results):
        context.log.warning(doubt)
    yield from _checks(context, tonight, "marts", tables, results)


def _checks(
    context: dg.AssetCheckExecutionContext, tonight: Night, schema: str, tables: list[str], results: list[CheckResult]
) -> Iterator[dg.AssetCheckResult]:
    """One asset check for each table that was asked about; a refusal is written down before Dagster stops the run."""
    check = context.op_execution_context.op.name
    stopped = [reason(result) for result in blocking(results)]
    for line in stopped:  # Dagster's own message says only that a check has failed
        context.log.error(line)
    if stopped:
        refusing.record(tonight, check.replace("_", " "), stopped)  # the check that fails says so to Dagster, table by table
    for key in (dg.AssetKey([schema, table]) for table in tables):
        if dg.AssetCheckKey(key, check) in context.selected_asset_check_keys:
            yield _check(check, key, [result for result in results if result.table_name == key.path[-1]])


def _check(check: str, key: dg.AssetKey, results: list[CheckResult]) -> dg.AssetCheckResult:
    blocked = blocking(results)
    wrong = [result for result in results if result.status in ("failed", "errored")]
    ran = any(result.status != "not_run" for result in results)
    rows = [
        (one.expectation, one.status, one.severity, one.observed, ", ".join(one.examples), one.description)
        for one in sorted(results, key=lambda one: one.status in ("passed", "not_run"))
    ]
    headings = ("expectation", "status", "severity", "observed", "such as", "protects")
    said = "; ".join(map(reason, (blocked or wrong)[:3])) or (
        "every expectation held" if ran else "did not run: there was nothing to look at"
    )
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check,
        passed=ran and not wrong,
        severity=dg.AssetCheckSeverity.ERROR if blocked else dg.AssetCheckSeverity.WARN,
        description=said,
        metadata={
            "expectations_held": sum(result.status == "passed" for result in results),
            "expectations_broken": len(wrong),
            "expectations": dg.MetadataValue.md(markdown(headings, rows, longest=_SENTENCES)),
        },
    )
