"""Lifting a tombstone: somebody who was erased by mistake of an id, or who has agreed anew, lands again from the next run on.

Comes in: the home, and names of whom: ids of any source, e-mail addresses, phone numbers, or receipts. Goes out: tombstones without them,
receipts and `state/erasures/lifts.jsonl` that say who lifted them and when. What was erased does not come back from anywhere but the
sources: the parts of them that held such rows are read whole on the next run. Raises NobodyErasedError.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration import landing
from orchestration.contract import CONTACT_KINDS
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.privacy import receipts
from orchestration.privacy.identifiers import dialled, spelled
from orchestration.privacy.journal import write_durably


class NobodyErasedError(Exception):
    """No tombstone is of this name, or those of several people are; the message is one line."""


@dataclass(frozen=True)
class Lift:
    """What is to be lifted, or was: hashes of ids and contacts, the receipts they are from, and the parts that will be read anew.

    shared  those among `hashes` that are of somebody as well who stays erased
    """

    hashes: frozenset[str]
    receipts: tuple[Path, ...]
    shared: frozenset[str] = frozenset()
    parts: tuple[tuple[str, str, str], ...] = ()


def asked(home: Home, names: Iterable[str]) -> Lift:
    """What lifting `names` would lift: everything of whom they name; of a retention, which tells nobody apart, what is named alone.

    A contact that they share with somebody who stays erased is lifted too: it is theirs, and they could not land with it else.
    """
    buried, found, told = Tombstones(home.erasures).hashes, frozenset[str](), dict[Path, None]()
    for name in names:
        path = home.erasures / f"{name.removesuffix('.json')}.json"
        whole = frozenset(receipts.read(path)["subject"]) if path in receipts.listed(home) else frozenset()
        hashes = whole or hashes_of(home, name)
        mine = dict.fromkeys(receipts.of(home, set(hashes)))
        hashes = hashes.union(*(_theirs(name, receipt, hashes, is_whole=bool(whole)) for receipt in mine))
        if not hashes & buried:
            raise NobodyErasedError(f"{name}: nobody who was erased has this id, address or receipt")
        found, told = found | (hashes & buried), told | mine
    return Lift(found, tuple(told), _of_others(home, found, buried))


def _theirs(name: str, receipt: Path, hashes: frozenset[str], *, is_whole: bool) -> frozenset[str]:
    """All hashes of whom a receipt knows by one of `hashes`. Raises NobodyErasedError where that is several, unless all are meant."""
    people = [(own, shared) for own, shared in receipts.people(receipt) if own & hashes]
    if len(people) > 1 and not is_whole:
        raise NobodyErasedError(f"{name}: {len(people)} people who were erased together have this; name one by an id of theirs")
    return frozenset().union(*(own | shared for own, shared in people))


def _of_others(home: Home, lifted: frozenset[str], buried: frozenset[str]) -> frozenset[str]:
    """What is lifted of somebody of whom something else stays buried."""
    people = [own & buried for path in receipts.listed(home) for own, _ in receipts.people(path)]
    return frozenset().union(*(own & lifted for own in people if own - lifted))


def lift(home: Home, wanted: Lift) -> Lift:
    """Lift it. Stopped anywhere and run again it ends the same: the tombstones go last."""
    parts = tuple(landing.read_anew(home.landing, contacts=Tombstones.are_contacts(wanted.hashes)))
    note = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": getpass.getuser()}
    for path in wanted.receipts:
        told = receipts.read(path)
        write_durably(path, json.dumps({**told, "lifted": [*told.get("lifted", ()), note]}, indent=1))
    line = {**note, "tombstones": sorted(wanted.hashes), "receipts": [path.stem for path in wanted.receipts], "until": _until(wanted)}
    write_durably(_log(home), "".join(f"{json.dumps(one)}\n" for one in [*lifts(home), line]))
    Tombstones(home.erasures).remove(wanted.hashes)
    return replace(wanted, parts=parts)


def lifts(home: Home) -> list[dict[str, Any]]:
    """Every lift so far, oldest first: when and by whom, the tombstones, the receipts, and the day up to which their past is published."""
    log = _log(home)
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [{"until": None, **json.loads(line)} for line in lines]


def _log(home: Home) -> Path:
    return home.erasures / "lifts.jsonl"


def _until(wanted: Lift) -> str | None:
    """The as-of date of what was published when they were erased; None where nothing was, and nothing was counted."""
    return max((told["as_of"] for path in wanted.receipts if (told := receipts.read(path)).get("as_of")), default=None)


def hashes_of(home: Home, name: str) -> frozenset[str]:
    """The hashes under which tombstones and receipts would know an id of any source, an e-mail address or a phone number."""
    tombstones = Tombstones(home.erasures)
    pairs = [(kind, source, name) for kind in ("crm", "billing") for source in (*landing.sources(home.landing), landing.ANY_SOURCE)]
    pairs += [("email", "", spelled(name))] if "@" in name else []
    pairs += [("phone", "", number)] if (number := dialled(name, None)) else []
    pairs += [(CONTACT_KINDS[kind], source, value) for kind, source, value in pairs if kind in CONTACT_KINDS]
    return frozenset(tombstones.hashed(*pair) for pair in pairs)
