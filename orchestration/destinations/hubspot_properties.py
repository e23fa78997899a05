"""The properties of HubSpot's contacts that fields are written into: looked for, made where they are missing.

Comes in: fields with their kinds. Goes out: properties of HubSpot's types; one that is there with another type, or is HubSpot's own, is
refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from orchestration.destinations.base import DestinationError
from orchestration.destinations.delivery import HttpDestination
from orchestration.destinations.fields import PREFIX, labelled, shortened
from orchestration.destinations.reading import listed

_SCOPES = "its token needs crm.objects.contacts.write, crm.schemas.contacts.read and crm.schemas.contacts.write"
# kind of a field → HubSpot's type and field type
_TYPES = {"number": ("number", "number"), "boolean": ("bool", "booleancheckbox"), "date": ("date", "date"), "time": ("datetime", "date")}
_TEXT, _LIST = ("string", "text"), ("string", "textarea")
_YES_NO: list[dict[str, Any]] = [
    {"label": label, "value": value, "displayOrder": -1, "hidden": False} for label, value in (("Yes", "true"), ("No", "false"))
]


class ContactProperties(HttpDestination):
    """Knows which properties there are, and makes those that are not."""

    _properties: str  # the path of all properties
    _group: str  # in which new ones are shown
    _id_property: str  # by which contacts are known

    def prepare(self, kinds: Mapping[str, str]) -> None:
        """Make the properties that are missing. One that is there with another type is refused: values would be rejected one by one."""
        wanted, there = self._wanted(kinds), self._existing()
        self._refuse_others(wanted, there)
        if self._id_property.startswith(PREFIX):
            wanted[self._id_property] = _TEXT
        missing = sorted(set(wanted) - set(there))
        made = [self._make(name, *wanted[name]) for name in missing]
        if not all(made) and (absent := set(missing) - set(self._existing())):
            raise DestinationError(
                f"destination {self.name}: HubSpot keeps archived properties under the names {shortened(absent, 3)}; restore or delete them"
            )

    def check_fields(self, kinds: Mapping[str, str]) -> None:
        """Check that no property of another type is in the way of one that the first sync makes."""
        self._refuse_others(self._wanted(kinds), self._existing())

    def _refuse_others(self, wanted: Mapping[str, tuple[str, str]], there: Mapping[str, Mapping[str, Any]]) -> None:
        known = {name: there[name] for name in wanted if name in there}
        other = [name for name, told in known.items() if not _takes(str(told.get("type")), wanted[name][0])]
        if other:
            raise DestinationError(
                f"destination {self.name}: properties of another type are there already: {shortened(other, 3)}; rename them"
            )
        if not_ours := [name for name, told in known.items() if told.get("hubspotDefined") or _is_read_only(told)]:
            raise DestinationError(
                f"destination {self.name}: {shortened(not_ours, 3)} are HubSpot's own properties or read-only; give `fields` other names"
            )

    def _wanted(self, kinds: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Property → HubSpot's type and field type."""
        return {self.name_of(field): _LIST if kind == "list" else _TYPES.get(kind, _TEXT) for field, kind in kinds.items()}

    def there(self, names: Collection[str]) -> set[str]:
        """Those that are properties of contacts."""
        return set(names) & set(self._existing())

    def _existing(self) -> dict[str, dict[str, Any]]:
        body = self._must("GET", self._properties, _SCOPES)
        return {str(one.get("name")): one for one in listed(body, "results")}

    def _make(self, name: str, kind: str, field: str) -> bool:
        """Make a property; false where HubSpot says that there is one: somebody made it since we looked, or it is archived."""
        content: dict[str, Any] = {
            "name": name,
            "label": f"Rapport: {labelled(name)}",
            "groupName": self._group,
            "type": kind,
            "fieldType": field,
        }
        content |= {"options": _YES_NO} if kind == "bool" else {}
        content |= {"hasUniqueValue": True} if name == self._id_property else {}  # cannot be changed later
        response = self._asked("POST", self._properties, _SCOPES, json=content)
        if not response.is_success and response.status_code != 409:
            raise DestinationError(
                f"destination {self.name}: HubSpot answers {response.status_code} to making the property {name}; make it there"
            )
        return response.is_success


def _is_read_only(told: Mapping[str, Any]) -> bool:
    rights = told.get("modificationMetadata")
    return bool(told.get("calculated") or (isinstance(rights, Mapping) and rights.get("readOnlyValue")))


def _takes(there: str, wanted: str) -> bool:
    return there == wanted or (there, wanted) == ("enumeration", "bool")
