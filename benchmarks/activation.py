"""How long 100,000 changed customers take to reach each destination: `python -m benchmarks.activation [--customers N] [--only TYPE]`.

Every vendor is played in this process, answers after a third of a second, and refuses (429) what its published limits do not allow. Time is
simulated: it passes by our own processor time and by waiting for answers and windows, not by what else the machine does (see
simulated_time.py; that the disk is waited for is left out). Prints, per destination: calls, the forecast of a dry run, the time achieved,
how much of it was processor time of our own; what the limits alone allow with as many calls at once as we make (every window used whole),
and with as many as the vendor lets; the least that a client can take, and the ratio to it; how long the same destination takes that is fed
from the table, with nothing compared or written down (bare_sync.py), and the ratio to that.

The least is what the limits alone allow, or, where that is more, the processor time of that bare client and then the answers that its last
batch waits for one after another: an interpreter that reads, writes and parses a hundred thousand records does so one after the other,
however many calls are under way. Klaviyo's, Mailchimp's and Salesforce's own work on a job takes `--job-seconds`, by default none, which is
hardest on us.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import duckdb
import httpx

from benchmarks import bare_sync
from benchmarks.played_vendors import ANSWER, Vendor
from benchmarks.simulated_time import Clock
from orchestration.activation import book, synchronise
from orchestration.destinations import make
from orchestration.destinations.http import Caller
from orchestration.destinations.limits import limits_of
from orchestration.destinations.pacing import Pacer

OPTIONS: dict[str, dict[str, Any]] = {
    "hubspot": {"token": "t"},
    "braze": {"rest_url": "https://rest.example.com", "api_key": "k"},
    "customerio": {"site_id": "s", "api_key": "k"},
    "klaviyo": {"api_key": "k"},
    "mailchimp": {"api_key": "k-us6", "list_id": "l"},
    "salesforce": {"instance_url": "https://x.my.salesforce.com", "access_token": "t"},
    "webhook": {"url": "https://hooks.example.com/x", "secret": "s"},
}
CONNECTIONS = {"mailchimp": 10}  # that an account may have open at once, where the vendor says so
ONE_AFTER_ANOTHER = {
    "salesforce": 5,
    "klaviyo": 2,
    "mailchimp": 3,
}  # answers that a job takes at least, one by one


class Release:
    """One audience for every destination, with the columns that the models give it, and the customers who decide on it."""

    id, created_at = "r1", datetime(2026, 2, 1, tzinfo=UTC)

    def __init__(self, folder: Path, customers: int) -> None:
        self.tables = (*(f"sync_{kind}__customer_scores" for kind in OPTIONS), "customer_360")
        self._folder = folder
        duckdb.execute(f"""COPY (SELECT 'c' || i AS external_id, md5(i::VARCHAR) AS customer_key, 'c' || i || '@example.com' AS email,
            round(hash(i) % 10000 / 10000.0, 4)::DECIMAL(5, 4) AS churn_probability, 'medium' AS churn_risk_band,
            (hash(i) % 1000000 / 100.0)::DECIMAL(18, 2) AS clv_predicted, 'success_call' AS next_best_action, (i % 11)::INTEGER AS nps,
            'loyal' AS lifecycle_stage, DATE '2026-01-31' AS as_of_date FROM range({customers}) AS t(i))
            TO '{self.table_file("sync_")}' (FORMAT parquet)""")
        duckdb.execute(f"""COPY (SELECT md5(i::VARCHAR) AS customer_key, false AS is_erased, true AS can_profile, true AS can_email,
            true AS can_sms, true AS can_push FROM range({customers}) AS t(i)) TO '{self.table_file("customer_360")}' (FORMAT parquet)""")

    def table_file(self, name: str) -> Path:
        """The audience, whichever destination it is for, or the customers."""
        return self._folder / f"{'audience' if name.startswith('sync_') else name}.parquet"


def played(kind: str, clock: Clock, job_seconds: float) -> tuple[Any, Vendor]:
    """The destination with its vendor in place of the network."""
    place, vendor = make(kind, name=kind, sleep=clock.sleep, **OPTIONS[kind]), Vendor(kind, clock, job_seconds)
    callers: list[tuple[Caller, str]] = [(place.caller, kind)]
    callers += [(place._profiles.caller, "klaviyo_profiles")] if kind == "klaviyo" else []
    for caller, limits in callers:
        caller._client = httpx.Client(transport=httpx.MockTransport(vendor), headers=caller._client.headers)
        caller._pacer = Pacer(limits_of(limits).windows, clock=clock.now, sleep=clock.sleep)
    if kind == "mailchimp":
        place._reading_answers = httpx.Client(transport=httpx.MockTransport(vendor.archive))
    place.prepare = lambda _: None
    return place, vendor


def chain(kind: str, job_seconds: float) -> float:
    """Seconds for which one batch waits for answers, one after another."""
    return ONE_AFTER_ANOTHER.get(kind, 1) * ANSWER + (job_seconds if kind in ONE_AFTER_ANOTHER else 0.0)


def allowed_seconds(kind: str, vendor: Vendor, width: int, job_seconds: float) -> tuple[float, float]:
    """What the published limits allow at best with `width` calls at once, and with as many as the vendor lets; looking up profiles has a
    limit of its own, 700 a minute.
    """
    calls = vendor.calls - vendor.looked_up - vendor.in_vain
    paced = max((calls / most * seconds for most, seconds in limits_of(kind).windows), default=0.0)
    at_once = CONNECTIONS.get(kind, calls)
    both = (max(paced, calls * ANSWER / many, chain(kind, job_seconds)) for many in (width, at_once))
    alone, vendors = (one + vendor.looked_up * 60 / 700 for one in both)
    return alone, vendors


def measured(kind: str, release: Release, folder: Path, customers: int, job_seconds: float) -> str:
    """The numbers of one destination."""
    clock = Clock()
    place, vendor = played(kind, clock, job_seconds)
    told: dict[str, Any] = {"state_folder": folder / "state", "max_change_share": 1.0}
    forecast = synchronise(release, place, "customer_scores", **told).forecast_seconds
    began, worked = clock.now(), clock.worked
    with patch.object(book, "time", SimpleNamespace(monotonic=clock.now)):
        report = synchronise(release, place, "customer_scores", live=True, **told)
    took, own = clock.now() - began, clock.worked - worked
    clock.end()
    assert report.outcomes["acknowledged"] == customers, (kind, report.outcomes, report.refused)
    limits, vendors = allowed_seconds(kind, vendor, place.width(customers), job_seconds)
    clock = Clock()
    alone, _ = played(kind, clock, job_seconds)
    bare, bare_work = bare_sync.seconds(alone, release.table_file("sync_"), customers, clock)
    clock.end()
    least = max(limits, bare_work + chain(kind, job_seconds))
    numbers = (forecast, took, own, limits, vendors, least, took / least, bare, took / bare)
    shown = "".join(f"{number:>10.{places}f}" for number, places in zip(numbers, (0, 1, 1, 1, 1, 1, 2, 1, 2), strict=True))
    return f"{kind:<12}{vendor.calls:>10,}{vendor.refused:>10}{shown}"


def main() -> None:
    """Send everyone to every destination."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--only", choices=OPTIONS)
    parser.add_argument("--job-seconds", type=float, default=0.0)
    options = parser.parse_args()
    headings = "".join(
        f"{name:>10}"
        for name in ("calls", "429", "forecast", "achieved", "own work", "limits", "vendor's", "least", "ratio", "bare", "ratio")
    )
    print(f"{options.customers:,} customers; seconds\n{'':<12}{headings}")
    with TemporaryDirectory() as folder:
        release = Release(Path(folder), options.customers)
        for kind in [options.only] if options.only else OPTIONS:
            print(measured(kind, release, Path(folder), options.customers, options.job_seconds), flush=True)


if __name__ == "__main__":
    main()
