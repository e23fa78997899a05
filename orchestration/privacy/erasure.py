"""The erasure of one person, step by step. Every step can be repeated: stopped anywhere and run again, it ends the same.

Comes in: the settings, the home (held by the caller), a subject. Goes out: a receipt, once nothing of the person is left.
Tombstones come first, so that whatever happens next nothing lands again; the journal, which names the person, goes last.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestration import activation, landing, releases
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.plain_words import counted
from orchestration.privacy import journal, receipts, remainder, verification
from orchestration.privacy.identifiers import KINDS
from orchestration.privacy.journal import Journal
from orchestration.privacy.steps import ORDER
from orchestration.privacy.subject import Subject, Together
from orchestration.settings import Settings

STEPS = (*ORDER, "verify", "receipt", "end")


class NamedExportError(Exception):
    """An export that a source still has is named after the person; the message is one line that says which and what to do."""


class StillThereError(Exception):
    """After everything, a file still holds the person; the message is one line that names it."""


def begin(home: Home, found: Together, *, bury_contacts: bool = True) -> Journal:
    """Plan the erasure and write it down; from here on it is carried through.

    found          one person, or many at once, whose erasure may be lifted for one of them
    bury_contacts  whether their e-mail addresses and phone numbers are kept from landing for good, and not their ids alone
    Raises NamedExportError, before anything is written: the name would land again with every night.
    """
    subject = found.whole
    _refuse_named_exports(home, subject)
    begun = journal.begin(home.erasures, subject)
    tombstones = Tombstones(home.erasures)
    tombstones.begin()
    if releases.current_id(home.root) is not None:
        served = releases.current(home.root)
        begun.remainder, begun.facts["as_of"] = remainder.of(served, subject), served.as_of.isoformat()
    if not bury_contacts:
        contacts = {tombstones.hashed(*pair) for pair in subject.tombstones if pair[0] not in (*KINDS.values(), "contact")}
        begun.facts["dug_up"] = sorted(contacts - tombstones.hashes)
    begun.facts["subject"] = sorted(tombstones.hashed(*pair) for pair in subject.tombstones)
    if len(found.each) > 1:
        begun.facts["people"] = [sorted({tombstones.hashed(*pair) for pair in one.tombstones}) for one in found.each]
    begun.facts["shared"] = [sorted({tombstones.hashed(*pair) for pair in one.shared_contacts}) for one in found.each]
    begun.save()
    return begun


def _refuse_named_exports(home: Home, subject: Subject) -> None:
    named = [f"{part} of {source}" for source, part in landing.held_parts(home.landing, subject.needles)]
    if named:
        raise NamedExportError(
            f"nothing is erased yet: exports are named after whom to erase ({', '.join(named[:3])}{' …' if len(named) > 3 else ''}), and"
            " landing keeps the names of exports; rename them at the source, or remove them, let a night land that, and erase then"
        )


def carry_out(settings: Settings, home: Home, begun: Journal, at: Callable[[str], None] = lambda _: None) -> Path:
    """Do every step of `begun`; returns the receipt. Raises StillThereError, and keeps the journal, when the person is still found.

    at  told of each step before it begins
    """
    for name, step in ORDER.items():
        at(name)
        step(settings, home, begun)
    at("verify")
    waiting = tuple(sorted(activation.orders(home.state)))
    searched = verification.search(home, begun.subject.needles, waiting)
    found = [*searched.hits]
    found += [f"{path}: {counted(rows, 'row')}" for path, rows in landing.remaining(home.landing, _own(home, begun)).items()]
    if found:
        raise StillThereError(
            f"this person is still in {counted(len(found), 'file')}: {'; '.join(found[:5])}; a file of your own that is named after"
            " them is yours to rename or remove; then run erase again, or report this as a bug"
        )
    _dig_up(home, begun)
    at("receipt")
    receipt = receipts.write(home, begun, {**_told(settings, home, begun), **_verified(searched)})
    at("end")
    begun.path.unlink()
    return receipt


def _dig_up(home: Home, begun: Journal) -> None:
    """Let contacts land again that were buried to find everything of a person who did not ask to be forgotten."""
    contacts = begun.facts.get("dug_up", ())
    if contacts:
        Tombstones(home.erasures).remove(contacts)
        begun.facts["subject"] = sorted(set(begun.facts["subject"]) - set(contacts))


def _own(home: Home, begun: Journal) -> Tombstones:
    """The tombstones of this person alone."""
    tombstones = Tombstones(home.erasures)
    tombstones.hashes = frozenset(begun.facts["subject"])
    return tombstones


def _told(settings: Settings, home: Home, begun: Journal) -> dict[str, Any]:
    waiting = activation.orders(home.state)
    live = {one.name: one.live for one in settings.destinations}
    orders = {name: _order(len(waiting.get(name, ())), live.get(name)) for name in {**live, **waiting}}
    return {
        "destinations": orders,
        "lines_taken_back": begun.facts.get("taken_back", {}),
        "serving": begun.facts.get("serving", {}),
        "dropped": begun.facts.get("dropped", []),
        "still_at_the_source": [
            {"source": held.source, "table": held.table, "file": held.part, "rows": held.erased}
            for held in begun.holdings
            if held.erased > 0
        ],
        "contacts_shared_with_others": len(begun.subject.shared_contacts),
    }


def _verified(searched: verification.Searched) -> dict[str, Any]:
    told = f"{searched.files:,} files below the home, {searched.bytes:,} bytes, were searched for the person's identifiers; none holds one"
    return {"verified": told, "freed_and_not_overwritten": list(searched.deleted)}


def _order(waiting: int, live: bool | None) -> str:
    """`live`: None where the destination is configured no more."""
    if not waiting:
        return "nothing was sent of this person, or it has been cleared"
    orders = f"{counted(waiting, 'clearing record')} to be sent"
    if live is None:
        return f"{orders}: this destination is configured no more; configure it again, or clear them there by hand"
    return f"{orders} with the next sync" if live else f"{orders}: this destination is in dry run"
