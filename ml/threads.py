"""How many threads numerical work may take: no more than pay, whatever else the machine is doing.

BLAS shares even the product of two vectors among all cores, and its threads spin while they wait for each other: on a busy machine
the metrics of 60,000 customers took 22 processor seconds instead of 1.7. And sums that were shared depend on which part came first.
OpenMP, which grows trees, spins as well: among six others on two cores, boosting on 100,000 rows took 12 to 19 processor seconds instead
of 2.7, and seven times as long.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def wait_asleep() -> None:
    """Have OpenMP's threads sleep while they wait, unless the environment says otherwise; read once, when scikit-learn is imported."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@lru_cache(maxsize=1)
def _libraries(modules: int) -> Any:
    """The loaded libraries that have threads, looked for again when Python has read more modules: a search takes 7 ms of the processor."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def quiet_threads(rows: int) -> AbstractContextManager[Any]:
    """One thread for small tables: too little work to share, and threads that wait for each other on a busy machine cost minutes.

    Never more than two: the sum of three partial sums depends on which came first, and a fit that is repeated must give the same digits.
    """
    return _libraries(len(sys.modules)).limit(limits=1 if rows < 50_000 else 2)


def alone(work: Callable[P, R]) -> Callable[P, R]:
    """`work` with products of vectors and matrices on one thread; trees within it take what `quiet_threads` gives them."""

    @wraps(work)
    def worked(*args: P.args, **kwargs: P.kwargs) -> R:
        with _libraries(len(sys.modules)).limit(limits=1, user_api="blas"):
            return work(*args, **kwargs)

    return worked
