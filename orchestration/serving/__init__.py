"""Serving further: the published release in other places than this machine, for tools that cannot read its files.

Comes in: a release and the settings of its targets. Goes out: the same tables in PostgreSQL, or the same files in an object store.
A target sees a whole release or the one before it, never a part; sending a release again that is there already changes nothing.
"""

from collections.abc import Callable

from orchestration.serving import object_store, postgres
from orchestration.serving.base import Served, ServingError

SERVERS: dict[str, Callable[..., Served]] = {"postgres": postgres.serve, "parquet": object_store.serve}

__all__ = ["SERVERS", "Served", "ServingError"]
