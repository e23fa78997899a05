"""Salesforce's custom fields as an administrator deploys them (https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta).

Comes in: the kinds of an audience's fields. Goes out: the files of a package of the Metadata API: the fields, the external id, and a
permission set that lets its user edit them, since a field that is deployed is hidden from everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from orchestration.destinations.fields import labelled

_SET = "Rapport"
_LONGEST_LABEL = 40  # characters that Salesforce takes
_TEXT = {"length": "255", "type": "Text"}
_TYPES: dict[str, dict[str, str]] = {
    "number": {"precision": "18", "scale": "4", "type": "Number"},
    "boolean": {"defaultValue": "false", "type": "Checkbox"},
    "date": {"type": "Date"},
    "time": {"type": "DateTime"},
    "list": {"length": "32768", "type": "LongTextArea", "visibleLines": "3"},
}


def package(kinds: Mapping[str, str], of_object: str, key: str, version: str) -> dict[str, str]:
    """Path → text, for `sf project deploy start --metadata-dir`; `version` of the API, such as v62.0."""
    # Ids that differ in capitals only are different customers'.
    identity = {"caseSensitive": "true", "externalId": "true", "label": "Rapport: customer", **_TEXT, "unique": "true"}
    fields = [_field(key, identity)]
    fields += [
        _field(name, {"label": f"Rapport: {labelled(name.removesuffix('__c'))}"[:_LONGEST_LABEL], **_TYPES.get(kinds[name], _TEXT)})
        for name in sorted(kinds)
    ]
    members = [f"{of_object}.{name}" for name in (key, *sorted(kinds))]
    permissions = [_nested("fieldPermissions", {"editable": "true", "field": one, "readable": "true"}) for one in members]
    types = [_types("CustomField", members), _types("PermissionSet", [_SET])]
    return {
        "package.xml": _document("Package", [*types, f"    <version>{escape(version.removeprefix('v'))}</version>"]),
        f"objects/{of_object}.object": _document("CustomObject", fields),
        f"permissionsets/{_SET}.permissionset": _document("PermissionSet", [*permissions, f"    <label>{_SET}</label>"]),
    }


def _field(name: str, said: Mapping[str, str]) -> str:
    return _nested("fields", {"fullName": name, **dict(sorted(said.items()))})


def _types(name: str, members: Iterable[str]) -> str:
    listed = "".join(f"\n        <members>{escape(one)}</members>" for one in members)
    return f"    <types>{listed}\n        <name>{name}</name>\n    </types>"


def _nested(name: str, said: Mapping[str, str]) -> str:
    inner = "".join(f"\n        <{key}>{escape(value)}</{key}>" for key, value in said.items())
    return f"    <{name}>{inner}\n    </{name}>"


def _document(name: str, parts: Iterable[str]) -> str:
    inner = "\n".join(parts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="http://soap.sforce.com/2006/04/metadata">\n{inner}\n</{name}>\n'
