"""A warehouse whose landing takes rows one by one, and the landing gate for them."""

from datetime import date

import duckdb

from orchestration import warehouse
from orchestration.contract import INPUT_TABLES
from orchestration.gates import quarantine

NIGHT = date(2026, 1, 31)
CURRENCIES = "dbt_project/seeds/currencies.csv"
GOOD = {
    "crm_customers": {"customer_id": "c1", "created_at": "2025-01-01", "email": "ann@example.com"},
    "crm_consents": {"customer_id": "c1", "channel": "email", "purpose": "marketing", "status": "granted", "recorded_at": "2025-02-01"},
    "crm_interactions": {"interaction_id": "i1", "customer_id": "c1", "occurred_at": "2025-02-01", "channel": "email", "kind": "opened"},
    "crm_campaigns": {"campaign_id": "k1", "started_at": "2025-02-01", "cost_amount": 10},
    "crm_actions": {"action_id": "a1", "customer_id": "c1", "action": "nothing", "decided_at": "2025-02-01", "propensity": 0.5},
    "billing_customers": {"billing_customer_id": "b1"},
    "billing_subscriptions": {"subscription_id": "s1", "billing_customer_id": "b1", "status": "active", "started_at": "2025-01-01"},
    "billing_payments": {
        "payment_id": "p1",
        "billing_customer_id": "b1",
        "kind": "payment",
        "status": "succeeded",
        "occurred_at": "2025-02-01",
        "amount": 12.5,
        "currency": "usd",
    },
    "survey_responses": {
        "response_id": "r1",
        "customer_id": "stranger",
        "metric": "nps",
        "score": 9,
        "scale_min": 0,
        "scale_max": 10,
        "responded_at": "2025-02-01",
    },
    "exchange_rates": {"currency": "EUR", "rate_date": "2025-01-01", "rate_to_reporting": 1.1},
}


class Landed:
    """A warehouse in memory whose landing views are tables, so that rows can be landed one by one."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        warehouse.prepare(self.connection)
        for table in INPUT_TABLES.values():
            columns = {column.name: column.duckdb_type for column in table.columns} | warehouse.LANDING_COLUMNS
            declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            self.connection.execute(f"CREATE TABLE landing.{table.name} ({declared})")

    def land(self, table: str, *rows: dict, load: str = "1", source: str = "files", **values: object) -> None:
        """Rows of one load: the table's good row, changed by `rows` and `values`."""
        for row in rows or ({},):
            (number,) = self.connection.execute(
                f"SELECT count(*) + 1 FROM landing.{table} WHERE _load_id = ? AND _source = ?", [load, source]
            ).fetchone()
            full = {**GOOD[table], **row, **values, "_source": source, "_load_id": load, "_row_number": number}
            names = ", ".join(f'"{name}"' for name in full)
            self.connection.execute(f"INSERT INTO landing.{table} ({names}) VALUES ({', '.join('?' * len(full))})", list(full.values()))

    def examine(self, as_of: date = NIGHT, **options: object) -> list[quarantine.TableCounts]:
        return quarantine.examine(self.connection, **{"as_of": as_of, "max_amount": 1e6, "currencies": CURRENCIES, **options})

    def waiting(self, columns: str = "table_name, load_id, row_number, rule, column_name") -> list[tuple]:
        return self.connection.execute(f"SELECT {columns} FROM ops.quarantined_rows ORDER BY ALL").fetchall()
