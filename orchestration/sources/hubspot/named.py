"""Properties of contacts that the configuration names, and what the account says that they are.

Comes in: the account, what it said the last time. Goes out: the type of each, or SourceError that names one. HubSpot answers to
whoever asks for a property that it does not have as if nobody had asked: read as empty, one that was removed, renamed or misspelt would be
taken away from every row, and nobody would hear of it. One that holds something else now (words where a number was) would be taken for
what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestration.sources.base import SourceError
from orchestration.sources.http import RefusedError
from orchestration.sources.hubspot.crm import Crm
from orchestration.sources.reading.kinds import same_kinds

# What HubSpot keeps apart from other properties, and tells of only to who asks for it and may see it.
_APART = ("sensitive", "highly_sensitive")
# Types whose values are written alike: a choice of a list is a text, too.
_ALIKE = {"enumeration": "string", "phone_number": "string", "datetime": "date"}


class Named:
    """`mapped`: column → property, as the configuration has it; `note` hears what an operator should know."""

    def __init__(self, crm: Crm, mapped: Mapping[str, str], note: Callable[[str], None]) -> None:
        self._crm, self._names, self._note = crm, frozenset(mapped.values()), note
        self._found: dict[str, str] | None = None

    def there(self, mapped: Mapping[str, str]) -> dict[str, str]:
        """Column → property without those that HubSpot does not have, as far as it tells."""
        try:
            found = self._types() if self._names else {}
        except RefusedError:  # which `types` says
            found = {}
        missing = self._names - found.keys() if found else frozenset[str]()
        return {column: name for column, name in mapped.items() if name not in missing}

    def types(self, known: Mapping[str, str]) -> dict[str, str]:
        """Property → its type, as HubSpot has it; `known` are those of the last night.

        Raises SourceError where one is not there, or holds another kind of values than `known`, and RefusedError where nobody may ask.
        """
        if not self._names:
            return {}
        found = self._types()
        if not found:  # no account is without any
            self._note("contacts: whether HubSpot has what `properties` names is not known, since it tells of no property at all")
            return dict(known)
        if missing := sorted(self._names - found.keys()):
            raise SourceError(
                f"HubSpot has no property {', '.join(missing)} of contacts, or does not let the token see it; correct `properties` of the"
                " source, or take out what is no longer there"
            )
        return same_kinds("contacts", self._names, found, known, _ALIKE)

    def _types(self) -> dict[str, str]:
        """Property → type of all that the token may see, asked for once a run."""
        if self._found is None:
            found = self._told("non_sensitive", but=(404,))
            for kind in _APART if found and self._names - found.keys() else ():
                found |= self._told(kind, but=(400, 403, 404))  # the plan of the account has none, or the token may not see them
            self._found = found
        return self._found

    def _told(self, sensitivity: str, *, but: tuple[int, ...]) -> dict[str, str]:
        try:
            return {str(one["name"]): str(one.get("type")) for one in self._crm.definitions("contacts", sensitivity)}
        except RefusedError as error:
            if error.status not in but:
                raise
            return {}
