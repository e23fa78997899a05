"""Import jobs of Klaviyo's, once they run (https://developers.klaviyo.com/en/reference/get_bulk_import_profiles_job).

Comes in: jobs whose ids are written down. Goes out: an outcome a profile. What a job refused is read page by page from its import errors;
the ids that Klaviyo knows the others by are asked for once it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.destinations.base import Answer, Job, Outcome, Result, not_there
from orchestration.destinations.delivery import HttpDestination
from orchestration.destinations.klaviyo_answers import refusals
from orchestration.destinations.klaviyo_profiles import Profiles
from orchestration.destinations.polling import polled
from orchestration.destinations.reading import as_json, listed, next_cursor, text_of

JOBS = "/api/profile-bulk-import-jobs"
WANTS = "its private key needs the scopes lists:read, lists:write, profiles:read and profiles:write"


class ImportJobs(HttpDestination):
    """Says what became of a job."""

    _profiles: Profiles

    def finish(self, job: Job) -> Answer | None:
        """What became of the profiles of a job; None when it still runs."""
        before = self.caller.made
        body = polled(lambda: self._reading(f"{JOBS}/{job.id}"), _is_done, self.caller.sleep)
        status = text_of(body, "data", "attributes", "status")
        if body is None:
            return Answer(job.outcomes(Result.UNKNOWN, "job_not_there"), calls=self.caller.made - before)
        if status not in ("complete", "cancelled"):
            return None
        outcomes = job.outcomes(Result.RETRYABLE, "job_cancelled") if status == "cancelled" else self._outcomes(job, body)
        return Answer(outcomes, calls=self.caller.made - before)

    def _outcomes(self, job: Job, body: Any) -> list[Outcome]:
        counts = _counts(body)
        failed = counts.get("failed", 0)
        refused = refusals(self._pages(f"{JOBS}/{job.id}/import-errors"), job) if failed else {}
        if len(refused) < failed or _lacks(counts):  # some were refused, or lost; which ones was not told
            return [Outcome(one.external_id, Result.UNKNOWN, refused.get(one.external_id, "not_told")) for one in job.records]
        known = self._profiles.known([one for one in job.records if one.email and not one.remote_id])
        named = [one for one in job.records if one.external_id in refused and one.by_remote_id]
        gone = self._profiles.gone(named) if named else set[str]()
        return [
            not_there(one)
            if one.external_id in gone
            else Outcome(one.external_id, Result.REJECTED, refused[one.external_id])
            if one.external_id in refused
            else Outcome(one.external_id, Result.ACKNOWLEDGED, remote_id=known.get(one.external_id, one.remote_id))
            for one in job.records
        ]

    def _pages(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while (body := self._reading(path, params={"page[size]": "100", **cursor})) is not None:
            found += listed(body, "data")
            following = next_cursor(body)
            if not following or following == cursor.get("page[cursor]"):
                break
            cursor = {"page[cursor]": following}
        return found

    def _reading(self, path: str, **options: Any) -> Any:
        """What Klaviyo answers, None when there is no such thing."""
        body = self._asked("GET", path, WANTS, **options)
        return as_json(body) if body.is_success else None


def _counts(body: Any) -> dict[str, int]:
    """What a job counted, by what it told; -1 of what is no number."""
    told = {name: text_of(body, "data", "attributes", f"{name}_count") for name in ("total", "completed", "failed")}
    return {name: int(count) if count.isdecimal() else -1 for name, count in told.items() if count}


def _lacks(counts: Mapping[str, int]) -> bool:
    """Whether a job that is done has neither taken nor refused some of its profiles, or says what cannot be read."""
    done = counts.get("completed", counts.get("total", 0)) + counts.get("failed", 0)
    return done < counts.get("total", 0) or -1 in counts.values()


def _is_done(body: Any) -> bool:
    return body is None or text_of(body, "data", "attributes", "status") in ("complete", "cancelled")
