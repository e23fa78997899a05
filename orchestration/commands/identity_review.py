"""`review-identities`: probable pairs of customers into the warehouse's `ops.identity_proposals`, for somebody to look at.

Comes in: the customers of the last night. Goes out: proposals; nobody is merged. Whoever agrees merges the records in the CRM, and the next
night follows. Splink does the work where it is installed; without it nothing happens but a line that says so.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from ml import identity_review
from orchestration import warehouse
from orchestration.home import Home, HomeError
from orchestration.settings import Settings

SKIPPED = "Skipped: Splink is not installed. `.venv/bin/uv pip install --group identity` adds it; nightly runs never need it."

# Deleted customers have nobody to merge with, and of erased ones nothing may be compared.
_CUSTOMERS = """
    SELECT customers.customer_key, customers.full_name, customers.company_name, customers.country, customers.birth_year,
        min(records.email_key) AS email_key, min(records.phone_key) AS phone_key
    FROM intermediate.int_customers AS customers
    JOIN intermediate.int_customer_identities AS identities USING (customer_key)
    JOIN intermediate.int_identity_records AS records USING (source_name, record_type, source_customer_id)
    WHERE NOT customers.is_deleted AND NOT customers.is_erased
    GROUP BY ALL ORDER BY customer_key"""


def review(settings: Settings, least_probability: float = 0.9) -> str:
    """Propose, and say in one line what was done. Raises HomeError while a night runs, or when none has run yet."""
    if not identity_review.is_available():
        return SKIPPED
    home = Home(settings.home)
    if not home.warehouse.exists():
        raise HomeError(f"{home.root}: no night has run yet; `python -m orchestration run` makes the first")
    with home.exclusive("a review of identities"):
        tuning = settings.tuning
        with warehouse.connect(home.warehouse, memory_gib=tuning.memory_gib, threads=tuning.threads) as connection:
            found = propose(connection, least_probability)
    return f"{found:,} probable pairs of customers are in ops.identity_proposals of {home.warehouse}; nobody was merged."


def propose(connection: duckdb.DuckDBPyConnection, least_probability: float) -> int:
    """Replace the proposals in the warehouse; returns how many there are. Raises HomeError before the first customers are built."""
    warehouse.prepare(connection)
    if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'int_customers'").fetchone():
        raise HomeError("the warehouse holds no customers yet; run the night to its end, then ask again")
    customers = connection.execute(_CUSTOMERS).df()
    proposals = identity_review.propose(customers, least_probability=least_probability)
    warehouse.write_proposals(connection, pa.Table.from_pandas(proposals, preserve_index=False))
    return len(proposals)
