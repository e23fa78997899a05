"""Who is who in the example company, beside who they really are: as its records come, and spelt as carelessly as people spell."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
from harness import empty_warehouse, project

LANDED = {"_source": "'files'", "_load_id": "'20261101T020000.000000Z'", "_row_number": "row_number() OVER ()"}
# Every other record: capitals and a tag in the address, the number as it is dialled inside the country.
CARELESS = {
    "email": "CASE WHEN {other} THEN upper(replace(email, '@', '+crm@')) || ' ' ELSE email END",
    "phone": "CASE WHEN {other} THEN regexp_replace(phone, '^[+](1|44|49|43|33|34)', '') ELSE phone END",
}


def landed(acme, *, careless: bool) -> duckdb.DuckDBPyConnection:
    """The people of the example in a warehouse, without the planted bad rows."""
    connection = empty_warehouse()
    for table, key in (("crm_customers", "customer_id"), ("billing_customers", "billing_customer_id")):
        connection.register("exported", acme.connection.sql(f"FROM good_{table}").df())
        exported = {name for name, *_ in connection.execute("DESCRIBE exported").fetchall()}
        chosen = []
        for name, kind, *_ in connection.execute(f"DESCRIBE landing.{table}").fetchall():
            value = LANDED.get(name, name if name in exported else "NULL")
            if careless and name in CARELESS and name in exported:
                value = CARELESS[name].format(other=f"hash({key}) % 2 = 0")
            chosen.append(f"CAST({value} AS {kind}) AS {name}")
        connection.execute(f"CREATE TABLE landing.made AS SELECT {', '.join(chosen)} FROM exported")
        connection.execute(f"DROP VIEW landing.{table}; ALTER TABLE landing.made RENAME TO {table}")
        connection.unregister("exported")
    return connection


@pytest.mark.parametrize("careless", [False, True], ids=["as exported", "spelt carelessly"])
def test_pairs_of_records_are_told_as_they_are(acme, careless: bool) -> None:
    """Precision and recall over pairs of records. Every duplicate shares an address, a number or a statement with its primary."""
    with landed(acme, careless=careless) as connection:
        project().build(connection, ["customer_identities"], "2026-10-31")
        connection.register("truth", acme.connection.sql("FROM true_identities").df())
        true, said, right = connection.sql("""
            WITH records AS (
                SELECT record_type || source_customer_id AS record, person_id, customer_key
                FROM marts.customer_identities JOIN truth USING (record_type, source_customer_id) WHERE valid_to IS NULL
            )
            SELECT count_if(one.person_id = other.person_id), count_if(one.customer_key = other.customer_key),
                count_if(one.person_id = other.person_id AND one.customer_key = other.customer_key)
            FROM records AS one JOIN records AS other
                ON one.record < other.record AND (one.person_id = other.person_id OR one.customer_key = other.customer_key)
            """).fetchall()[0]
    assert true > 2_000
    assert right / said >= 0.999, f"precision over {said} pairs"
    assert right / true >= 0.98, f"recall over {true} pairs"
