"""The vendors of benchmarks/activation.py, played in its process: they take everything, in their time and within their published limits."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import httpx

from benchmarks.simulated_time import Clock
from orchestration.destinations.limits import limits_of

ANSWER = 0.3  # seconds


class Vendor:
    """Takes everything, in its time and within its limits."""

    def __init__(self, kind: str, clock: Clock, job_seconds: float) -> None:
        self.kind, self.calls, self.refused, self.looked_up, self.in_vain = kind, 0, 0, 0, 0
        self._clock, self._job_seconds, self._began = clock, job_seconds, dict[str, float]()
        self._windows = [(calls, seconds, deque[float]()) for calls, seconds in limits_of(kind).windows]
        self._lock, self._jobs = threading.Lock(), dict[str, Any]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """What httpx calls in place of the network."""
        looked_up = request.url.path == "/api/profiles"
        with self._lock:
            self.calls, self.looked_up = self.calls + 1, self.looked_up + looked_up
            allowed = looked_up or self._allows()
        self._clock.sleep(ANSWER)
        if not allowed:
            self.refused += 1
            return httpx.Response(429, headers={"retry-after": "1"})
        return self._played(self._answer, request)

    def _played(self, answer: Callable[[httpx.Request], httpx.Response], request: httpx.Request) -> httpx.Response:
        began = time.thread_time()
        response = answer(request)
        self._clock.leave_out(time.thread_time() - began)
        return response

    def _is_done(self, job: str) -> bool:
        """Whether a job is done that was first heard of so long ago; asking before it is counts as no call that had to be made."""
        now = self._clock.now()
        done = now - self._began.setdefault(job, now) >= self._job_seconds
        self.in_vain += not done
        return done

    def _allows(self) -> bool:
        now = self._clock.now()
        for calls, seconds, made in self._windows:
            while made and made[0] <= now - seconds:
                made.popleft()
            if len(made) >= calls:
                return False
        for _, _, made in self._windows:
            made.append(now)
        return True

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, json.loads(request.content) if request.content[:1] in (b"{", b"[") else {}
        if "/batch/up" in path:
            return httpx.Response(
                200, json={"results": [{"id": "1", "objectWriteTraceId": one["objectWriteTraceId"]} for one in body["inputs"]]}
            )
        if path == "/users/track":
            return httpx.Response(201, json={"message": "success"})
        if path == "/api/profiles":
            wanted = json.loads(request.url.params["filter"].partition(",")[2][:-1])
            return httpx.Response(200, json={"data": [{"id": one, "attributes": {"email": one}} for one in wanted]})
        if path.startswith("/api/profile-bulk"):
            return self._klaviyo(request)
        if "/members/" in path:
            return httpx.Response(200, json={"id": "x"})
        if "/3.0/batches" in path:
            return self._mailchimp(request, body)
        return self._salesforce(request) if "/jobs/ingest" in path else httpx.Response(200, json={})

    def _klaviyo(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            job = f"j{len(self._began)}" if request.method == "POST" else request.url.path.rpartition("/")[2]
            status = "complete" if self._is_done(job) else "processing"
        return httpx.Response(200, json={"data": {"id": job, "attributes": {"status": status, "failed_count": 0}}})

    def _mailchimp(self, request: httpx.Request, body: Any) -> httpx.Response:
        if request.method == "POST":
            with self._lock:
                name = f"b{len(self._jobs)}"
                self._jobs[name] = len(body["operations"])
        elif request.url.path.endswith("/batches"):
            return httpx.Response(200, json={"batches": [self._told(name) for name in list(self._jobs)]})
        else:
            name = request.url.path.rpartition("/")[2]
        return httpx.Response(200, json=self._told(name))

    def _told(self, name: str) -> dict[str, str]:
        status = "finished" if self._is_done(name) else "started"
        return {"id": name, "status": status, "response_body_url": f"https://x.example.com/{name}"}

    def archive(self, request: httpx.Request) -> httpx.Response:
        """Mailchimp's answers to a job, which lie elsewhere."""
        with self._lock:
            self.calls += 1
        self._clock.sleep(ANSWER)
        return self._played(self._archive, request)

    def _archive(self, request: httpx.Request) -> httpx.Response:
        count = self._jobs[request.url.path[1:]]
        raw = json.dumps([{"status_code": 200, "operation_id": str(one), "response": '{"id": "x"}'} for one in range(count)]).encode()
        content = io.BytesIO()
        with gzip.open(content, "wb", 1) as zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
            member = tarfile.TarInfo("0.json")
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
        return httpx.Response(200, content=content.getvalue())

    def _salesforce(self, request: httpx.Request) -> httpx.Response:
        job, _, part = request.url.path.partition("/jobs/ingest")[2].strip("/").partition("/")
        if request.method == "POST":
            with self._lock:
                job = f"750{len(self._jobs)}"
                self._jobs[job] = ()
        elif request.method == "PUT":
            self._jobs[job] = [row["crmp_customer_id__c"] for row in csv.DictReader(io.StringIO(request.content.decode()))]
        elif part:
            return httpx.Response(200, text="sf__Id,crmp_customer_id__c\n" + "\n".join(f"1,{one}" for one in self._jobs[job]))
        elif request.method == "PATCH":
            self._began[job] = self._clock.now()
        state = "JobComplete" if request.method == "GET" and self._is_done(job) else "InProgress"
        return httpx.Response(200, json={"id": job, "state": state, "numberRecordsFailed": 0})
