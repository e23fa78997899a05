"""Activation as an asset: every audience of every destination, brought up to date from the release that is served.

Comes in: the published release and what each destination acknowledged. Goes out: what changed, or with `live: false` what
would be sent. A sync that fails leaves the release where it is and the run red.
"""

from typing import Any

import dagster as dg

from orchestration import activating, releases
from orchestration.assets.metadata import OWNERS, markdown
from orchestration.night import Night
from orchestration.resources import NIGHTS, ONE_NIGHT_A_RUN, NightResource


@dg.asset(
    name="activation",
    key_prefix="activation",
    deps=[dg.AssetKey(["release", "current"])],
    group_name="activation",
    description="What each destination was sent of the served release, or would be sent: one plan per destination and audience.",
    owners=OWNERS,
    kinds={"python"},
    partitions_def=NIGHTS,
    backfill_policy=ONE_NIGHT_A_RUN,
)
def activation_asset(context: dg.AssetExecutionContext, night: NightResource) -> dg.MaterializeResult:
    """Synchronise every destination, whatever became of the one before; raise in one line when something has not arrived."""
    tonight = night.of(context)
    release = releases.current(tonight.home.root)
    reports = [report for part in tonight.settings.destinations for report in _synchronised(context, tonight, part, release)]
    activating.replace(tonight.home, reports)
    broken = [f"{report.destination}/{report.audience}: {report.refused or dict(report.outcomes)}" for report in reports if not report.ok]
    if broken:
        raise dg.Failure("; ".join(broken), allow_retries=False)
    told = [activating.kept(report) for report in reports]
    return dg.MaterializeResult(metadata={"plan": dg.MetadataValue.md(_table(told)), "release": release.id})


def _synchronised(
    context: dg.AssetExecutionContext, night: Night, part: activating.EveryDestination, release: releases.Release
) -> list[activating.SyncReport]:
    def progress(done: int, total: int) -> None:
        if done == total or done % 10_000 < 100:
            context.log.info(f"{part.name}: {done:,} of {total:,}")

    return list(activating.reports(night.settings, night.home, part, release, activating.Wish(), progress))


def _table(told: list[dict[str, Any]]) -> str:
    shown = ("destination", "audience", "live", "decisions", "calls", "outcomes", "refused")
    return markdown(shown, [tuple(str(one[name]) for name in shown) for one in told])
