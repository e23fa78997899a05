"""`erase` and `export`: a person's rights from the command line, asked before anything is lost and told in a few lines."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from orchestration import landing, last_run
from orchestration.commands.arguments import FAILED, MISCONFIGURED, complain
from orchestration.commands.asking import agrees, named, require, require_somebody
from orchestration.home import Home
from orchestration.landing import Tombstones
from orchestration.plain_words import counted
from orchestration.privacy import contact, erasure, exporting, journal, lifting, receipts, retention, verification, whom
from orchestration.privacy.lifting import NobodyErasedError
from orchestration.privacy.retention import MOST_AT_ONCE
from orchestration.privacy.subject import Subject, Together, UnknownPersonError
from orchestration.redaction import Needles
from orchestration.releases import ReleaseError
from orchestration.settings import ConfigurationError, Settings


class Finder(Protocol):
    """What tells whom names mean: `whom` of customers, `contact` of contacts of companies."""

    def find(self, home: Home, wanted: str) -> Subject:
        """One of them, complete."""
        ...

    def people(self, home: Home, names: Iterable[str]) -> list[Subject]:
        """All of them, each once."""
        ...

    def together(self, home: Home, found: Sequence[Subject]) -> Together:
        """People who were found, complete."""
        ...


def told(command: Callable[[], int]) -> int:
    """The exit code of `command`; what it refuses is one line."""
    try:
        return command()
    except (UnknownPersonError, NobodyErasedError) as error:
        return complain(str(error), MISCONFIGURED)
    except (erasure.NamedExportError, erasure.StillThereError, landing.LandingError, ReleaseError) as error:
        return complain(str(error), FAILED)


def finder(loaded: Settings, command: str, *, contacts: bool) -> Finder:
    """What finds whom a name means. Raises ConfigurationError where the option does not fit what customers are here."""
    is_company = loaded.company.customer_level == "company"
    if is_company and not contacts:
        raise ConfigurationError(
            f"{command}: the customers here are companies (customer_level: company), each with all of its contacts and invoices;"
            " name the person with --contact"
        )
    if contacts and not is_company:
        raise ConfigurationError(f"{command}: the customers here are people (customer_level: contact); name the person with --customer")
    return contact if contacts else whom


def erase(loaded: Settings, wanted: list[str], file: Path | None, agreed: bool, contacts: bool = False) -> int:
    """Erase everybody named, after what was interrupted before; returns the exit code."""
    names = named(wanted, file)
    home = Home.of(loaded)
    who = finder(loaded, "erase", contacts=contacts) if names else whom
    with home.exclusive("an erasure"):
        home.prepare()
        begun = journal.unfinished(home.erasures)
        for one in begun:
            print(f"Going on with the erasure that began {one.began}.")
            _tell(erasure.carry_out(loaded, home, one))
        require(names or begun)
        if names and not agreed:
            require_somebody("This cannot be undone.")  # before the search for whom, which takes its time
        people = _people(home, names, who)
        if people and not (agreed or _agrees(len(people))):
            print("Nothing was erased.")
            return 1
        for some in (people[first : first + MOST_AT_ONCE] for first in range(0, len(people), MOST_AT_ONCE)):
            _tell(erasure.carry_out(loaded, home, erasure.begin(home, who.together(home, some))))
    return 0


def _people(home: Home, names: list[str], who: Finder) -> list[Subject]:
    """Whom the names mean who were not erased before. Raises UnknownPersonError, which tells every name that means nobody."""
    return who.people(home, [name for name in dict.fromkeys(names) if not _was_erased(home, name, who)])


def erase_expired(loaded: Settings) -> int:
    """Erase everybody whom every source has deleted for longer than the configuration keeps them, and texts; returns the exit code."""
    days, months = loaded.tuning.deleted_people_days, loaded.tuning.free_text_months
    if days is None and months is None:
        raise ConfigurationError(
            "erase --expired: set settings.deleted_people_days, the days for which deleted people are kept, or settings.free_text_months"
        )
    home = Home.of(loaded)
    with home.exclusive("an erasure"):
        home.prepare()
        done = retention.enforce(loaded, home)
        last_run.remember_retention(home, ())
    for receipt in done.receipts:
        _tell(receipt)
    if days is not None:
        print(f"Deleted at every source more than {counted(days, 'day')} before the last night: {counted(done.people, 'person')}.")
    if months is not None:
        print(f"Texts of more than {counted(months, 'month')} before the last night's: gone from {counted(done.texts, 'landed row')}.")
    return 0


def verify(loaded: Settings, wanted: str) -> int:
    """Search the home for an id, or for whom a receipt is about; 1 when anything is found."""
    home = Home.of(loaded)
    with home.exclusive("a search for a person"):  # what is being written can be searched by nobody
        found, looked_at = _searched(home, wanted)
    for line in found:
        complain(f"still there: {line}", FAILED)
    if any("to_forget" in line for line in found):
        print(
            "to_forget is an order to clear somebody at a destination. It goes when that has confirmed: python -m orchestration sync NAME"
        )
    print(looked_at)
    print(f"Found in {counted(len(found), 'file')}." if found else "No file below the home holds this person.")
    return 1 if found else 0


def _searched(home: Home, wanted: str) -> tuple[list[str], str]:
    """Where it was found, a line a file; and what was looked at, in words."""
    path = Path(wanted) if wanted.endswith(".json") else home.erasures / f"{wanted}.json"
    if path.is_file():
        tombstones = Tombstones(home.erasures)
        tombstones.hashes &= frozenset(receipts.read(path)["subject"])  # whoever was lifted since may be here
        found = [f"{file} ({counted(rows, 'row')})" for file, rows in landing.remaining(home.landing, tombstones).items()]
        looked_at = "A receipt names nobody: the landed rows were compared with its hashes."
    else:
        needles = Needles.of([wanted])
        if not needles.texts:
            raise ConfigurationError(f"--verify {wanted}: too short to be told from other text; give the receipt or an e-mail address")
        searched = verification.search(home, needles)
        found = [*searched.hits]
        looked_at = _looked_at(searched)
    return found, looked_at


def _looked_at(searched: verification.Searched) -> str:
    told = f"Searched {counted(searched.files, 'file')}, {searched.bytes:,} bytes: text, tables, archives, and the bytes around them."
    if searched.deleted:
        told += (
            f" What was deleted from {', '.join(searched.deleted)} and is compressed there cannot be searched until it is overwritten;"
            " an erasure writes such files anew."
        )
    return told


def export(loaded: Settings, wanted: str, out: Path | None, *, contacts: bool = False) -> int:
    """Everything that is held on one person, as JSON, to a file for its owner only or to standard output."""
    if out is not None and (out.is_dir() or not out.parent.is_dir()):  # before the search, which takes its time
        raise ConfigurationError(f"--out {out}: name a file in a folder that is there")
    home, who = Home.of(loaded), finder(loaded, "export", contacts=contacts)
    with home.exclusive("an export"):
        content = json.dumps(exporting.everything(home, who.find(home, wanted)), indent=1, ensure_ascii=False, default=str)
    if out is None:
        print(content)
        return 0
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(handle, 0o600)  # one that was there before keeps its own otherwise
    with os.fdopen(handle, "w", encoding="utf-8") as target:
        target.write(content + "\n")
    print(f"Wrote {out}.")
    return 0


def _was_erased(home: Home, name: str, who: Finder) -> bool:
    buried = Tombstones(home.erasures).hashes
    known = receipts.of(home, set(lifting.hashes_of(home, name)) & buried) if buried else []
    # The record of a contact stays, so it is found.
    if not known or (who is not contact and _is_somebody(home, name)):
        return False
    print(f"Erased before; the receipt is {known[-1]}.")
    return True


def _is_somebody(home: Home, name: str) -> bool:
    try:
        return bool(whom.people(home, [name]))
    except UnknownPersonError:
        return False


def _agrees(people: int) -> bool:
    return agrees(f"Erase {counted(people, 'person')} for good? This cannot be undone.")


def _tell(receipt: Path) -> None:
    told = receipts.read(receipt)
    left, cleared = counted(told["rows_removed"], "row"), counted(told["rows_cleared_of_mentions"], "mention")
    whom = f"{counted(told['people'], 'person')}, " if told["people"] > 1 else ""
    print(f"Erased: {whom}{left} in {counted(len(told['files']), 'file')}; {cleared} cleared.")
    for name, order in told["destinations"].items():
        print(f"  {name}: {order}")
    for held in told["still_at_the_source"]:
        print(f"  still at the source {held['source']}: {counted(held['rows'], 'row')} of {held['file']}; they will not land again")
    if shared := told.get("contacts_shared_with_others"):  # of a record in quarantine nobody can tell whose it is
        stay = "there they stay: `--verify` says where, and a record that is theirs as well is erased by its own id"
        print(f"  addresses and numbers that another record has too, be it in quarantine: {shared}; {stay}")
    print(f"  receipt: {receipt}")
