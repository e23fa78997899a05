"""A release of one night, and a destination that remembers what it was sent."""

from datetime import UTC, datetime

import duckdb

COLUMNS = """customer_key VARCHAR, external_id VARCHAR, churn_probability DOUBLE, plan VARCHAR, as_of_date DATE, is_erased BOOLEAN,
    can_profile BOOLEAN"""


class Nightly:
    """A release with one audience, as `rows` have it."""

    def __init__(self, folder, rows, night=1, table="sync_fake__customer_scores", columns=COLUMNS):
        self.id, self.created_at, self.tables = f"r{night}", datetime(2026, 2, night, tzinfo=UTC), (table,)
        self.file = folder / f"{self.id}.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE audience ({columns})")
            connection.executemany(f"INSERT INTO audience VALUES ({', '.join('?' * len(rows[0]))})", rows) if rows else None
            connection.execute(f"COPY audience TO '{self.file}' (FORMAT parquet)")

    def table_file(self, name):
        assert name in self.tables
        return self.file


def customer(number, score=0.5, plan="pro", erased=False, withdrawn=False, as_of="2026-01-31"):
    return [f"k{number}", f"x{number}", score, plan, as_of, erased, None if withdrawn is None else not withdrawn]


def log(tmp_path):
    query = f"SELECT external_id, outcome, code, release_id FROM '{tmp_path}/state/sync_log/*.parquet' ORDER BY attempted_at, external_id"
    return duckdb.execute(query).fetchall()
