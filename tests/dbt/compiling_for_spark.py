"""The project as dbt would write it for Spark, whose adapter is an extra: dispatch macros, types and quotes are Spark's.

`python -m tests.dbt.compiling_for_spark MANIFEST`, with a line of standard input as tests/oracle/compiling.py takes it.
"""

from __future__ import annotations

import sys

from tests.oracle import compiling


def main(manifest_path: str) -> int:
    """Compile as compiling.py does, after the adapter was told to speak Spark's dialect where it does not know it itself."""
    from dbt.adapters.base.column import Column
    from dbt.adapters.duckdb.impl import DuckDBAdapter
    from dbt.context.providers import BaseDatabaseWrapper

    BaseDatabaseWrapper._get_adapter_macro_prefixes = lambda _: ["spark", "default"]
    Column.TYPE_LABELS = {"STRING": "STRING"}
    DuckDBAdapter.quote = classmethod(lambda _, name: f"`{name}`")
    return compiling.main(manifest_path)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
