"""What a short script makes of the answers that `benchmarks.sources` repeats: fields as columns, numbers and times typed, one Parquet.

It does what no landing can do without, and nothing else: no record is looked at, no value that is none is set aside, nothing is hashed,
compared or kept for a run that is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def _hubspot(page: Any) -> Iterable[tuple[Any, ...]]:
    for one in page["results"]:
        said = one["properties"]
        yield one["id"], said["email"], f"{said['firstname']} {said['lastname']}", said["country"], one["createdAt"], one["updatedAt"]


def _qualtrics(pages: Any) -> Iterable[tuple[Any, ...]]:
    for page in pages:
        for one in page["responses"]:
            said = one["values"]
            yield one["responseId"], said["externalDataReference"], said["QID1"], said["recordedDate"]


def _salesforce(lines: Any) -> Iterable[tuple[Any, ...]]:
    for one in lines:
        yield one["Id"], one["CreatedDate"], one["SystemModstamp"], one["Name"], one["Email"], one["Account.Name"], one["Owner.Name"]


def _stripe(page: Any) -> Iterable[tuple[Any, ...]]:
    for one in page["data"]:
        yield one["id"], one["customer"], one["amount"] / 100, one["currency"].upper(), one["status"], one["created"] * 1_000_000


def _surveymonkey(page: Any) -> Iterable[tuple[Any, ...]]:
    for one in page["data"]:
        answer = one["pages"][0]["questions"][0]["answers"][0]
        yield one["id"], one["custom_variables"]["customer_id"], answer["choice_id"], one["date_modified"]


def _typeform(page: Any) -> Iterable[tuple[Any, ...]]:
    for one in page["items"]:
        yield one["token"], one["hidden"]["customer_id"], one["answers"][0]["number"], one["submitted_at"]


def _zendesk(page: Any) -> Iterable[tuple[Any, ...]]:
    for one, metrics in zip(page["tickets"], page["metric_sets"], strict=True):
        told = one["created_at"], metrics["solved_at"], one["status"], one["priority"], one["description"]
        yield one["id"], one["requester_id"], metrics["reply_time_in_minutes"]["calendar"], *told


# Kind of vendor → (what holds its records, their fields).
FIELDS: dict[str, tuple[str, Callable[[Any], Iterable[tuple[Any, ...]]]]] = {
    "hubspot": ("results", _hubspot),
    "qualtrics": ("", _qualtrics),
    "salesforce": ("", _salesforce),
    "stripe": ("data", _stripe),
    "surveymonkey": ("data", _surveymonkey),
    "typeform": ("items", _typeform),
    "zendesk": ("tickets", _zendesk),
}


class Script:
    """Writes what it is shown of one vendor to `target`."""

    def __init__(self, kind: str, target: Path) -> None:
        self._holds, self._fields = FIELDS[kind]
        self._target, self._writer = target, None
        self._columns: list[list[Any]] = []

    def take(self, answer: Any) -> None:
        """Take one answer of those that hold records; what is asked on the way to them is none."""
        is_page = isinstance(answer, list) if not self._holds else isinstance(answer, dict) and bool(answer.get(self._holds))
        if not is_page:
            return
        told = list(zip(*self._fields(answer), strict=True))
        self._columns = self._columns or [[] for _ in told]
        for kept, more in zip(self._columns, told, strict=True):
            kept.extend(more)
        if len(self._columns[0]) >= 20_000:
            self._write()

    def close(self) -> None:
        """Write what is left."""
        if self._columns:
            self._write()
        if self._writer is not None:
            self._writer.close()

    def _write(self) -> None:
        table = pa.table({f"c{place}": _typed(column) for place, column in enumerate(self._columns)})
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._target, table.schema)
        self._writer.write_table(table)
        self._columns = []


def _typed(values: list[Any]) -> pa.Array:
    made = pa.array(values)
    first = next((value for value in values if value is not None), None)
    is_time = isinstance(first, str) and len(first) == len("2026-01-01T10:00:00Z") and first.endswith("Z")
    return made.cast(pa.timestamp("us", "UTC")) if is_time else made
