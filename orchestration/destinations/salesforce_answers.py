"""Salesforce's words: SOQL texts, CSV of Bulk jobs, and what an answer says of each record.

Comes in: values, answers. Goes out: texts, outcomes. Messages are left out: they quote values.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from orchestration.destinations.base import Job, Outcome, Record, Result, not_there, safe_code
from orchestration.destinations.fields import as_text
from orchestration.destinations.reading import code_of, text_of
from orchestration.server_waits import SHARE_OF_LIMIT

_CLEARS = "#N/A"
_LONGEST_LISTING = 12_000  # bytes as a URL has them; Salesforce takes 16,384 of URL and headers together
_GONE = "entity_is_deleted"  # since it was asked who is there
_NOT_ALL = "salesforce did not tell of all records"
_SPENT = "REQUEST_LIMIT_EXCEEDED"
_FOR_NOW = frozenset({"unable_to_lock_row", "server_unavailable", _SPENT.lower(), _GONE})


def quoted(value: str) -> str:
    """A text of SOQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def listings(texts: Sequence[str], most: int) -> Iterator[str]:
    """Texts one after another, `most` at once, and no more than a query in a URL holds."""
    taken: list[str] = []
    length = 0
    for text in texts:
        size = len(quote(f"{text},"))
        if taken and (len(taken) == most or length + size > _LONGEST_LISTING):
            yield ",".join(taken)
            taken, length = [], 0
        taken.append(text)
        length += size
    if taken:
        yield ",".join(taken)


def as_csv(key: str, records: Sequence[Record], name_of: Callable[[str], str], flags: Collection[str] = ()) -> bytes:
    """The records as a Bulk job takes them, named by `key`; an empty cell would change nothing. `flags`: fields that know no null."""
    text, names = io.StringIO(), sorted(set[str]().union(*(record.fields for record in records)))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([key, *map(name_of, names)])
    columns = [(_flag if name in flags else _cell, name) for name in names]
    writer.writerows([record.external_id, *(cell(record.fields.get(name, "")) for cell, name in columns)] for record in records)
    return text.getvalue().encode()


def _flag(value: Any) -> str:
    return "false" if value is None else _cell(value)


def _cell(value: Any) -> str:
    return value if type(value) is str else _CLEARS if value is None else as_text(value)


def outcome_of(record: Record, told: Any) -> Outcome:
    """What one entry of a collection's answer means."""
    if isinstance(told, Mapping) and told.get("success") is True:
        return Outcome(record.external_id, Result.ACKNOWLEDGED, remote_id=str(told.get("id") or ""))
    errors = told.get("errors") if isinstance(told, Mapping) else None
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], Mapping):
        return Outcome(record.external_id, Result.UNKNOWN, "not_in_the_answer")
    return _refused(record, str(errors[0].get("statusCode") or ""))


def results_of(job: Job, key: str, tables: Mapping[str, str]) -> list[Outcome]:
    """The outcomes of an ended job. Its tables name each row by `key`, in any order; a row that is in none was not processed."""
    taken = _column(tables.get("successfulResults", ""), key, "sf__Id")
    failed = {one: error.partition(":")[0] for one, error in _column(tables.get("failedResults", ""), key, "sf__Error").items()}
    complete = len(tables) == 2
    return [_outcome(record, taken, failed, complete) for record in job.records]


def used_up(response: httpx.Response) -> str:
    """Why no further call is made today; empty as long as the share of the day's calls that is ours is not used (`api-usage=18/5000`)."""
    found = re.search(r"api-usage=(\d+)/(\d+)", response.headers.get("sforce-limit-info", ""))
    share = int(found[1]) / max(int(found[2]), 1) if found else 0.0
    return f"{share:.0%} of the day's calls to Salesforce are used" if share > SHARE_OF_LIMIT else ""


def spent(response: httpx.Response) -> str:
    """Why no call is answered any more today, which looks like a missing right; empty where it is one."""
    if response.status_code != 403 or _SPENT not in response.text:
        return ""
    return f"the day's calls to Salesforce are used up ({_SPENT}); the next sync goes on"


def unreadable(response: httpx.Response, body: Any, key: str) -> str:
    """Why an answer to a query says nothing of who is there; empty when it tells all of them, each by `key`."""
    if not response.is_success:
        code = code_of(next(iter(body if isinstance(body, list) else ()), {}), "errorCode")
        return f"salesforce answers {response.status_code} ({code}) to a query of what is held"
    records = body.get("records") if isinstance(body, Mapping) and body.get("done") is True else None
    if not isinstance(records, list) or not all(text_of(one, key) for one in records):
        return _NOT_ALL
    return used_up(response) if body.get("totalSize", len(records)) == len(records) else _NOT_ALL


def _outcome(record: Record, taken: Mapping[Any, str], failed: Mapping[Any, str], complete: bool) -> Outcome:
    external_id = record.external_id
    if external_id in taken:
        return Outcome(external_id, Result.ACKNOWLEDGED, remote_id=taken[external_id])
    if external_id in failed:
        return _refused(record, failed[external_id])
    return Outcome(external_id, Result.RETRYABLE, "not_processed") if complete else Outcome(external_id, Result.UNKNOWN, "results_not_told")


def _refused(record: Record, code: str) -> Outcome:
    told = safe_code(code)
    if told == _GONE and record.operation == "clear":
        return not_there(record)
    return Outcome(record.external_id, Result.RETRYABLE if told in _FOR_NOW else Result.REJECTED, told)


def _column(text: str, key: str, name: str) -> dict[str, str]:
    """The column `name` by the column `key` of a table; nothing where it lacks either."""
    rows = csv.reader(io.StringIO(text))
    header = next(rows, [])
    if key not in header or name not in header:
        return {}
    at, value = header.index(key), header.index(name)
    return {row[at]: row[value] for row in rows if len(row) == len(header)}
