"""Customers with addresses, and a destination that knows people by them."""

from datetime import UTC, datetime

import duckdb

from orchestration.destinations.base import Answer, Destination, Found, Outcome, Result, sought
from orchestration.destinations.limits import Limits

USUAL = {"max_change_share": 1, "live": True, "overrides": ("empty_audience", "audience_shrank")}


class Release:
    """Customers by number → address and plan, who are the audience; `others`: customers outside of it by number → address."""

    def __init__(self, folder, customers, night, kind="fake", others=None):
        self.id, self.created_at = f"r{night}", datetime(2026, 2, 1, night % 24, night // 24, tzinfo=UTC)
        self.tables, self._folder = (f"sync_{kind}__scores", "dim_customers"), folder
        columns = "customer_key VARCHAR, external_id VARCHAR, email VARCHAR, plan VARCHAR, is_erased BOOLEAN, can_profile BOOLEAN"
        consents = ", can_email BOOLEAN, can_sms BOOLEAN, can_push BOOLEAN"
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE audience ({columns}{consents})")
            for number, (address, plan) in customers.items():
                row = [f"k{number}", f"x{number}", f"{address}@example.com", plan, False, True, True, True, True]
                connection.execute("INSERT INTO audience VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute(f"COPY audience TO '{self.table_file(self.tables[0])}' (FORMAT parquet)")
            connection.execute(
                "CREATE TABLE everybody (customer_key VARCHAR, primary_email_hash VARCHAR, is_erased BOOLEAN, can_profile BOOLEAN)"
            )
            for number, address in ({number: address for number, (address, _) in customers.items()} | (others or {})).items():
                connection.execute("INSERT INTO everybody VALUES (?, ?, false, true)", [f"k{number}", f"pseudonym of {address}"])
            connection.execute(f"COPY everybody TO '{self.table_file('dim_customers')}' (FORMAT parquet)")

    def table_file(self, table):
        return self._folder / f"{self.id}.{table}.parquet"


class ByAddress(Destination):
    """Has records with an address each; upserts by address, updates by its own id, and loses answers as told."""

    type, channels, name, address, needs_email = "fake", (), "fake", "memory", True
    limits = Limits(max_records=2, max_bytes=100_000, max_record_bytes=1_000)

    def __init__(self):
        self.records, self.loses, self.sent, self.finds = {}, False, [], False

    def preflight(self):
        """Always fine."""

    def send(self, batch):
        self.sent.append([f"{record.external_id} {record.operation}" for record in batch.records])
        outcomes = [self._one(record) for record in batch.records]
        is_lost = self.loses is True or self.loses == batch.records[-1].operation
        return Answer(batch.outcomes(Result.UNKNOWN, "lost")) if is_lost else Answer(outcomes)

    def _one(self, record):
        if record.by_remote_id:
            found = record.remote_id if record.remote_id in self.records else None
        else:
            found = next((one for one, (address, _) in self.records.items() if address == record.email), None)
        if found is None and (record.by_remote_id or record.operation == "clear"):
            return Outcome(record.external_id, Result.ACKNOWLEDGED if record.operation == "clear" else Result.SUPPRESSED, "not_there")
        found = found or f"id{len(self.records)}"
        self.records[found] = (self.records.get(found, (record.email,))[0], {**self.records.get(found, ("", {}))[1], **record.fields})
        return Outcome(record.external_id, Result.ACKNOWLEDGED, remote_id=found)

    def find(self, customer_keys, since=None):
        """As HubSpot: by the key, where one record has it."""
        told = [(fields.get("customer_key"), Found(found, address)) for found, (address, fields) in self.records.items()]
        return sought(told if self.finds else (), customer_keys, is_all=self.finds and since is None)

    @property
    def holding(self):
        """Address of a record → whose fields it has."""
        return {address: fields["customer_key"] for address, fields in self.records.values() if fields.get("plan") is not None}
