"""The steps of an erasure, in their order; each can be repeated.

Comes in: the settings, the home (held by the caller), a journal. Goes out: tombstones, and files without the person.
Tombstones come first, so that whatever happens next nothing lands again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from orchestration import activation, destinations, landing, releases, serving_targets
from orchestration.configuration.destinations import FilesDestination
from orchestration.destinations import DESTINATIONS, Destination
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.privacy import leftovers, remainder
from orchestration.privacy.journal import Journal
from orchestration.privacy.known import Known
from orchestration.settings import Settings
from orchestration.warehouse import renewal


def _bury(_: Settings, home: Home, begun: Journal) -> None:
    tombstones = Tombstones(home.erasures)
    tombstones.add(tombstones.hashed(*pair) for pair in begun.subject.tombstones)


def _plan(_: Settings, home: Home, begun: Journal) -> None:
    if "planned" not in begun.facts:
        tombstones = Tombstones(home.erasures)
        known = tombstones.hashes
        begun.holdings = landing.plan(home.landing, tombstones, Known.of(home).others(begun.subject.records))
        begun.facts["subject"] = sorted({*begun.facts["subject"], *(tombstones.hashes - known)})
        begun.facts["planned"] = True
        begun.save()


def _sum(_: Settings, home: Home, begun: Journal) -> None:
    remainder.add(home.erasures, begun)


def _landing(_: Settings, home: Home, begun: Journal) -> None:
    landing.forget(home.landing, Tombstones(home.erasures), begun.subject.needles, begun.holdings, _noting(home, begun))


def _warehouse(_: Settings, home: Home, begun: Journal) -> None:
    renewal.renew(home.warehouse, begun.subject.needles, _noting(home, begun))


def _releases(_: Settings, home: Home, begun: Journal) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    releases.forget(home.root, begun.subject.person, begun.subject.needles, begun.id, at, _noting(home, begun))


def _activation(settings: Settings, home: Home, begun: Journal) -> None:
    person = begun.subject.person
    activation.forget(home.state, person.keys, person.external_ids, _noting(home, begun))
    for one in settings.destinations:
        # What keeps nothing on this machine needs no secret to be asked.
        if DESTINATIONS[one.type].forget is not Destination.forget and isinstance(one, FilesDestination):
            place = destinations.make(one.type, name=one.name, path=settings.resolve(one.path), format=one.format, mode=one.mode)
            taken = place.forget(person.external_ids)
            kept = begun.facts.setdefault("taken_back", {})
            kept[one.name] = max(taken, kept.get(one.name, 0))


def _serving(settings: Settings, home: Home, begun: Journal) -> None:
    """The rewritten release goes on to where releases are served; a place that is out of reach loses the person with its next release."""
    if settings.serving and releases.current_id(home.root) is not None:
        accounts, failures = serving_targets.serve_all(settings, releases.current(home.root))
        begun.facts["serving"] = {**{name: account.told for name, account in accounts.items()}, "failed": failures}


def _leftovers(_: Settings, home: Home, begun: Journal) -> None:
    dropped = leftovers.clear(home, begun.subject.needles, _noting(home, begun))
    begun.facts["dropped"] = sorted({*begun.facts.get("dropped", ()), *dropped})


def _noting(home: Home, begun: Journal) -> Callable[[Path, int, int], None]:
    return lambda path, rows, mentions: begun.note(home.root, path, rows, mentions)


ORDER: dict[str, Callable[[Settings, Home, Journal], None]] = {
    "tombstones": _bury,
    "plan": _plan,
    "remainder": _sum,
    "landing": _landing,
    "warehouse": _warehouse,
    "releases": _releases,
    "activation": _activation,
    "serving": _serving,
    "leftovers": _leftovers,
}
