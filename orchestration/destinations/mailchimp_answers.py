"""Mailchimp's words: short tags for fields, and what an answer says of a member.

Comes in: field names, answers. Goes out: tags, outcomes. Details of answers are left out: they quote addresses.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpx
import orjson

from orchestration.destinations.base import DestinationError, Job, Outcome, Record, Result, not_there
from orchestration.destinations.fields import listed_as_text
from orchestration.destinations.pacing import IN_DOUBT
from orchestration.destinations.reading import as_json, text_of
from orchestration.destinations.transport import checked_url
from orchestration.server_waits import is_for_now

_TAGS = {
    "customer_key": "KEY", "churn_probability": "CHURN", "churn_risk_band": "RISK", "clv_predicted": "CLV", "next_best_action": "NBA",
    "nps": "NPS", "lifecycle_stage": "STAGE", "as_of_date": "ASOF",
}  # fmt: skip
_TITLES = {
    "Invalid Resource": "invalid_resource", "Member In Compliance State": "member_in_compliance_state",
    "Forgotten Email Not Subscribed": "forgotten_email", "Resource Not Found": "not_there", "Member Exists": "member_exists",
}  # fmt: skip


NO_VALIDATION = {"skip_merge_validation": "true"}  # fields that the list requires are not ours to fill in


def hashed(email: str) -> str:
    """What Mailchimp calls a member: the MD5 of the address in lower case."""
    return hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()


def is_overload(response: httpx.Response) -> bool:
    """Whether a 403 is what stands before Mailchimp, when it is called too often: its own refusals say in JSON what they are."""
    return response.status_code == 403 and as_json(response) is None


def operations(calls: Iterable[tuple[str, str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Calls (method, path, content) as the operations of a job, numbered in their order."""
    return [
        {
            "method": method,
            "path": path.removeprefix("/3.0"),
            "params": NO_VALIDATION,
            "operation_id": str(number),
            "body": orjson.dumps(content).decode(),
        }
        for number, (method, path, content) in enumerate(calls)
    ]


@cache
def tag_of(name: str) -> str:
    """The merge tag of a field: at most ten characters, ours by its beginning."""
    return "CRMP_" + (_TAGS.get(name) or hashlib.sha256(name.encode()).hexdigest()[:5].upper())


def field_value(value: Any) -> Any:
    """A value as a merge field takes it: empty text clears."""
    if type(value) is str:
        return value[:255]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, int | float) else str(listed_as_text(value))[:255]


def member_outcome(record: Record, status: int, body: Any) -> Outcome:
    """What an answer about one member means."""
    if 200 <= status < 300:
        if not text_of(body, "id"):
            return Outcome(record.external_id, Result.UNKNOWN, "not_in_the_answer")
        return Outcome(record.external_id, Result.ACKNOWLEDGED, remote_id=text_of(body, "contact_id") or text_of(body, "id"))
    code = _TITLES.get(text_of(body, "title"), "refused")
    if code == "not_there" or (code == "forgotten_email" and record.operation == "clear"):  # who was deleted for good holds nothing
        return not_there(record)
    if status == 404:  # something else answers in Mailchimp's place
        return Outcome(record.external_id, Result.RETRYABLE, "http_404")
    if status in IN_DOUBT:
        return Outcome(record.external_id, Result.UNKNOWN, f"http_{status}")
    passes = is_for_now(status) or (status == 403 and not text_of(body, "title"))
    return Outcome(record.external_id, Result.RETRYABLE if passes else Result.REJECTED, code)


def results_of(client: httpx.Client, url: str, job: Job) -> list[Outcome]:
    """The outcomes of a finished job, from the archive of its answers. Raises DestinationError when that cannot be fetched."""
    try:
        content = client.get(checked_url(url)).raise_for_status().content
    except httpx.HTTPError:
        raise DestinationError("mailchimp's answers to a job cannot be fetched; the next sync asks again") from None
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            files = [archive.extractfile(member) for member in archive.getmembers() if member.isfile() and member.name.endswith(".json")]
            answers = [one for file in files if file for one in orjson.loads(file.read())]
    except (tarfile.TarError, EOFError, zlib.error, ValueError):
        return job.outcomes(Result.UNKNOWN, "unreadable_answers")
    told = {str(one.get("operation_id")): one for one in answers if isinstance(one, dict)}
    return [_outcome(record, told.get(str(number))) for number, record in enumerate(job.records)]


def _outcome(record: Record, answer: dict[str, Any] | None) -> Outcome:
    if answer is None or not re.fullmatch(r"\d{3}", str(answer.get("status_code"))):
        return Outcome(record.external_id, Result.UNKNOWN, "not_in_the_answer")
    try:
        body = orjson.loads(answer.get("response") or "{}")
    except ValueError:
        body = {}
    return member_outcome(record, int(answer["status_code"]), body)
