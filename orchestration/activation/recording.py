"""What became of records, written into the state.

Comes in: outcomes, and which rows of the plan or of a job they are about. Goes out: acknowledgements, dead letters and attempts, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from orchestration.activation.state import transaction
from orchestration.destinations.base import Outcome, Result
from orchestration.sql_text import literal

# Of what was sent, what is written down: without the fields, which are most of it.
_KNOWN = "external_id, customer_key, operation, payload_hash, remote_id, coarse_hash, address_hash, moved, pseudonym"


def of_plan(first: int, last: int) -> str:
    """SQL for the records `first` to `last` of the plan, for `record`."""
    return f"(SELECT {_KNOWN} FROM plan WHERE number BETWEEN {first} AND {last})"


def of_jobs(jobs: Sequence[str]) -> str:
    """SQL for the records of jobs, no record in two of them, for `record`."""
    return f"(SELECT {_KNOWN} FROM state.jobs WHERE audience = $audience AND job IN ({', '.join(map(literal, jobs))}))"


@dataclass(frozen=True)
class Stamp:
    """What every attempt of one sync is written down with."""

    destination: str
    audience: str
    release_id: str


def record(
    connection: duckdb.DuckDBPyConnection, outcomes: Sequence[Outcome], stamp: Stamp, rows: str, at: datetime
) -> list[tuple[str, str | None, int]]:
    """Write down, in one transaction, what became of `rows` (SQL: of the plan or of a job); returns outcome, code, records."""
    columns = zip(*outcomes, strict=True) if outcomes else [()] * len(Outcome._fields)
    answers = {name: pa.array(values, pa.string()) for name, values in zip(Outcome._fields, columns, strict=True)}
    connection.register("answers", pa.table(answers))
    answered = f"""SELECT sent.*, {_OUTCOME} AS outcome, nullif(code, '') AS code, nullif(told.remote_id, '') AS told_id,
        {_GIVEN_UP} AS given_up FROM (SELECT * RENAME (result AS outcome) FROM answers) AS told JOIN {rows} AS sent USING (external_id)"""

    def run(statement: str) -> None:
        parameters = {**asdict(stamp), "at": at}
        connection.execute(statement, {name: value for name, value in parameters.items() if f"${name}" in statement})

    with transaction(connection):
        run(f"CREATE OR REPLACE TEMP TABLE answered AS {answered}")
        told = connection.execute(_SUMMARY).fetchall()
        happened = {mark for row in told for mark in (row[0], "clear" if row[3] else "", "given up" if row[4] else "")}
        for statement in (one for marks, one in _RECORD if happened & marks):
            run(statement)
    connection.unregister("answers")
    return [row[:3] for row in told]


# The record that was meant is not there any more: the next sync goes by the address. One that is refused for what it shall hold is still
# where it was, and going by the address would make a second one.
_GIVEN_UP = f"sent.moved AND outcome = '{Result.SUPPRESSED}'"
_OUTCOME = f"CASE WHEN {_GIVEN_UP} THEN '{Result.RETRYABLE}' ELSE outcome END"
_SUMMARY = """SELECT outcome, code, count(*), bool_or(operation = 'clear'), coalesce(bool_or(given_up), false)
FROM answered GROUP BY ALL ORDER BY ALL"""
_THIS = "audience = $audience AND external_id IN (SELECT external_id FROM answered"
_TAKEN, _LEFT, _REFUSED, _LATER = (str(one) for one in (Result.ACKNOWLEDGED, Result.SUPPRESSED, Result.REJECTED, Result.RETRYABLE))
_ANY = {str(one) for one in Result}
# What has to have happened for a statement to change anything, and the statement: most batches are taken as they are.
_RECORD: tuple[tuple[set[str], str], ...] = (
    ({_TAKEN}, f"""INSERT INTO state.acknowledged SELECT $audience, external_id, customer_key, operation, payload_hash, $at,
        coalesce(told_id, nullif(remote_id, '')), coarse_hash, address_hash, pseudonym FROM answered WHERE outcome = '{_TAKEN}'"""),
    ({_REFUSED}, f"""CREATE OR REPLACE TEMP TABLE rejected AS SELECT external_id, payload_hash, answered.code, answered.address_hash,
        coalesce(known.first_seen_at, $at) AS first_seen_at, coalesce(known.attempts, 0) + 1 AS attempts, $at AS tried_at FROM answered
        LEFT JOIN (SELECT * FROM state.dead_letters WHERE audience = $audience) AS known USING (external_id, payload_hash)
        WHERE outcome = '{_REFUSED}'"""),
    ({_TAKEN, _REFUSED}, f"DELETE FROM state.dead_letters WHERE {_THIS} WHERE outcome IN ('{_TAKEN}', '{_REFUSED}'))"),
    ({_REFUSED}, "INSERT INTO state.dead_letters BY NAME SELECT $audience AS audience, * FROM rejected"),
    # Who has another address since is looked for from the beginning.
    ({_LEFT}, f"""CREATE OR REPLACE TEMP TABLE missed AS SELECT answered.external_id, answered.address_hash, $at AS asked_at,
        coalesce(times, 0) + 1 AS times FROM answered LEFT JOIN (SELECT * FROM state.absent WHERE audience = $audience) AS known
        ON known.external_id = answered.external_id AND known.address_hash IS NOT DISTINCT FROM answered.address_hash
        WHERE outcome = '{_LEFT}' AND code = 'not_there' AND operation = 'upsert'"""),
    ({_TAKEN, _LEFT}, f"DELETE FROM state.absent WHERE {_THIS} WHERE outcome IN ('{_TAKEN}', '{_LEFT}'))"),
    ({_LEFT}, "INSERT INTO state.absent BY NAME SELECT $audience AS audience, * FROM missed"),
    ({_TAKEN, _LEFT}, f"DELETE FROM state.under_way WHERE {_THIS} WHERE outcome IN ('{_TAKEN}', '{_LEFT}'))"),
    # Only this attempt is known to have changed nothing: one before it, of which nobody knows, may have.
    ({_LATER, _REFUSED}, f"""DELETE FROM state.under_way WHERE rowid IN (SELECT max(rowid) FROM state.under_way
        WHERE {_THIS} WHERE outcome IN ('{_LATER}', '{_REFUSED}')) GROUP BY external_id)"""),
    (_ANY, f"DELETE FROM state.jobs WHERE {_THIS})"),
    # Whoever else was sent to a record that is cleared now is sent again; whoever has moved from one that is not there goes by address.
    ({"clear"}, f"""UPDATE state.acknowledged SET payload_hash = NULL WHERE audience = $audience AND operation = 'upsert'
        AND address_hash IS NOT NULL
        AND remote_id IN (SELECT remote_id FROM answered WHERE operation = 'clear' AND outcome = '{_TAKEN}')"""),
    # Of whom nothing was there and nothing was taken before, nobody has deleted anything.
    ({"clear"}, f"""UPDATE state.acknowledged SET payload_hash = NULL WHERE {_THIS} WHERE operation = 'clear' AND code = 'not_there')
        AND external_id IN (SELECT external_id FROM state.acknowledged GROUP BY external_id HAVING count(*) = 1)"""),
    ({"given up"}, f"UPDATE state.acknowledged SET address_hash = NULL, pseudonym = NULL WHERE {_THIS} WHERE given_up)"),
    (_ANY, """INSERT INTO state.attempts SELECT $destination, $audience, customer_key, external_id, outcome, code, $release_id, $at,
        operation FROM answered"""),
)  # fmt: skip
