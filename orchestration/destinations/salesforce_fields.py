"""Which custom fields an object of Salesforce's must have, and what to tell an administrator of those that it has not.

Comes in: the kinds of an audience's fields, the object's description. Goes out: one line, empty when nothing is amiss. Custom fields are
metadata: the API for data cannot make them, and the rights to do so are not ours to ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from orchestration.destinations.fields import PREFIX

# kind of a field → what an administrator chooses, and Salesforce's types that take its values
_TYPES: dict[str, tuple[str, frozenset[str]]] = {
    "number": ("Number(14, 4)", frozenset({"double", "currency", "percent", "int"})),
    "boolean": ("Checkbox", frozenset({"boolean"})),
    "date": ("Date", frozenset({"date"})),
    "time": ("Date/Time", frozenset({"datetime"})),
    "list": ("Long Text Area", frozenset({"textarea", "string"})),
}
_TEXT = ("Text(255)", frozenset({"string", "textarea", "picklist", "combobox"}))


@cache
def field_name(name: str) -> str:
    """A field's name in the API."""
    return f"{PREFIX}{name}__c"


def amiss(kinds: Mapping[str, str], described: Sequence[Mapping[str, Any]], of_object: str) -> str:
    """What an administrator has to mend before the fields can be written, all of it in one line."""
    there = {str(one.get("name")).lower(): one for one in described}
    missing, other, locked = [], [], []
    for name, kind in sorted(kinds.items()):
        told, taken = _TYPES.get(kind, _TEXT)
        found = there.get(name.lower())
        if found is None:
            missing.append(f"{name} ({told})")
        elif (kind_there := str(found.get("type", next(iter(taken))))) not in taken:
            other.append(f"{name} (is {kind_there}, takes {told})")
        elif found.get("updateable") is False:
            locked.append(name)
    parts = [
        f"{of_object} lacks, or hides from our user, the custom fields {', '.join(missing)}: an administrator makes them once under Setup,"
        f" Object Manager, {of_object}, Fields & Relationships, and lets our user edit them" * bool(missing),
        f"of another type are {', '.join(other)}" * bool(other),
        f"our user may not edit {', '.join(locked)}" * bool(locked),
    ]
    return "; ".join(filter(None, parts))
