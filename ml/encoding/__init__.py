"""Raw customer columns of any type, turned into one float matrix that linear models and trees can both use.

Comes in: a pandas frame as it lies in the warehouse. Goes out: `Encoder` (JSON-able) and its matrices.
"""

from __future__ import annotations

from ml.encoding.encoder import Column, Encoder
from ml.encoding.parsed import Parsed, parse, require_frame

__all__ = ["Column", "Encoder", "Parsed", "parse", "require_frame"]
