"""A release of scored customers, and a destination that tells ids of its own."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa

COLUMNS = """customer_key VARCHAR, external_id VARCHAR, email VARCHAR, churn_probability DOUBLE, plan VARCHAR, is_erased BOOLEAN,
    can_profile BOOLEAN"""


class Release:
    """One audience, and who may be profiled: keys of `allowed`."""

    def __init__(self, folder, rows, night, allowed=()):
        self.id, self.created_at = f"r{night}", datetime(2026, 2, 1, night % 24, night // 24, tzinfo=UTC)
        self.folder = folder
        self.tables = ("sync_fake__scores", "dim_customers", "customer_360") if allowed else ("sync_fake__scores",)
        keys = sorted(set(allowed))
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE sync_fake__scores ({COLUMNS})")
            if rows:  # as one table: a row at a time takes a second for a thousand
                connection.register("listed", pa.table({f"c{at}": list(column) for at, column in enumerate(zip(*rows, strict=True))}))
                connection.execute("INSERT INTO sync_fake__scores FROM listed")
            connection.execute(
                "CREATE TABLE dim_customers AS SELECT unnest($keys::VARCHAR[]) AS customer_key, false AS is_erased", {"keys": keys}
            )
            connection.execute(
                "CREATE TABLE customer_360 AS SELECT unnest($keys::VARCHAR[]) AS customer_key, true AS can_profile", {"keys": keys}
            )
            for table in self.tables:
                connection.execute(f"COPY {table} TO '{self.table_file(table)}' (FORMAT parquet)")

    def table_file(self, name):
        return self.folder / f"{self.id}_{name}.parquet"


def customer(number, score=0.5, email=True):
    return [f"k{number}", f"x{number}", f" X{number}@Example.com" if email else None, score, "pro", False, True]
