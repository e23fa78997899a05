"""`sync` and `check-destination`: one destination from the command line, and what a person sees of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from orchestration import activating, activation, releases
from orchestration.activating import Wish
from orchestration.activation import Comparison, SyncReport
from orchestration.commands.arguments import FAILED, complain
from orchestration.configuration.destinations import EveryDestination
from orchestration.destinations import Destination, DestinationError, RefusedError
from orchestration.home import Home
from orchestration.plain_words import counted
from orchestration.preflight import check_audiences
from orchestration.settings import ConfigurationError, Settings

_SECONDS_BETWEEN = 5.0


def sync(loaded: Settings, name: str, wish: Wish) -> int:
    """Bring one destination up to date from the served release; returns the exit code."""
    part, home = _named(loaded, name), Home(loaded.home)
    unknown = sorted(set(wish.overrides) - set(activation.BREAKERS))
    if unknown:
        raise ConfigurationError(f"--override {unknown[0]}: there is no such breaker; known are: {', '.join(activation.BREAKERS)}")
    with home.exclusive(f"a sync of {name}"):
        home.refuse_interrupted_erasure()
        try:
            release = releases.current(home.root)
        except releases.ReleaseError as error:
            return complain(str(error), FAILED)
        told = list(activating.reports(loaded, home, part, release, wish, _progress()))
        if any(report.live for report in told):
            activating.remember(loaded, home, told)
    for report in told:
        _show(report)
    return 0 if all(report.ok for report in told) else 1


def check(loaded: Settings, name: str, fields_to: Path | None = None) -> int:
    """Ask the destination whether it lets us in and has what we need, changing nothing there; returns the exit code.

    With `fields_to`, instead write there what an administrator deploys to make the fields, asking nobody.
    """
    part = _named(loaded, name)
    check_audiences(part, f"{loaded.config_path}: destination {name}")
    try:
        destination = activating.made(loaded, part)
        try:
            if fields_to is not None:
                return _write_fields(loaded, part, destination, fields_to)
            destination.preflight()
            kinds = _checked_fields(loaded, part, destination)
            unread = _unread(part, destination)
        finally:
            destination.close()
    except DestinationError as error:
        return complain(str(error), FAILED)
    live = "live" if part.live else "in dry run until its configuration says `live: true`"
    said = "lets us in" if destination.asks else "was not asked, since it has no call that sends nothing; its address and secret are usable"
    print(f"{name}: {part.type} at {destination.address} {said}; {live}.")
    for audience, fields in zip(part.audiences, kinds, strict=False):
        told = ", ".join(f"{field} as {destination.name_of(field)}" for field in sorted(fields))
        print(f"  {audience}: {told or 'the served release does not have it yet; the next night makes it'}")
    if unread:
        print(f"  What somebody changes there will not be found: {unread}, or set reconcile_every_days: 0.")
    return 0


def _unread(part: EveryDestination, destination: Destination) -> str:
    """Why it may not be asked what it holds, where it is to be; audiences arrive all the same."""
    try:
        if part.compare_days:
            destination.check_reading()
    except RefusedError as error:
        return str(error)
    return ""


def _checked_fields(loaded: Settings, part: EveryDestination, destination: Destination) -> list[dict[str, str]]:
    """The fields of each audience.

    Before the first night nobody knows them; from then on what is missing there is found before a night finds it.
    """
    found = _kinds(loaded, part, destination)
    for kinds in found:
        destination.check_fields(kinds)
    return found


def _write_fields(loaded: Settings, part: EveryDestination, destination: Destination, folder: Path) -> int:
    kinds = {name: kind for one in _kinds(loaded, part, destination) for name, kind in one.items()}
    files = destination.deployment(kinds)
    if not kinds or not files:
        reason = "its fields are made by the first sync" if kinds else "there is no release yet that says which fields it needs"
        return complain(f"{part.name}: there is nothing for an administrator to make: {reason}", FAILED)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    print(f"{folder}: what {part.name} needs; an administrator deploys it (sf project deploy start --metadata-dir {folder})")
    print("and assigns its permission set to our user.")
    return 0


def _kinds(loaded: Settings, part: EveryDestination, destination: Destination) -> list[dict[str, str]]:
    """The fields of each audience in the served release; none before the first."""
    try:
        release = releases.current(Home(loaded.home).root)
    except releases.ReleaseError:
        return []
    if unknown := activating.unknown_fields(part, destination, release):
        raise ConfigurationError(unknown)
    return [activation.kinds_of(release, audience, destination) for audience in part.audiences]


def _named(loaded: Settings, name: str) -> EveryDestination:
    for part in loaded.destinations:
        if part.name == name:
            return part
    known = ", ".join(part.name for part in loaded.destinations) or "none"
    raise ConfigurationError(f"{loaded.config_path}: there is no destination {name!r}; configured: {known}")


def _progress() -> Callable[[int, int], None]:
    """Prints how far a long sync is, every few seconds."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN:
            last = time.monotonic()
            print(f"  {done:,} of {total:,}", file=sys.stderr, flush=True)

    return tell


def _show(report: SyncReport) -> None:
    planned, calls = _told(report.decisions) or "nobody", counted(report.calls, "call")
    print(f"{report.destination}/{report.audience}, release {report.release_id}: {planned}")
    if report.suppressed:
        print(f"  not sent: {_told(report.suppressed)}")
    if report.names:
        print(f"  fields: {', '.join(f'{field} as {name}' for field, name in report.names.items())}; no others")
    if report.no_more:
        print(f"  cleared with whoever is sent, since nothing is written there any more: {', '.join(report.no_more)}")
    if report.live:
        print(f"  sent in {calls}: {_told(report.outcomes) or ('nothing' if report.refused else 'nothing to send')}")
    else:
        print(f"  dry run, nothing was sent: {calls}, {_minutes(report.forecast_seconds)} at the destination's limits")
        for record in report.sample:
            print(f"  {record['operation']} {record['external_id']}: {record['fields']}")
    _show_comparison(report.comparison, report.live)
    for code, count in report.codes.most_common(5):
        print(f"  {count:,} {code}")
    if report.refused:
        complain(f"{report.destination}/{report.audience}: {report.refused}", FAILED)


def _show_comparison(found: Comparison | None, live: bool) -> None:
    if found is None:
        return
    cost = f"{counted(found.calls, 'call')}, {_minutes(found.seconds)} at its limits"
    if not live:
        print(f"  due: {found.records:,} records are compared with what it holds: {cost}")
        return
    drifted = f"{found.changed:,} hold something else, {found.missing:,} are not there any more"
    print(f"  compared with what it holds, {found.records:,} records in {counted(found.calls, 'call')}: {drifted}")
    if found.lacks:
        print(f"  not compared with all that it holds: {found.lacks}")


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def _minutes(seconds: float) -> str:
    return counted(round(seconds), "second") if seconds < 120 else counted(round(seconds / 60), "minute")
