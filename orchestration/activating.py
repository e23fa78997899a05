"""Syncs as the configuration wants them, for the night and for the command line alike.

Comes in: settings, home, the served release. Goes out: a report per destination and audience; a destination that cannot be used is a report
too, so that it stops no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestration import activation, destinations, releases
from orchestration.activation import ActivationError, StateError, SyncReport
from orchestration.configuration.destinations import EveryDestination
from orchestration.configuration.parts import REFERENCE
from orchestration.destinations import Destination, DestinationError
from orchestration.home import Home, write_private
from orchestration.release_doubts import doubts
from orchestration.releases import Release, ReleaseError
from orchestration.settings import ConfigurationError, Settings, chosen_config, load

_LAST = "last_sync.json"
_SQLITE = "sqlite:///"
_KEPT = (
    "destination", "audience", "release_id", "live", "decisions", "suppressed", "calls", "outcomes", "codes", "forecast_seconds",
    "refused", "complete_at",
)  # fmt: skip
_NOT_OPTIONS = frozenset({"type", "audiences", "live", "fields", "reconcile_every_days", "recreate"})


@dataclass(frozen=True)
class Wish:
    """What a person asks of a sync by hand; a night asks nothing special."""

    live: bool | None = None  # None: as the configuration says
    limit: int | None = None
    only: str | None = None
    retry_dead: bool = False
    overrides: tuple[str, ...] = ()


def configured() -> tuple[EveryDestination, ...]:
    """The destinations of the configuration that a command would use; none where there is no usable one: whoever works with it is told."""
    try:
        return load(chosen_config(None)).destinations
    except ConfigurationError:
        return ()


def made(loaded: Settings, part: EveryDestination) -> Destination:
    """The destination that `part` of the configuration describes; its secrets are read now. Raises DestinationError."""
    options = {name: _resolved(loaded, name, value) for name, value in part.model_dump(exclude=set(_NOT_OPTIONS), by_alias=True).items()}
    destination = destinations.make(part.type, **options)
    destination.names = part.fields
    return destination


def reports(
    loaded: Settings, home: Home, part: EveryDestination, release: Release, wish: Wish, progress: activation.Progress = lambda *_: None
) -> Iterator[SyncReport]:
    """One report an audience of `part`."""
    live = part.live if wish.live is None else wish.live
    with release.pinned():
        try:
            destination, later = made(loaded, part), _later(home, release)
        except (DestinationError, ReleaseError) as error:
            yield from (_unusable(part, audience, release, live, str(error)) for audience in part.audiences)
            return
        try:
            yield from _of_all(_Syncs(loaded, home, part, destination, release, later, live, wish, progress))
        finally:
            destination.close()


@dataclass(frozen=True)
class _Syncs:
    """All that the syncs of one destination have in common."""

    loaded: Settings
    home: Home
    part: EveryDestination
    destination: Destination
    release: Release
    later: Release | None
    live: bool
    wish: Wish
    progress: activation.Progress


def _of_all(syncs: _Syncs) -> Iterator[SyncReport]:
    """The audiences that are configured; then those that are no more, of which only what was done or did not work is told."""
    part, wish = syncs.part, syncs.wish
    if unknown := unknown_fields(part, syncs.destination, syncs.release):
        yield from (_unusable(part, audience, syncs.release, syncs.live, unknown) for audience in part.audiences)
        return
    for audience in part.audiences:
        yield _report(syncs, audience)
    if syncs.live and wish.limit is None and wish.only is None:
        for audience in _retired(syncs.loaded, syncs.home, part, syncs.release):
            report = _report(syncs, audience, retired=True)
            if not report.ok or report.decisions.get("clear"):
                yield report


def _later(home: Home, release: Release) -> Release | None:
    """The release that knows of consent what `release`, an older one that is served, does not. Raises ReleaseError when it is damaged."""
    newest = releases.newest_known(home.root)
    return newest if newest and (newest.as_of, newest.id) > (release.as_of, release.id) else None


def unknown_fields(part: EveryDestination, destination: Destination, release: Release) -> str:
    """Why `fields` of the configuration cannot be followed: one of them is in no audience of the destination; empty when all are."""
    if not part.fields:
        return ""
    known = {field for audience in part.audiences for field in activation.kinds_of(release, audience, destination, chosen=False)}
    if not (missing := sorted(set(part.fields) - known)) or not known:
        return ""
    return f"fields of destination {part.name} names {missing[0]}, which none of its audiences has; they have {', '.join(sorted(known))}"


def _retired(loaded: Settings, home: Home, part: EveryDestination, release: Release) -> list[str]:
    """Audiences that were sent and are configured no more: whoever is erased or withdraws is cleared of their fields all the same.

    Only the audience's table says which fields those are: where its model is gone as well, a person has to clear them.
    """
    named = {audience for one in loaded.destinations if one.name == part.name for audience in one.audiences}
    return [one for one in activation.audiences(home.state, part.name) if one not in named and f"sync_{part.type}__{one}" in release.tables]


def _report(syncs: _Syncs, audience: str, *, retired: bool = False) -> SyncReport:
    loaded, home, part, release, wish = syncs.loaded, syncs.home, syncs.part, syncs.release, syncs.wish
    try:
        return activation.synchronise(
            release,
            syncs.destination,
            audience,
            state_folder=home.state,
            max_change_share=loaded.tuning.max_audience_change_share,
            max_growth=loaded.tuning.max_audience_growth,
            mode=part.mode,
            live=syncs.live,
            recreate=part.makes_again,
            compare_days=part.compare_days,
            overrides=wish.overrides,
            doubts=doubts(home, release, loaded.tuning.max_days_behind, {one.name for one in loaded.sources})
            | _renamed(loaded, home, syncs.destination),
            retry_dead=wish.retry_dead,
            limit=wish.limit,
            only=wish.only,
            retired=retired,
            later=syncs.later,
            progress=syncs.progress,
        )
    except (ActivationError, DestinationError, StateError) as error:
        return _unusable(part, audience, release, syncs.live, str(error))


def _renamed(loaded: Settings, home: Home, destination: Destination) -> dict[str, str]:
    reason = activation.former_name(home.state, destination, {part.name for part in loaded.destinations})
    return {activation.RENAMED: reason} if reason else {}


def _unusable(part: EveryDestination, audience: str, release: Release, live: bool, reason: str) -> SyncReport:
    return SyncReport(part.name, audience, release.id, release.created_at.isoformat(timespec="seconds"), live, refused=reason)


def remember(loaded: Settings, home: Home, told: list[SyncReport]) -> None:
    """Keep what syncs did where `status` finds it, in place of what they did before; of what is configured no more, nothing."""
    path = home.state / _LAST
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    new = [kept(report) for report in told]
    named = {(one["destination"], one["audience"]) for one in new}
    wanted = {(part.name, audience) for part in loaded.destinations for audience in part.audiences}
    old = [one for one in before if (one["destination"], one["audience"]) in wanted - named]
    write_private(path, json.dumps([*old, *new], indent=1))


def kept(report: SyncReport) -> dict[str, Any]:
    """A report without the sample: what may be kept and shown."""
    return {name: dict(value) if isinstance(value := getattr(report, name), dict) else value for name in _KEPT}


def _resolved(loaded: Settings, name: str, value: Any) -> Any:
    if isinstance(value, str) and REFERENCE.match(value):
        return loaded.secret(value)
    if name == "url" and isinstance(value, str) and value.startswith(_SQLITE):
        return _SQLITE + loaded.resolve(value.removeprefix(_SQLITE))
    return loaded.resolve(value) if name == "path" else value
