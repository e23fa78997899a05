"""Names of a company's own that fields may be written under at a destination, in place of ours.

Comes in: `fields:` of a destination. Goes out: the same, or why a name must not be written. Without it everything that is written begins
with `crmp_`; a name that is given here is the company's word that this one is ours to write, too. What decides whether somebody may be
written to, or who they are, never is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_KEY, _PREFIX = "customer_key", "crmp_"
_USUAL = (re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}"), "letters, digits and _")
_OF_TYPE = {
    "hubspot": (re.compile(r"[a-z][a-z0-9_]{0,99}"), "small letters, digits and _, as HubSpot's internal names"),
    "mailchimp": (re.compile(r"[A-Z][A-Z0-9_]{0,9}"), "at most ten capitals, digits and _, as merge tags"),
    "salesforce": (re.compile(r"[A-Za-z][A-Za-z0-9_]{0,76}__c"), "the API name of a custom field, which ends in __c"),
}
_DECIDES = re.compile(
    r"subscri|consent|opt(ed)?_?(in|out)|unsub|market|suppress|not_?(call|contact|mail|track|sell)|gdpr|ccpa|bounce|^(hs|cio|hubspot)_|^status$",
    re.IGNORECASE,
)
_IDENTIFIES = re.compile(
    r"(external_|anonymous_|record_|user_|customer_|owner_?)?id|(e_?)?mail|(mobile)?_?phone(_number)?|[fl]?name|(first|last)_?name|address|dob"
    r"|birthday|date_of_birth|country|language|time_?zone|created_at|release_id|operation|synced_at",
    re.IGNORECASE,
)


def refused(fields: Mapping[str, str], kind: str, keys: Sequence[str] = ()) -> str:
    """Why the names of a destination of type `kind` cannot be used; empty when they can. `keys`: by which it knows records."""
    form, described = _OF_TYPE.get(kind, _USUAL)
    taken = {key.lower() for key in keys}
    for field, name in fields.items():
        if name and (field == _KEY or name.lower().startswith(_PREFIX)):
            return f"{field}: {_KEY} keeps its name, and names that begin with {_PREFIX} are ours: leave the name away"
        if name and not form.fullmatch(name):
            return f"{field}: {name!r} is no name here; it takes {described}"
        if _DECIDES.search(name) or _IDENTIFIES.fullmatch(name.removesuffix("__c")):
            return f"{field}: {name} says who somebody is or whether they may be written to; no field of ours is ever written there"
        if name and name.lower() in taken:
            return f"{field}: {name} is the name of another field already, or identifies records"
        taken.add(name.lower())
    return ""
