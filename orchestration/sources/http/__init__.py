"""Calling the HTTP API of a vendor: limits.toml says how fast, pacing.py keeps to it, client.py asks, refusals.py says what went wrong."""

from orchestration.sources.http.client import Api
from orchestration.sources.http.refusals import RefusedError

__all__ = ["Api", "RefusedError"]
