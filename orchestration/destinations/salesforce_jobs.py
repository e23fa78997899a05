"""Bulk API 2.0 jobs of Salesforce's, for more records than a collection carries.

Comes in: batches; jobs whose ids are written down. Goes out: the job's id; once it has ended, an outcome a row.
"""

from __future__ import annotations

from typing import Any

import httpx

from orchestration.destinations.base import Answer, Batch, DestinationError, Job, Result
from orchestration.destinations.delivery import HttpDestination
from orchestration.destinations.polling import polled
from orchestration.destinations.reading import as_json, text_of
from orchestration.destinations.salesforce_answers import as_csv, results_of

WANTS = "check instance_url and the token, and that its user may edit the fields"
_ENDED = ("JobComplete", "Failed", "Aborted", "Open")  # Open: the process stopped before all was uploaded; nothing was done


class BulkJobs(HttpDestination):
    """Starts a job and says what became of it."""

    _object: str
    _key: str  # the external id field
    _jobs: str  # the path of all jobs

    def _flags(self) -> list[str]:
        """Fields that are checkboxes, which know no null: they are cleared by not being ticked."""
        return [name for name, kind in self.kinds.items() if kind == "boolean"]

    def _started(self, batch: Batch) -> Answer:
        content = {
            "object": self._object,
            "operation": "upsert",
            "externalIdFieldName": self._key,
            "contentType": "CSV",
            "lineEnding": "LF",
        }
        job = text_of(self._must("POST", self._jobs, WANTS, json=content), "id")
        if not job:
            return Answer(batch.outcomes(Result.UNKNOWN, "no_job_in_the_answer"))
        return Answer([], self._uploaded(job, batch), job=job)

    def _uploaded(self, job: str, batch: Batch) -> str:
        """Why the upload is not known to be complete; the job is kept all the same, and says itself how far it came.

        400 is also what Salesforce answers to a call that is repeated because its answer was lost.
        """
        path, rows = f"{self._jobs}/{job}", as_csv(self._key, batch.records, self.name_of, self._flags())
        calls: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("PUT", f"{path}/batches", {"content": rows, "headers": {"content-type": "text/csv"}}),
            ("PATCH", path, {"json": {"state": "UploadComplete"}}),
        )
        try:
            for method, place, content in calls:
                response = self._asked(method, place, WANTS, **content)
                if not response.is_success and response.status_code != 400:
                    return f"salesforce answers {response.status_code} to {method} {place}"
        except DestinationError as error:
            return str(error)
        return ""

    def finish(self, job: Job) -> Answer | None:
        """What became of the rows of a job; None when it still runs."""
        before, path = self.caller.made, f"{self._jobs}/{job.id}"
        response = polled(lambda: self._asked("GET", path, WANTS), _is_done, self.caller.sleep)
        told = as_json(response)
        state = text_of(told, "state")
        if not response.is_success:
            return Answer(job.outcomes(Result.UNKNOWN, "job_not_there"), calls=self.caller.made - before)
        if state not in _ENDED:
            return None
        if state == "Open":
            return Answer(job.outcomes(Result.RETRYABLE, "never_uploaded"), calls=self.caller.made - before)
        none_failed = state == "JobComplete" and text_of(told, "numberRecordsFailed") == "0"
        tables = {"failedResults": ""} if none_failed else {}
        for name in ("successfulResults", "failedResults")[: 2 - none_failed]:
            part = self._asked("GET", f"{path}/{name}", WANTS)
            tables |= {name: part.text} if part.is_success else {}
        return Answer(results_of(job, self._key, tables), calls=self.caller.made - before)


def _is_done(response: httpx.Response) -> bool:
    return not response.is_success or text_of(as_json(response), "state") in _ENDED
