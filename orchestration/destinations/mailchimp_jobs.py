"""Jobs of Mailchimp's (https://mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint): many calls handed over at once.

Comes in: batches; jobs whose ids are written down. Goes out: the job's id; once it has finished, an outcome a call, from an archive.

One listing tells how far all jobs are, whoever of them asks. A job that it does not name, or of which it does not say where its answers
lie, is asked about by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx

from orchestration.destinations.base import Answer, Batch, Job, Outcome, Record, Result
from orchestration.destinations.delivery import HttpDestination
from orchestration.destinations.http import Caller
from orchestration.destinations.mailchimp_answers import operations, results_of
from orchestration.destinations.polling import polled
from orchestration.destinations.reading import as_json, listed, text_of
from orchestration.destinations.transport import trusted

WANTS = "check api_key and list_id"
JOBS = "/3.0/batches"
_LISTED = {"count": "1000", "fields": "batches.id,batches.status,batches.response_body_url"}
_FRESH = 300.0  # seconds for which the address of an archive is used; Mailchimp takes it for ten minutes


class MemberJobs(HttpDestination):
    """Starts a job and says what became of it."""

    def __init__(self, name: str, caller: Caller) -> None:
        super().__init__(name, caller)
        self._reading_answers = httpx.Client(timeout=60, verify=trusted(), trust_env=False)
        self._one_at_a_time, self._listed, self._seen = threading.Lock(), dict[str, dict[str, Any]](), dict[str, int]()
        self._listings, self._listed_at, self._lists = 0, 0.0, True

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._reading_answers.close()

    def _call(self, record: Record) -> tuple[str, str, dict[str, Any]]:
        """Method, path and content of the call for one record."""
        raise NotImplementedError

    def _started(self, batch: Batch, outcomes: list[Outcome]) -> Answer:
        response = self._tried(batch, self._post_job)
        if isinstance(response, Answer):
            return replace(response, outcomes=outcomes + response.outcomes)
        if job := text_of(as_json(response), "id") if response.is_success else "":
            return Answer(outcomes, job=job)
        unknown = Answer(batch.outcomes(Result.UNKNOWN, "no_job_in_the_answer"))
        answer = unknown if response.is_success else self._refusal(batch, response)
        return replace(answer, outcomes=outcomes + answer.outcomes)

    def _post_job(self, batch: Batch) -> httpx.Response:
        return self.caller.call("POST", JOBS, json={"operations": operations(map(self._call, batch.records))})

    def finish(self, job: Job) -> Answer | None:
        """What became of the calls of a job; None when it still runs."""
        before = self.caller.made
        told = polled(lambda: self._progress(job.id), _is_done, self.caller.sleep)
        if told is not None and not _is_done(told):
            return None
        if told is None or not (place := text_of(told, "response_body_url")):
            code = "job_not_there" if told is None else "no_answers"
            return Answer(job.outcomes(Result.UNKNOWN, code), calls=self.caller.made - before)
        return Answer(results_of(self._reading_answers, place, job), calls=self.caller.made - before + 1)

    def _progress(self, job: str) -> Mapping[str, Any] | None:
        """What Mailchimp says of a job; None when there is no such job."""
        told = self._told_with_all(job)
        if told is not None and (not _is_done(told) or text_of(told, "response_body_url")):
            return told
        response = self._asked("GET", f"{JOBS}/{job}", WANTS)
        body = as_json(response) if response.is_success else None
        return body if isinstance(body, Mapping) else None

    def _told_with_all(self, job: str) -> Mapping[str, Any] | None:
        """What the listing says of a job, a new one where the job has seen this one already; None where it is not named."""
        with self._one_at_a_time:
            told = self._listed.get(job)
            is_old = told is None or time.monotonic() - self._listed_at >= _FRESH
            if self._lists and (is_old or (self._seen.get(job) == self._listings and not _is_done(told))):
                response = self._asked("GET", JOBS, WANTS, params=_LISTED)
                self._listed = {text_of(one, "id"): one for one in listed(as_json(response), "batches")} if response.is_success else {}
                self._listings, self._listed_at = self._listings + 1, time.monotonic()
                self._lists = job in self._listed  # else the account has more jobs than a listing holds
            self._seen[job] = self._listings
            return self._listed.get(job) if self._lists else None


def _is_done(told: Mapping[str, Any] | None) -> bool:
    return told is None or text_of(told, "status") == "finished"
