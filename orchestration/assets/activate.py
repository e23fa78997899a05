"""Activation as an asset: every audience of every destination, brought up to date from the release that is served.

Comes in: the published release and what each destination acknowledged. Goes out: what changed, or with `live: false` what
would be sent. A sync that fails leaves the release where it is and the run red.
"""

import json
from typing import Any

import dagster as dg

from orchestration import activation, destinations, releases
from orchestration.activation import ActivationError, StateError, SyncReport
from orchestration.assets.metadata import OWNERS, markdown
from orchestration.destinations import DestinationError
from orchestration.home import write_private
from orchestration.night import Night
from orchestration.resources import NIGHTS, ONE_NIGHT_A_RUN, NightResource
from orchestration.settings import Destination as DestinationSettings

_NOT_OPTIONS = ("type", "audiences", "live", "secret", "path")


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
    """Synchronise; raise in one line when something that had to arrive has not."""
    tonight = night.of(context)
    release = releases.current(tonight.home.root)
    reports = [report for settings in tonight.settings.destinations for report in _synchronised(tonight, settings, release)]
    told = [_told(report) for report in reports]
    write_private(tonight.home.state / "last_sync.json", json.dumps(told, indent=1))
    broken = [f"{report.destination}/{report.audience}: {report.refused or dict(report.outcomes)}" for report in reports if not report.ok]
    if broken:
        raise dg.Failure("; ".join(broken), allow_retries=False)
    return dg.MaterializeResult(metadata={"plan": dg.MetadataValue.md(_table(told)), "release": release.id})


def _synchronised(night: Night, settings: DestinationSettings, release: releases.Release) -> list[SyncReport]:
    try:
        destination = destinations.make(settings.type, **_options(night, settings))
        return [
            activation.synchronise(
                release,
                destination,
                audience,
                state_folder=night.home.state,
                max_change_share=night.settings.tuning.max_audience_change_share,
                live=settings.live,
            )
            for audience in settings.audiences
        ]
    except (ActivationError, DestinationError, StateError) as error:
        raise dg.Failure(f"{settings.name}: {error}", allow_retries=False) from error


def _options(night: Night, settings: DestinationSettings) -> dict[str, Any]:
    options = settings.model_dump(exclude=set(_NOT_OPTIONS))
    if hasattr(settings, "path"):
        options["path"] = night.settings.resolve(settings.path)
    if hasattr(settings, "secret"):
        options["secret"] = night.settings.secret(settings.secret)
    return options


def _told(report: SyncReport) -> dict[str, Any]:
    """A report without the sample: what may be kept and shown."""
    return {
        "destination": report.destination,
        "audience": report.audience,
        "live": report.live,
        "decisions": report.decisions,
        "suppressed": report.suppressed,
        "calls": report.calls,
        "outcomes": dict(report.outcomes),
        "refused": report.refused,
    }


def _table(told: list[dict[str, Any]]) -> str:
    shown = ("destination", "audience", "live", "decisions", "calls", "outcomes", "refused")
    return markdown(shown, [tuple(str(one[name]) for name in shown) for one in told])
