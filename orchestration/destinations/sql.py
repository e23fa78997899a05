"""SQL: scores as rows of a table in a database, upserted (PostgreSQL, MySQL, MariaDB and SQLite).

Comes in: batches. Goes out: one table an audience, `crmp_<audience>`, made when it is missing, with a row a customer: `external_id` (its
key), the audience's fields, `release_id`, `synced_at`. A field that is missing becomes a column. A batch is one transaction. A customer who
is cleared keeps the row, with every field NULL. With mode `update_only` no row is made. No other table is touched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from orchestration.destinations.base import Answer, Batch, Destination, DestinationError, Holdings, Outcome, Record, Result
from orchestration.destinations.databases import Database
from orchestration.destinations.databases_errors import BadValueError, DatabaseError, InDoubtError, OutOfReachError
from orchestration.destinations.databases_kinds import opened
from orchestration.destinations.fields import FORMER, PREFIX
from orchestration.destinations.limits import Limits, limits_of
from orchestration.destinations.sql_reading import holdings
from orchestration.sql_text import identifier, literal

_KINDS = {"number": "DOUBLE PRECISION", "boolean": "BOOLEAN", "date": "DATE", "time": "TIMESTAMP"}
_KEY, _OWN = "external_id", {"release_id": "TEXT", "synced_at": "TIMESTAMP"}


class SqlDestination(Destination):
    """A database."""

    type: ClassVar[str] = "sql"
    channels: tuple[str, ...] = ()
    limits: ClassVar[Limits] = limits_of("sql")
    reading: ClassVar[Limits | None] = limits

    def __init__(self, *, name: str, url: str, schema: str | None = None, mode: str = "upsert", consent: Sequence[str] = ()) -> None:
        self.name, self._schema, self._updates, self.channels = name, schema, mode == "update_only", tuple(consent)
        self._kinds: Mapping[str, str] = {}
        self._database: Database = opened(name, url)

    @property
    def address(self) -> str:
        """The URL without user and password."""
        return self._database.address

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def our_name(self, field: str) -> str:
        """A column."""
        return field

    def preflight(self) -> None:
        """Check that the database lets us in."""
        try:
            self._database.asked("SELECT 1")
        except DatabaseError as error:
            raise DestinationError(f"destination {self.name}: {self.address} does not let us in ({error})") from None

    def prepare(self, kinds: Mapping[str, str]) -> None:
        """Remember the fields' kinds: the table is made with the first batch, which names the audience."""
        self._kinds = kinds

    def send(self, batch: Batch) -> Answer:
        """Write the batch in one transaction; where a record is at fault, one by one."""
        if not batch.records:
            return Answer([], calls=0)
        try:
            table, columns = self._table(batch)
            return Answer(self._written(table, columns, batch, batch.records))
        except BadValueError:
            return self._one_by_one(table, columns, batch)
        except DatabaseError as error:
            return _refused(batch.records, error)

    def held(self, audience: str, records: Sequence[Record]) -> Holdings:
        """What the rows of the audience's table hold; without a table nobody has one."""
        names = list(self.as_held(records[0]))
        return holdings(self._database, self._table_of(audience), _KEY, names, records, self.limits.max_records)

    def as_held(self, record: Record) -> Mapping[str, Any]:
        """As it is written, lists as JSON."""
        return {self.name_of(field): _as_text(value) if isinstance(value, list) else value for field, value in record.fields.items()}

    def _one_by_one(self, table: str, columns: Mapping[str, str], batch: Batch) -> Answer:
        outcomes: list[Outcome] = []
        for number, record in enumerate(batch.records):
            try:
                outcomes += self._written(table, columns, batch, [record])
            except BadValueError as error:
                outcomes.append(Outcome(record.external_id, Result.REJECTED, str(error)))
            except DatabaseError as error:
                refused = _refused(batch.records[number:], error)
                return replace(refused, outcomes=outcomes + refused.outcomes)
        return Answer(outcomes)

    def _written(self, table: str, columns: Mapping[str, str], batch: Batch, records: Sequence[Record]) -> list[Outcome]:
        there = self._there(table, records)
        # Who is not there has nothing left to clear; with update_only nobody is made.
        kept = [one for one in records if one.external_id in there or not (self._updates or one.makes_nobody)]
        statement = self._database.upsert(table, list(columns))
        rows = [_row(columns, batch, record, {self.name_of(field): value for field, value in record.fields.items()}) for record in kept]
        if rows:
            self._database.write(statement, rows, columns)
        written = {record.external_id for record in kept}
        return [_outcome(record, record.external_id in written) for record in records]

    def _there(self, table: str, records: Sequence[Record]) -> set[str]:
        if not self._updates and not any(record.makes_nobody for record in records):
            return set()
        ids = ", ".join(literal(record.external_id) for record in records)
        return {row[0] for row in self._database.asked(f"SELECT external_id FROM {table} WHERE external_id IN ({ids})")}

    def _table(self, batch: Batch) -> tuple[str, dict[str, str]]:
        """The audience's table and its columns with their types, made or widened where it lacks something."""
        kinds = self._kinds or dict.fromkeys(batch.records[0].fields, "text")
        of_fields = {self.name_of(field): _KINDS.get(kind, "TEXT") for field, kind in kinds.items() if not field.startswith(FORMER)}
        columns, table = {_KEY: "TEXT", **of_fields, **_OWN}, self._table_of(batch.audience)
        wanted = ", ".join(f"{identifier(name)} {self._declared(name, kind)}" for name, kind in columns.items())
        self._database.run(f"CREATE TABLE IF NOT EXISTS {table} ({wanted}){self._database.made_as}")
        there = self._database.columns(table)
        for name in set(columns) - there:
            self._database.run(f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {self._declared(name, columns[name])}")
        former = {self.name_of(field) for field in batch.records[0].fields if field.startswith(FORMER)} & there
        return table, {**columns, **{name: _KINDS.get(self.kinds.get(f"{FORMER}{name}", ""), "TEXT") for name in former - set(columns)}}

    def _declared(self, name: str, kind: str) -> str:
        return f"{self._database.declared_key} PRIMARY KEY" if name == _KEY else self._database.declared.get(kind, kind)

    def _table_of(self, audience: str) -> str:
        return (f"{identifier(self._schema)}." if self._schema else "") + identifier(f"{PREFIX}{audience}")


def _refused(records: Sequence[Record], error: DatabaseError) -> Answer:
    """What becomes of records where not a value is at fault: a right, a type of a column, room, the connection."""
    if isinstance(error, InDoubtError):
        return Answer([Outcome(record.external_id, Result.UNKNOWN, "no_answer") for record in records])
    out_of_reach = isinstance(error, OutOfReachError)
    stop = "is out of reach" if out_of_reach else "refuses us; check what its role may do, and the types of the table's columns"
    code = "no_connection" if out_of_reach else "refused"
    return Answer([Outcome(record.external_id, Result.RETRYABLE, code) for record in records], stop=f"the database {stop} ({error})")


def _row(columns: Mapping[str, str], batch: Batch, record: Record, fields: Mapping[str, Any]) -> list[Any]:
    own = {"external_id": record.external_id, "release_id": batch.release_id, "synced_at": datetime.now(UTC).replace(tzinfo=None)}
    return [own[name] if name in own else _value(fields.get(name), kind) for name, kind in columns.items()]


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "DATE":
        return date.fromisoformat(value)
    if kind == "TIMESTAMP":
        return datetime.fromisoformat(value).replace(tzinfo=None)
    if kind == "TEXT":
        return _as_text(value)
    return float(value) if kind == "DOUBLE PRECISION" else value


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _outcome(record: Record, written: bool) -> Outcome:
    if written or record.operation == "clear":
        return Outcome(record.external_id, Result.ACKNOWLEDGED)
    return Outcome(record.external_id, Result.SUPPRESSED, "not_there")
