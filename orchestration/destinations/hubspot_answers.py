"""What HubSpot's answer to a batch says of each record.

Comes in: a batch and the body of an answer. Goes out: one outcome per record. Results and errors come in any order and name no position:
each is matched by its `objectWriteTraceId`, else by the property that identifies it. What is named neither as taken nor as refused is
unknown, also under a status of success.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.destinations.base import Batch, Fields, Holdings, Outcome, Record, Result, not_there, safe_code
from orchestration.destinations.holdings import Named
from orchestration.destinations.reading import listed

MERGED = "hs_merged_object_ids"  # of contacts that this one has taken in: whoever asks for one of them is told this one
_FOR_NOW = frozenset({"rate_limits", "internal_error", "service_unavailable", "conflict", "locked"})


def traced(batch: Batch) -> dict[str, Record]:
    """The records by the trace that is sent with each."""
    return {f"{batch.id[:24]}{batch.id[64:]}:{number}": record for number, record in enumerate(batch.records)}


def read(batch: Batch, body: Any, id_property: str) -> list[Outcome]:
    """The outcome of every record."""
    traces, by_id = traced(batch), _by_id(batch)
    results, errors = listed(body, "results"), listed(body, "errors")
    outcomes: dict[str, Outcome] = {}
    for one in results:
        if record := traces.get(str(one.get("objectWriteTraceId"))) or by_id.get(_told(one, id_property)):
            outcomes[record.external_id] = Outcome(record.external_id, Result.ACKNOWLEDGED, remote_id=str(one.get("id") or ""))
    for one in errors:
        for record in _meant(one, traces, by_id):
            outcomes[record.external_id] = refused(record, safe_code(one.get("category") or ""))
    if not outcomes and not errors and len(results) == len(batch.records):
        return batch.outcomes(Result.ACKNOWLEDGED)  # all were taken, which is which was not told
    unknown = (Outcome(record.external_id, Result.UNKNOWN, "not_in_the_answer") for record in batch.records)
    return [outcomes.get(one.external_id, one) for one in unknown]


def holdings(wanted: Named, body: Any, by: str) -> Holdings:
    """What contacts hold that were asked about by the property `by`, or by their ids where there is none.

    Whom an answer passes over that names others is not there; one that names nobody says nothing.
    """
    found, failed = listed(body, "results"), listed(body, "errors")
    told: dict[str, Fields | None] = {}
    if found or failed:
        told |= wanted.missing()
    for one in failed:  # any other reason than that there is no such contact says nothing of what it holds
        context = one.get("context")
        names = _texts(context.get("ids")) if isinstance(context, Mapping) else []
        if safe_code(one.get("category") or "") != "object_not_found":
            told = {key: fields for key, fields in told.items() if not any(key in wanted.of(name) for name in names)}
    for one in found:
        properties = one.get("properties")
        fields = properties if isinstance(properties, Mapping) else {}
        names = [str(fields.get(by)) if by else str(one.get("id")), *str(fields.get(MERGED) or "").split(";")]
        for name in names:
            told |= wanted.holding(name.strip(), fields)
    lacks = "" if len(told) == len(wanted.missing()) else "HubSpot did not tell of all contacts"
    return Holdings(told, lacks=lacks)


def refused(record: Record, code: str) -> Outcome:
    """The outcome of a record that HubSpot refuses with `code`."""
    if code == "object_not_found":
        return not_there(record)
    return Outcome(record.external_id, Result.RETRYABLE if code in _FOR_NOW else Result.REJECTED, code)


def _by_id(batch: Batch) -> dict[str, Record]:
    return {one.lower(): record for record in batch.records for one in (record.external_id, record.email, record.remote_id) if one}


def _told(result: Mapping[str, Any], id_property: str) -> str:
    properties = result.get("properties")
    told = properties.get(id_property) if isinstance(properties, Mapping) else None
    return str(told or result.get("id")).lower()


def _meant(error: Mapping[str, Any], traces: Mapping[str, Record], by_id: Mapping[str, Record]) -> list[Record]:
    context = error.get("context")
    if not isinstance(context, Mapping):
        return []
    named = [traces[one] for one in _texts(context.get("objectWriteTraceId")) if one in traces]
    ids = (one.lower() for name in ("ids", "id") for one in _texts(context.get(name)))
    return named or [by_id[one] for one in ids if one in by_id]


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
