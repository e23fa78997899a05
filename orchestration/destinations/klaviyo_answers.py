"""What Klaviyo's answers say of single profiles.

Comes in: bodies of answers. Goes out: codes by position or external id. Messages are left out: they quote addresses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.destinations.base import Job
from orchestration.destinations.holdings import Named
from orchestration.destinations.reading import code_of, listed, text_of

_POSITION = re.compile(r"/data/(\d+)(?:/|$)")


def culprits(body: Any, records: int) -> dict[int, str]:
    """Position → code of the profiles that a refused job names; empty when it names none that was sent."""
    named = ((_position(one), code_of(one, "code")) for one in listed(body, "errors"))
    return {position: code for position, code in named if position is not None and position < records}


def refusals(errors: Sequence[Mapping[str, Any]], job: Job) -> dict[str, str]:
    """External id → code of the profiles that a job did not take, by their position or by what was sent."""
    by_id = {one: record.external_id for record in job.records for one in (record.email, record.external_id, record.remote_id) if one}
    in_small = {one.lower(): external_id for one, external_id in by_id.items()}
    found: dict[str, str] = {}
    for error in errors:
        attributes = error.get("attributes") or {}
        payload = attributes.get("original_payload") or {}
        payload = payload.get("attributes", payload) if isinstance(payload, Mapping) else {}
        told = [text_of(payload, key) for key in ("email", "external_id", "id")]
        named = (by_id.get(one) or in_small.get(one.lower()) for one in told)
        position = _position(attributes)
        at = job.records[position].external_id if position is not None and position < len(job.records) else None
        if external_id := next((one for one in (*named, at) if one), None):
            found[external_id] = code_of(attributes, "code")
    return found


def ids_of(body: Any, key: str, wanted: Named) -> dict[str, str]:
    """External id → Klaviyo's id of the profiles on a page."""
    told = ((text_of(one, "attributes", key), text_of(one, "id")) for one in listed(body, "data"))
    return {external_id: profile for identifier, profile in told for external_id in wanted.of(identifier)}


def _position(error: Mapping[str, Any]) -> int | None:
    pointer = text_of(error, "source", "pointer")
    found = _POSITION.findall(pointer)
    return int(found[-1]) if found else None
