"""How long 100,000 changed customers take to reach each destination: `python -m benchmarks.activation [--customers N] [--only TYPE]`.

Every vendor is played in this process, answers after a third of a second, and refuses (429) what its published limits do not allow. Prints,
per destination: calls, the forecast of a dry run, the time achieved, how much processor time was our own work, the least that the limits
allow (every window used whole, answers waited for side by side), and the ratio. Playing the vendors costs time as well, on one Python: it
is taken off. Klaviyo's, Mailchimp's and Salesforce's own work on a job is theirs and is left out: their jobs are done when they are asked
about.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import tarfile
import threading
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import httpx

from orchestration.activation import synchronise
from orchestration.destinations import make
from orchestration.destinations.limits import limits_of

ANSWER = 0.3
OPTIONS: dict[str, dict[str, Any]] = {
    "hubspot": {"token": "t"},
    "braze": {"rest_url": "https://rest.example.com", "api_key": "k"},
    "customerio": {"site_id": "s", "api_key": "k"},
    "klaviyo": {"api_key": "k"},
    "mailchimp": {"api_key": "k-us6", "list_id": "l"},
    "salesforce": {"instance_url": "https://x.my.salesforce.com", "access_token": "t"},
    "webhook": {"url": "https://hooks.example.com/x", "secret": "s"},
}


class Release:
    """One audience for every destination."""

    id, created_at = "r1", datetime(2026, 2, 1, tzinfo=UTC)

    def __init__(self, folder: Path, customers: int) -> None:
        self.tables = tuple(f"sync_{kind}__customer_scores" for kind in OPTIONS)
        self._file = folder / "audience.parquet"
        duckdb.execute(f"""COPY (SELECT 'c' || i AS external_id, md5(i::VARCHAR) AS customer_key, 'c' || i || '@example.com' AS email,
            round(hash(i) % 10000 / 10000.0, 4)::DECIMAL(5, 4) AS churn_probability, 'medium' AS churn_risk_band,
            (hash(i) % 1000000 / 100.0)::DECIMAL(18, 2) AS clv_predicted, 'success_call' AS next_best_action, (i % 11)::INTEGER AS nps,
            'loyal' AS lifecycle_stage, DATE '2026-01-31' AS as_of_date, false AS is_erased, true AS can_profile, true AS can_email,
            true AS can_sms, true AS can_push FROM range({customers}) AS t(i)) TO '{self._file}' (FORMAT parquet)""")

    def table_file(self, name: str) -> Path:
        """The audience."""
        return self._file


class Vendor:
    """Takes everything, in its time and within its limits."""

    def __init__(self, kind: str) -> None:
        self.kind, self.calls, self.refused = kind, 0, 0
        self.looked_up, self.played = 0, 0.0
        self._windows = [(calls, seconds, deque[float]()) for calls, seconds in limits_of(kind).windows]
        self._lock, self._jobs = threading.Lock(), dict[str, Any]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """What httpx calls in place of the network."""
        looked_up = request.url.path == "/api/profiles"
        with self._lock:
            self.calls, self.looked_up = self.calls + 1, self.looked_up + looked_up
            allowed = looked_up or self._allows()
        time.sleep(ANSWER)
        if not allowed:
            self.refused += 1
            return httpx.Response(429, headers={"retry-after": "1"})
        began = time.thread_time()
        answer = self._answer(request)
        with self._lock:
            self.played += time.thread_time() - began
        return answer

    def _allows(self) -> bool:
        now = time.monotonic()
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
            return httpx.Response(200, json={"data": {"id": "j", "attributes": {"status": "complete", "failed_count": 0}}})
        if "/members/" in path:
            return httpx.Response(200, json={"id": "x"})
        if "/3.0/batches" in path:
            return self._mailchimp(request, body)
        return self._salesforce(request) if "/jobs/ingest" in path else httpx.Response(200, json={})

    def _mailchimp(self, request: httpx.Request, body: Any) -> httpx.Response:
        if request.method == "POST":
            name = f"b{len(self._jobs)}"
            self._jobs[name] = len(body["operations"])
            return httpx.Response(200, json={"id": name})
        name = request.url.path.rpartition("/")[2]
        return httpx.Response(200, json={"id": name, "status": "finished", "response_body_url": f"https://x.example.com/{name}"})

    def archive(self, request: httpx.Request) -> httpx.Response:
        """Mailchimp's answers to a job."""
        began = time.thread_time()
        count = self._jobs[request.url.path[1:]]
        raw = json.dumps([{"status_code": 200, "operation_id": str(one), "response": '{"id": "x"}'} for one in range(count)]).encode()
        content = io.BytesIO()
        with gzip.open(content, "wb", 1) as zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
            member = tarfile.TarInfo("0.json")
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
        with self._lock:
            self.played += time.thread_time() - began
        return httpx.Response(200, content=content.getvalue())

    def _salesforce(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            self._jobs["rows"] = [row["crmp_customer_id__c"] for row in csv.DictReader(io.StringIO(request.content.decode()))]
        elif request.url.path.endswith("successfulResults"):
            return httpx.Response(200, text="sf__Id,crmp_customer_id__c\n" + "\n".join(f"1,{one}" for one in self._jobs["rows"]))
        elif request.url.path.endswith("failedResults"):
            return httpx.Response(200, content=b"sf__Id,sf__Error,crmp_customer_id__c\n")
        return httpx.Response(200, json={"id": "750", "state": "JobComplete", "numberRecordsFailed": 0})


def played(kind: str) -> tuple[Any, Vendor]:
    """The destination with its vendor in place of the network."""
    place, vendor = make(kind, name=kind, **OPTIONS[kind]), Vendor(kind)
    for caller in (place.caller, getattr(place, "_profiles", place).caller):
        caller._client = httpx.Client(transport=httpx.MockTransport(vendor), headers=caller._client.headers)
    if kind == "mailchimp":
        place._reading_answers = httpx.Client(transport=httpx.MockTransport(vendor.archive))
    place.prepare = lambda _: None
    return place, vendor


def least_seconds(kind: str, vendor: Vendor, width: int) -> float:
    """What the published limits and the vendor's answers allow at best; looking up profiles has a limit of its own, 700 a minute."""
    calls = vendor.calls - vendor.looked_up
    paced = max((calls / most * seconds for most, seconds in limits_of(kind).windows), default=0.0)
    return max(paced, calls * ANSWER / width) + vendor.looked_up * 60 / 700


def main() -> None:
    """Send everyone to every destination."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--only", choices=OPTIONS)
    options = parser.parse_args()
    headings = "".join(f"{name:>10}" for name in ("calls", "429", "forecast", "achieved", "own work", "least", "ratio"))
    print(f"{options.customers:,} customers; seconds\n{'':<12}{headings}")
    with TemporaryDirectory() as folder:
        release = Release(Path(folder), options.customers)
        for kind in [options.only] if options.only else OPTIONS:
            place, vendor = played(kind)
            told = {"state_folder": Path(folder) / "state", "max_change_share": 1.0}
            forecast = synchronise(release, place, "customer_scores", **told).forecast_seconds
            began, worked = time.monotonic(), time.process_time()
            report = synchronise(release, place, "customer_scores", live=True, **told)
            took, own = time.monotonic() - began - vendor.played, time.process_time() - worked - vendor.played
            assert report.outcomes["acknowledged"] == options.customers, (kind, report.outcomes, report.refused)
            least = least_seconds(kind, vendor, place.width(options.customers))
            numbers = f"{forecast:>10.0f}{took:>10.1f}{own:>10.1f}{least:>10.1f}{took / least:>10.2f}"
            print(f"{kind:<12}{vendor.calls:>10,}{vendor.refused:>10}{numbers}", flush=True)


if __name__ == "__main__":
    main()
