"""Whether fields that a configuration names still hold what they held.

Comes in: the types that a vendor tells, and those of the last night. Goes out: the types to remember, or SourceError that names a field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orchestration.sources.base import SourceError


def same_kinds(
    whose: str, fields: Iterable[str], found: Mapping[str, str], known: Mapping[str, str], alike: Mapping[str, str]
) -> dict[str, str]:
    """Field → its type tonight.

    known  field → its type in the last night that read it; a field that is not among them has none yet
    alike  type → the type whose values are written like its

    Raises SourceError where a field's values are of another kind than `known`.
    """
    types = {name: found[name] for name in sorted(fields)}
    for name, told in types.items():
        before = known.get(name, told)
        if alike.get(told, told) != alike.get(before, before):
            raise SourceError(
                f"the property {name} of {whose} is of the type {told} now, and was {before} when it was read last; where that is meant,"
                " take it out of `properties` for one night, or give it to another column"
            )
    return types
