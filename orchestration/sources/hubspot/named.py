"""Properties that the configuration names, and whether the account has them.

Comes in: the objects of a reading. Goes out: the same objects, or SourceError behind the last of them. HubSpot tells null of a property
that is empty, and nothing of one that it does not know: so of one that was misspelt or removed nothing is told of any object. Read as
empty, it would be taken away from every row, and nobody would hear of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestration.sources.base import SourceError
from orchestration.sources.hubspot.associations import Object


def known(kind: str, named: Iterable[str], objects: Iterable[Object]) -> Iterator[Object]:
    """The objects. Raises SourceError where they tell nothing of one that is `named`, though they tell of empty ones."""
    missing, tells_of_empty = set(named), False
    for one in objects:
        said = one["properties"]
        if isinstance(said, dict):
            missing -= said.keys()
            tells_of_empty = tells_of_empty or None in said.values()
        yield one
    if missing and tells_of_empty:
        raise SourceError(
            f"HubSpot has no property {', '.join(sorted(missing))} of {kind}; correct `properties` of the source, or take out what is no"
            " longer there"
        )
