"""Calling the HTTP API of a vendor: limits.toml says how fast, pacing.py keeps to it, client.py asks, onward.py sees that a list
ends, refusals.py says what went wrong.
"""

from orchestration.sources.http.client import Api
from orchestration.sources.http.onward import Onward
from orchestration.sources.http.refusals import RefusedError, most_likely

__all__ = ["Api", "Onward", "RefusedError", "most_likely"]
