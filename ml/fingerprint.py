"""What a fit depends on as one hash: the rows it learns from, the settings that steer it, and the code that does it.

Comes in: the training frame in its final order, and settings. Goes out: 64 hexadecimal digits. Two fits with the same
fingerprint give the same model, so the second need not be done. Everything counts that might matter: names, order and types
of columns, every value, every source file of this package, the versions of the libraries. The index of the frame does not.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy")
_PACKAGE = Path(__file__).parent


def fingerprint(rows: pd.DataFrame, **settings: Any) -> str:
    """The hash of a fit on `rows`, in this order, with `settings` (JSON-able)."""
    libraries = {name: version(name) for name in _LIBRARIES}
    digest = hashlib.sha256(json.dumps([settings, libraries, code_hash(), len(rows)], sort_keys=True).encode())
    for name in rows.columns:
        values = rows[name]
        digest.update(json.dumps([str(name), str(values.dtype)]).encode())
        digest.update(_content(values))
    return digest.hexdigest()


@cache
def code_hash() -> str:
    """The hash of every source file of this package."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(_PACKAGE).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _content(values: pd.Series) -> bytes:
    """Every value of a column; what is missing is the same however it is written down."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "biufmM":
        numbers = values.to_numpy()
        return np.where(np.isnan(numbers), np.nan, numbers).tobytes() if values.dtype.kind == "f" else numbers.tobytes()
    codes, distinct = pd.factorize(values)
    texts = [f"{type(value).__name__} {value}" for value in distinct]
    return codes.astype(np.int64).tobytes() + json.dumps(texts).encode()
