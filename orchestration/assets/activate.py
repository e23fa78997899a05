"""Activation as assets: every audience of every destination, brought up to date from the release that is served.

Comes in: the published release and what each destination acknowledged. Goes out: what changed, or with `live: false` what would be sent;
a check of each sync. One that fails leaves the release and the other destinations alone, and the run red.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from orchestration import activating, activation, releases
from orchestration.assets.metadata import OWNERS, markdown
from orchestration.configuration.destinations import EveryDestination
from orchestration.night import Night
from orchestration.resources import NIGHTS, ONE_NIGHT_A_RUN, RELEASE, NightResource
from orchestration.unforeseen import quoting_nothing

CHECK = "arrived"
_STEP = "sync_to_"
_CHECK_SAYS = "Nothing refuses the sync, no record waits or is unknown, at most 1 % are rejected, and all had arrived within two days."


def sync_assets(part: EveryDestination) -> dg.AssetsDefinition:
    """The syncs of one destination: an asset an audience, one after another in one step, since they share its limits."""
    keys = {dg.AssetKey(["activation", part.name, audience]): audience for audience in part.audiences}

    @dg.multi_asset(
        name=f"{_STEP}{part.name}",
        specs=[_spec(key, part, audience) for key, audience in keys.items()],
        check_specs=[dg.AssetCheckSpec(CHECK, asset=key, description=_CHECK_SAYS) for key in keys],
        can_subset=True,
        partitions_def=NIGHTS,
        backfill_policy=ONE_NIGHT_A_RUN,
    )
    @quoting_nothing
    def syncs(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        tonight = night.of(context)
        wanted = {keys[key] for key in context.selected_asset_keys}
        # The configuration may have changed since Dagster loaded this graph; what it names now counts.
        named = [one for one in tonight.settings.destinations if one.name == part.name]
        reports = [report for one in named for report in _synchronised(context, tonight, one, wanted)]
        for report in reports:
            if report.audience in wanted:  # one that is configured no more has no asset; it counts all the same
                yield from _told(report, datetime.now(UTC))
        _raise_unless_ok(reports)

    return syncs


def _spec(key: dg.AssetKey, part: EveryDestination, audience: str) -> dg.AssetSpec:
    became = "was sent" if part.live else "would be sent (dry run, until its configuration says `live: true`)"
    return dg.AssetSpec(
        key,
        deps=[RELEASE],
        skippable=True,  # where nothing was sent, nothing new is there
        group_name="activation",
        description=f"What {part.name} ({part.type}) {became} of the audience `sync_{part.type}__{audience}` of the served release.",
        owners=OWNERS,
        kinds={"python", part.type},
    )


@dg.asset(
    name="activation",
    key_prefix="activation",
    deps=[RELEASE],
    group_name="activation",
    description="Syncs of destinations that have no asset of their own in this run: those that the configuration names since Dagster"
    " loaded it. Without any destination nothing leaves the machine.",
    owners=OWNERS,
    kinds={"python"},
    partitions_def=NIGHTS,
    backfill_policy=ONE_NIGHT_A_RUN,
)
@quoting_nothing
def activation_asset(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult:
    """Synchronise every destination that no other step of this run does; raise in one line when something has not arrived."""
    tonight, own = night.of(context), _steps(context)
    rest = [part for part in tonight.settings.destinations if f"{_STEP}{part.name}" not in own]
    reports = [report for part in rest for report in _synchronised(context, tonight, part, part.audiences)]
    activating.remember(tonight.settings, tonight.home, reports)
    _raise_unless_ok(reports)
    shown = ("destination", "audience", "live", "decisions", "calls", "outcomes")
    table = markdown(shown, [tuple(str(activating.kept(report)[name]) for name in shown) for report in reports])
    return dg.MaterializeResult(metadata={"plan": dg.MetadataValue.md(table)})


def _steps(context: dg.AssetExecutionContext) -> set[str]:
    """The steps of this run, as it was started: by the graph of then, not by the one that this process has loaded."""
    snapshot = context.run.execution_plan_snapshot_id
    return set(context.instance.get_execution_plan_snapshot(snapshot).step_keys_to_execute) if snapshot else set()


def _synchronised(
    context: dg.AssetExecutionContext, night: Night, part: EveryDestination, audiences: Iterable[str]
) -> list[activation.SyncReport]:
    def progress(done: int, total: int) -> None:
        if done == total or done % 10_000 < 100:
            context.log.info(f"{part.name}: {done:,} of {total:,}")

    chosen = part.model_copy(update={"audiences": tuple(one for one in part.audiences if one in set(audiences))})
    reports = list(activating.reports(night.settings, night.home, chosen, releases.current(night.home.root), activating.Wish(), progress))
    activating.remember(night.settings, night.home, reports)
    return reports


def _told(report: activation.SyncReport, now: datetime) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    key, verdict = dg.AssetKey(["activation", report.destination, report.audience]), activation.judged(report, now)
    numbers = activation.history(report, now)
    if activation.was_sent(report):
        sample = markdown(("operation", "fields"), activation.shown_sample(report))
        told: dict[str, Any] = {"release": report.release_id, "live": report.live, "sample": dg.MetadataValue.md(sample)}
        yield dg.MaterializeResult(asset_key=key, metadata={**told, **numbers})
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=CHECK,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.ERROR if verdict.blocks else dg.AssetCheckSeverity.WARN,
        description=verdict.reason,
        metadata={name: numbers[name] for name in ("rejected_share", "unknown", "retryable", "days_behind") if name in numbers},
    )


def _raise_unless_ok(reports: Iterable[activation.SyncReport]) -> None:
    broken = [f"{report.destination}/{report.audience}: {report.refused or _became(report)}" for report in reports if not report.ok]
    if broken:
        raise dg.Failure("\n".join(broken), allow_retries=False)


def _became(report: activation.SyncReport) -> str:
    return ", ".join(f"{count:,} {outcome}" for outcome, count in report.outcomes.items() if count)
