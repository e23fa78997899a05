"""SQL: tables and views of a database.

Comes in: a URL, and of each input table where it lies and what its columns are called there. Goes out: any input table. `source.py` says
what is read and when; `postgres.py` reads PostgreSQL as Arrow, `databases.py` whatever else SQLAlchemy has a driver for.
"""

from orchestration.sources.sql.source import Sql

__all__ = ["Sql"]
