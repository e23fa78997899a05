"""What exports of customers look like."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.contract import INPUT_TABLES

CUSTOMERS = INPUT_TABLES["crm_customers"]
HEADER = "customer_id,created_at,full_name\n"


def parquet(*columns: tuple[str, Any]) -> bytes:
    whole = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(values) for _, values in columns], names=[name for name, _ in columns]), whole)
    return whole.getvalue()


KNOWN = (("customer_id", ["1"]), ("created_at", ["2025-01-01"]))
