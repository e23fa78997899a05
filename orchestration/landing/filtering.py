"""People who were erased, kept from landing again: what a source hands over is cleared of them before it is compared or written.

Comes in: the batches of one table. Goes out: the same without those rows; how many there were is kept in the position of each part, as
`erased`, so that everything a source holds stays accounted for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from orchestration.contract import RECORD_TABLES, Table
from orchestration.landing.contacts import emptying, learn_contacts
from orchestration.landing.log import LandingLog
from orchestration.landing.mentions import without_mentions
from orchestration.landing.persons import NOBODY, is_erased, learn
from orchestration.landing.texts import without_old_texts
from orchestration.landing.tombstones import Tombstones
from orchestration.landing.written import parquet
from orchestration.sources.base import Batch, Bench
from orchestration.sql_text import literal


class Filter:
    """Clears the batches of one run of one source; nothing is read twice where nobody was ever erased."""

    def __init__(self, tombstones: Tombstones | None, log: LandingLog, bench: Bench, texts_from: date | None = None) -> None:
        self._tombstones, self._log, self._bench, self._texts_from = tombstones, log, bench, texts_from
        self._crm_ids = NOBODY
        if tombstones is not None and tombstones.hashes:
            tombstones.show(bench.connection)
            self._crm_ids = self._landed_ids("crm_customers")

    def cleared(self, table: Table, batches: list[Batch]) -> list[Batch]:
        """`batches` without the rows of people who were erased, and without texts that are too old to be kept."""
        if self._texts_from is not None:
            batches = without_old_texts(self._bench.connection, table, batches, self._texts_from)
        filled = [str(batch.data) for batch in batches if batch.status == "changed" and batch.data and batch.rows]
        if self._tombstones is None or not self._tombstones.hashes or not filled:
            return batches
        relation = parquet(filled)
        condition = self._condition(self._tombstones, table, relation)
        cleared = [
            self._batch(table, batch, condition) if str(batch.data) in filled else batch for batch in batches
        ]  # in place: `relation` follows
        if table.name == "crm_customers":
            self._crm_ids += f" UNION ALL SELECT customer_id AS id FROM {relation}"
        return cleared

    def _condition(self, tombstones: Tombstones, table: Table, relation: str) -> str:
        run = self._bench.connection
        condition = is_erased(run, tombstones, relation, table, self._log.source, self._crm_ids)
        if table.name in RECORD_TABLES:
            known = self._landed_ids(table.name)
            while learn(run, tombstones, relation, table, self._log.source, condition, known):
                condition = is_erased(run, tombstones, relation, table, self._log.source, self._crm_ids)
            learn_contacts(run, tombstones, relation, table, self._log.source, known)
        return condition

    def _empty(self, table: Table, path: Path) -> None:
        """The records of contacts stay, without what is theirs; their hash is that of the row as the source has it."""
        if table.name != "crm_customers":
            return
        assert self._tombstones is not None  # else nothing is cleared
        run, relation = self._bench.connection, parquet([str(path)])
        columns = [name for name, *_ in run.execute(f"DESCRIBE FROM {relation}").fetchall()]
        emptied = emptying(run, self._tombstones, relation, table, self._log.source, columns)
        if emptied.columns:
            target = path.with_suffix(".emptied")
            query = f"SELECT * REPLACE ({', '.join(emptied.replacements())}) FROM {relation}"
            run.execute(f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet)")
            target.replace(path)

    def _batch(self, table: Table, batch: Batch, condition: str) -> Batch:
        assert batch.data is not None  # it was read just now
        assert self._tombstones is not None  # else nothing is cleared
        run, relation = self._bench.connection.execute, parquet([str(batch.data)])
        self._empty(table, batch.data)
        without_mentions(self._bench.connection, self._tombstones, table, batch)
        counted = run(f"SELECT count(*) FROM {relation} WHERE {condition}").fetchone()
        if counted is None or not counted[0]:
            return batch
        target = batch.data.with_suffix(".cleared")
        run(f"COPY (SELECT * FROM {relation} WHERE NOT {condition}) TO {literal(str(target))} (FORMAT parquet)")
        target.replace(batch.data)
        return replace(batch, rows=batch.rows - counted[0], position={**batch.position, "erased": counted[0]})

    def _landed_ids(self, table: str) -> str:
        landed = self._log.files(table)
        return f"SELECT {RECORD_TABLES[table]} AS id FROM {parquet(landed)}" if landed else NOBODY
