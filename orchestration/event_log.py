"""Dagster's storage of runs and events in SQLite, with connections that stay open from one event to the next.

Dagster's own opens and closes the file for each of the thousands of events of a night, and whoever closes a write-ahead journal last
empties it onto the disk: a third of a small night. Events that Dagster hands over together are one transaction. Files, tables and
everything that reads them are Dagster's own.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event, inspect
from sqlalchemy.engine import Connection, Engine

_OPEN_AT_ONCE = 4  # the index, the run that goes on, and what somebody looks at in the UI
_BUSY_SECONDS = 60.0  # another process may be writing


class PooledEventLog(SqliteEventLogStorage):
    """Events as Dagster keeps them, a file a run and an index; the files last used stay open."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._engines_lock = threading.Lock()  # the UI asks in many threads
        self._batch = threading.local()  # of the thread that stores events together: the connections it holds, and when they close
        super().__init__(base_dir, inst_data=inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        held: dict[str, Connection] | None = getattr(self._batch, "held", None)
        if held is None:
            with self._db_lock, self._engine(shard).begin() as connection:
                yield connection
            return
        if shard not in held:
            held[shard] = self._batch.end.enter_context(self._engine(shard).begin())
        yield held[shard]

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """All of them in one transaction a file; before its first step a run writes down each of the hundreds of things it intends."""
        with self._db_lock, ExitStack() as self._batch.end:
            self._batch.held = {}
            try:
                super().store_event_batch(events)
            finally:
                self._batch.held = None

    def _engine(self, shard: str) -> Engine:
        with self._engines_lock:
            if shard not in self._engines:
                self._engines[shard] = self._opened(shard)
                while len(self._engines) > _OPEN_AT_ONCE:
                    self._engines.popitem(last=False)[1].dispose()
            self._engines.move_to_end(shard)
            return self._engines[shard]

    def _opened(self, shard: str) -> Engine:
        engine = create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _flush_less)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        return engine

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table of that name; asked for also while a connection is held, so that it must not wait for it."""
        return inspect(self._engine(INDEX_SHARD_NAME)).has_table(table_name)

    def delete_events(self, run_id: str) -> None:
        """Forget the events of a run; its file is let go."""
        super().delete_events(run_id)
        with self._engines_lock:
            if engine := self._engines.pop(run_id, None):
                engine.dispose()

    def dispose(self) -> None:
        """Close what is open."""
        super().dispose()
        with self._engines_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


class PooledStorage(DagsterSqliteStorage):
    """Dagster's storage under `base_dir`, in the files in which it would keep it itself; named in the home's dagster.yaml."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data=inst_data)
        self._event_log_storage = PooledEventLog(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> PooledStorage:
        """The storage that the configuration names."""
        return cls(inst_data=inst_data, **config_value)


def _flush_less(connection: sqlite3.Connection, _: object) -> None:
    # A write-ahead journal stays whole without a flush at every commit; with one, every event waits for the disk.
    connection.execute("PRAGMA synchronous = NORMAL")
