"""Whom a person means who names a customer.

Comes in: a release and any source's id, `source:id`, or a customer_key, that of an earlier release included.
Goes out: the customer_key that the release uses.
"""

from __future__ import annotations

from typing import Any

from orchestration.releases.manifest import ReleaseError
from orchestration.releases.reading import Release

_KEYS = """
    SELECT customer_key FROM marts.dim_customers WHERE customer_key = $wanted
    UNION SELECT customer_key FROM marts.dim_customer_key_redirects WHERE old_customer_key = $wanted"""
# Only spans without an end: they have the keys of all other marts. Ids may hold colons themselves, so the wanted text is never cut.
_RECORDS = """
    SELECT source, record_type, source_customer_id, customer_key FROM marts.customer_identities
    WHERE valid_to IS NULL AND (source_customer_id = $wanted OR source || ':' || source_customer_id = $wanted)
    ORDER BY ALL"""


class UnknownCustomerError(ReleaseError):
    """Nobody, or more than one customer, has the id that was asked for."""


def customer_key(release: Release, wanted: str) -> str:
    """The key of the customer meant by `wanted`. Raises UnknownCustomerError when that is nobody or not one customer alone."""
    with release.connect() as marts:
        keys = marts.execute(_KEYS, {"wanted": wanted}).fetchall()
        if len(keys) == 1:
            return str(keys[0][0])
        records = marts.execute(_RECORDS, {"wanted": wanted}).fetchall()
    found = {str(record[-1]) for record in records}
    if len(found) == 1:
        return found.pop()
    raise UnknownCustomerError(_ambiguous(wanted, records) if found else _unknown(release, wanted))


def _unknown(release: Release, wanted: str) -> str:
    return f"there is no customer {wanted!r} in release {release.id}; name a source's id, source:id, or a customer_key"


def _ambiguous(wanted: str, records: list[tuple[Any, ...]]) -> str:
    # Of one source, a CRM record and a billing record may have one id: then only the key tells them apart.
    told = ", ".join(f"{source}:{record_id} ({kind}, customer_key {key})" for source, kind, record_id, key in records)
    return f"{wanted!r} is more than one customer: {told}; name one of them by source:id or by its key"
