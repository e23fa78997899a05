"""What other packages take for BG/NBD on the same histories: `PYTHON benchmarks/rival_clv.py HISTORIES.npz`, which benchmarks/clv.py calls.

PYTHON is one of an environment of its own, in which lifetimes or pymc-marketing is installed; nothing of Rapport is imported. Comes in:
`frequency`, `recency` and `age` in weeks. Goes out: a line of JSON for each package that is there, with processor seconds.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

FEW = 2_357  # customers, as many as CDNOW's sample has, for who draws from a posterior
WEEKS = 39.0
Histories = tuple[np.ndarray, np.ndarray, np.ndarray]


def main(path: str) -> None:
    """Fit by whatever is installed."""
    with np.load(path) as saved:
        histories = saved["frequency"], saved["recency"], saved["age"]
    for package, measure in (("lifetimes", _lifetimes), ("pymc-marketing", _pymc_marketing)):
        if importlib.util.find_spec(package.replace("-", "_")):
            print(json.dumps({"package": f"{package} {version(package)}", **dict(measure(histories)), "peak_gib": _peak()}), flush=True)


def _lifetimes(histories: Histories) -> Iterator[tuple[str, Any]]:
    fitter = importlib.import_module("lifetimes").BetaGeoFitter()
    yield "customers", len(histories[0])
    yield "fit", _seconds(lambda: fitter.fit(*histories))
    yield "params", {name: float(fitter.params_[name]) for name in ("r", "alpha", "a", "b")}
    yield "predict", _seconds(lambda: fitter.conditional_expected_number_of_purchases_up_to_time(WEEKS, *histories))


def _pymc_marketing(histories: Histories) -> Iterator[tuple[str, Any]]:
    pandas, clv = importlib.import_module("pandas"), importlib.import_module("pymc_marketing.clv")
    frequency, recency, age = (one[:FEW] for one in histories)
    model = clv.BetaGeoModel(data=pandas.DataFrame({"customer_id": range(len(age)), "frequency": frequency, "recency": recency, "T": age}))
    yield "customers", len(age)
    yield "fit", _seconds(lambda: model.fit(progressbar=False, random_seed=0))
    yield "params", {name: float(model.idata.posterior[name].mean()) for name in ("r", "alpha", "a", "b")}
    yield "predict", _seconds(lambda: model.expected_purchases(future_t=int(WEEKS)))


def _seconds(work: Callable[[], Any]) -> float:
    """Of the processor, of processes that `work` started as well."""
    begun = _used()
    work()
    return _used() - begun


def _used() -> float:
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def _peak() -> float:
    """GiB, of this program alone: what getrusage tells begins with what its starter held."""
    held = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(held.split()[1]) / 2**20


if __name__ == "__main__":
    main(sys.argv[1])
