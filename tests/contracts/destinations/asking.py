"""Records that every destination is sent, and how to read what it answered."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

from orchestration.destinations.base import Batch, Job, Record
from tests.fakes.destinations import VENDORS

KINDS = {"churn_probability": "number", "reasons": "list", "plan": "text", "is_vip": "boolean", "as_of_date": "date"}
EMPTY = dict.fromkeys(KINDS)
RECORDS = [
    Record(
        "c1",
        "upsert",
        {"churn_probability": 0.25, "reasons": ["späte Antwort", "🙂"], "plan": None, "is_vip": True, "as_of_date": "2026-01-31"},
        80,
        "c1@example.com",
    ),
    Record("c2", "upsert", {**EMPTY, "plan": "pro"}, 80, "c2@example.com"),
]


BATCH = Batch("a" * 64, "customer_scores", "20260201T010203000000_as_of_20260131", "2026-02-01T01:02:03+00:00", RECORDS)
PERSONAL = ("@example.com", "späte Antwort")
NET = sorted(VENDORS)


def arrived(folder):
    lines = [json.loads(line) for file in sorted(folder.rglob("*.jsonl")) for line in file.read_text().splitlines()]
    return {line.pop("external_id"): {k: v for k, v in line.items() if k not in ("operation", "release_id")} for line in lines}


def rows(file):
    """Fields by external id, of the table; SQLite has no booleans."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        found = {
            row["external_id"]: dict(row)
            for row in connection.execute(
                "SELECT external_id, churn_probability, reasons, plan, is_vip, as_of_date FROM crmp_customer_scores"
            )
        }
    truth = {None: None, 0: False, 1: True}
    return {
        key: {**row, "is_vip": truth[row["is_vip"]], "reasons": row["reasons"] and json.loads(row["reasons"])} for key, row in found.items()
    }


def send(destination, batch=BATCH):
    """The answer, the outcomes of a job waited for."""
    answer = destination.send(batch)
    if not answer.job:
        return answer
    told = {outcome.external_id for outcome in answer.outcomes}
    finished = destination.finish(Job(answer.job, [record for record in batch.records if record.external_id not in told]))
    return replace(finished, outcomes=answer.outcomes + finished.outcomes)


def results(answer):
    return {outcome.external_id: str(outcome.result) for outcome in answer.outcomes}
