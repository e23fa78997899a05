"""Which profiles Klaviyo has, and under which ids.

Comes in: records. Goes out: external id → Klaviyo's id. Reading profiles has limits of its own, wider than those of jobs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from orchestration.destinations.base import DestinationError, Record
from orchestration.destinations.http import Caller, NoAnswerError, NoConnectionError
from orchestration.destinations.klaviyo_answers import ids_of
from orchestration.destinations.limits import limits_of
from orchestration.destinations.reading import as_json

_LIMITS = limits_of("klaviyo_profiles")
_PAGE, _SIDE_BY_SIDE = _LIMITS.max_records, 4  # profiles a page, pages at once


class Profiles:
    """Profiles by `key`: email or external_id."""

    def __init__(self, key: str, **own: Any) -> None:
        self.caller = Caller("https://a.klaviyo.com", allowed=("GET /api/profiles",), windows=_LIMITS.windows, **own)
        self._key = key

    def close(self) -> None:
        """Close the connections."""
        self.caller.close()

    def known(self, records: Sequence[Record], *, required: bool = False) -> dict[str, str]:
        """External id → Klaviyo's id, of the profiles that it has.

        One whose id could not be read can be cleared by its address only. Raises DestinationError where the answer is `required`.
        """
        parts = [records[start : start + _PAGE] for start in range(0, len(records), _PAGE)]
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as side_by_side:
            pages = side_by_side.map(lambda part: self._page(part, required), parts)
            return {external_id: profile for page in pages for external_id, profile in page.items()}

    def _page(self, records: Sequence[Record], required: bool) -> dict[str, str]:
        named = {(record.email if self._key == "email" else record.external_id).lower(): record.external_id for record in records}
        wanted = {identifier: external_id for identifier, external_id in named.items() if identifier}
        if not wanted:
            return {}
        query = {"filter": f"any({self._key},{json.dumps(list(wanted))})", "fields[profile]": self._key, "page[size]": str(_PAGE)}
        try:
            response = self.caller.call("GET", "/api/profiles", params=query)
        except (NoAnswerError, NoConnectionError):
            response = None
        if response is not None and response.is_success:
            return ids_of(as_json(response), self._key, wanted)
        if required:
            raise DestinationError("klaviyo does not say which profiles it has; its private key needs the scope profiles:read")
        return {}
