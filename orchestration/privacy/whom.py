"""Who is meant by a name: any source's id, a customer_key (one of before a merge or a split, too) or an e-mail address.

Comes in: the home, names. Goes out: people by their records and keys, or as whole Subjects. Raises UnknownPersonError.
Landing is searched, and only for names that no identity tells of: once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestration.home import Home
from orchestration.privacy import unbuilt
from orchestration.privacy.identifiers import Record, spelled
from orchestration.privacy.known import Known
from orchestration.privacy.subject import Subject, Together, UnknownPersonError, completed

_MOST_TOLD = 10


def find(home: Home, wanted: str) -> Subject:
    """The person who is called `wanted`."""
    return together(home, people(home, [wanted])).whole


def together(home: Home, found: Sequence[Subject]) -> Together:
    """People who were found, complete."""
    return completed(home, found, Known.of(home))


def people(home: Home, names: Iterable[str]) -> list[Subject]:
    """Whom the names mean, each once, by their records and keys; with the address by which they were named, whoever was.

    Raises UnknownPersonError, which tells every name that means nobody, or more than one.
    """
    known = Known.of(home)
    keys = known.keys(list(dict.fromkeys(names)))
    keys |= _by_address(home, [name for name, found in keys.items() if not found and "@" in name], known)
    keys |= known.keys_of_before([name for name, found in keys.items() if not found])
    records = unbuilt.records_of(home, [name for name, found in keys.items() if not found], known)
    held = known.records({key for mine in keys.values() for key in mine})
    found: dict[object, Subject] = {}
    unknown: list[str] = []
    for name, mine in keys.items():
        try:
            own = tuple(sorted(record for key in mine for record in held.get(key, ())))
            one = _person(home, name, mine, own or records.get(name, ()), known)
            found.setdefault(one.keys or one.records or one.answers, one)  # two of the names may be one person
        except UnknownPersonError as error:
            unknown.append(str(error))
    if unknown:
        raise UnknownPersonError(told(unknown, len(keys)))
    return list(found.values())


def told(unknown: Sequence[str], names: int) -> str:
    """One line that says of which of `names` nobody could be told."""
    more = f"; and {len(unknown) - _MOST_TOLD:,} more" if len(unknown) > _MOST_TOLD else ""
    return "; ".join(unknown[:_MOST_TOLD]) + more + ("; nobody was erased" if names > 1 else "")


def _person(home: Home, name: str, keys: set[str], records: tuple[Record, ...], known: Known) -> Subject:
    if len(keys) > 1:
        raise UnknownPersonError(f"{name}: {len(keys)} customers have this id; name one by its customer_key: {', '.join(sorted(keys))}")
    one = Subject(records, tuple(sorted(keys)), texts=(name,) if "@" in name else ())
    if records:
        return one
    whole = completed(home, [one], known).whole if one.texts else one
    if not whole.answers:
        raise UnknownPersonError(f"{name}: no customer has this id, in any source or as customer_key")
    return whole


def _by_address(home: Home, names: Iterable[str], known: Known) -> dict[str, set[str]]:
    spelling = {name: spelled(name) for name in names}
    keys: dict[str, set[str]] = {one: set() for one in spelling.values()}
    rows = unbuilt.landed(home, [("email", "", one) for one in keys if one])
    identities = known.keys_of({record for record, _ in rows})
    for record, row in rows:
        if record in identities and (one := spelled(row.get("email") or "")) in keys:
            keys[one].add(identities[record])
    return {name: keys[one] for name, one in spelling.items()}
