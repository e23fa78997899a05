"""Lifetime value of a million simulated customers: processor seconds and memory of every part, beside other packages on the same data.

    python -m benchmarks.clv [--customers 1000000] [--rivals PYTHON ...]

Comes in: nothing; purchases are drawn from BG/NBD with the parameters of CDNOW, on whole days. Goes out: a table on the terminal. Each
PYTHON is of an environment of its own with `lifetimes==0.11.3` or `pymc-marketing` (benchmarks/rival_clv.py): they fit the same histories,
pymc-marketing as many as CDNOW's sample has, and the ratios are printed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from ml.clv import fit_bgnbd, fit_mbg_nbd, fit_pareto_nbd
from ml.nightly.clv import score_clv

ROOT = Path(__file__).resolve().parent.parent
R, ALPHA, A, B = 0.243, 4.414, 0.793, 2.426
HOLDOUT = 91
WEEKS = 39.0


def simulate(customers: int, seed: int = 0) -> pd.DataFrame:
    """`ml_inputs.clv_purchases` of customers who came within 12 of the last 52 weeks, four to ten months ago."""
    random = np.random.default_rng(seed)
    age = random.integers(280, 365, customers)
    rate, leaves = random.gamma(R, 1 / (7 * ALPHA), customers), random.beta(A, B, customers)
    bought = [(np.arange(customers), np.zeros(customers))]
    who, day = bought[0]
    while who.size:
        day = np.ceil(day + random.exponential(1 / np.maximum(rate[who], 1e-9)))
        still = (day <= age[who]) & (random.random(who.size) >= np.where(len(bought) > 1, leaves[who], 0.0))
        who, day = who[still], day[still]
        bought.append((who, day))
    days = pd.DataFrame({"who": np.concatenate([one for one, _ in bought]), "day": np.concatenate([one for _, one in bought])})
    days["value"] = random.gamma(6.25, random.gamma(3.74, size=customers)[days["who"]] ** -1 * 15.44)
    known = days[days["day"] <= age[days["who"]] - HOLDOUT]
    later = days[days["day"] > age[days["who"]] - HOLDOUT].groupby("who")
    everyone = pd.RangeIndex(customers)
    return pd.DataFrame(
        {
            "customer_key": [f"k{number:07d}" for number in everyone],
            **_history(days, age, ""),
            **_history(known, age - HOLDOUT, "known_"),
            "holdout_days": HOLDOUT,
            "held_out_purchases": later.size().reindex(everyone, fill_value=0).to_numpy(),
            "held_out_value": later["value"].sum().reindex(everyone, fill_value=0.0).to_numpy(),
        }
    )


def _history(days: pd.DataFrame, age: np.ndarray, prefix: str) -> dict[str, Any]:
    found = days.groupby("who").agg(count=("day", "size"), last=("day", "max"))
    repeats = days[days["day"] > 0].groupby("who")["value"].mean().reindex(found.index)
    return {
        f"{prefix}frequency": (found["count"] - 1).to_numpy(),
        f"{prefix}recency_days": found["last"].to_numpy(),
        f"{prefix}age_days": age,
        f"{prefix}mean_order_value": repeats.fillna(30.0).to_numpy(),
    }


def main(customers: int, rivals: list[str]) -> None:
    """Measure and print."""
    frame = simulate(customers)
    x, t_x, age = (frame[name].to_numpy(dtype=float) / per for name, per in (("frequency", 1), ("recency_days", 7), ("age_days", 7)))
    for name, fit in (("BG/NBD", fit_bgnbd), ("MBG/NBD", fit_mbg_nbd), ("Pareto/NBD", fit_pareto_nbd)):
        fitted, seconds = timed(lambda fit=fit: fit(x, t_x, age))
        _, predicting = timed(lambda fitted=fitted: fitted.expected_purchases(WEEKS, x, t_x, age))
        _print(f"{name}, fitted with standard errors", seconds)
        _print(f"{name}, expected purchases", predicting)
        print("   ", {key: (round(value, 3), round(fitted.standard_errors[key], 4)) for key, value in fitted.params.items()})
    with TemporaryDirectory() as folder:
        nobody = pd.DataFrame({"customer_key": []})
        night = {"purchases": frame, "subscriptions": nobody, "as_of": date(2026, 10, 31), "artifacts": Path(folder)}
        result, seconds = timed(lambda: score_clv(**night))
        _print(f"the whole night: {result.report['status']}, {result.tables['clv_scores']['model'][0]}", seconds)
        np.savez(Path(folder) / "histories.npz", frequency=x, recency=t_x, age=age)
        for python in rivals:
            for theirs in _told_by(python, Path(folder) / "histories.npz"):
                _compare(theirs, x, t_x, age)


def _told_by(python: str, histories: Path) -> list[dict[str, Any]]:
    command = [python, str(ROOT / "benchmarks" / "rival_clv.py"), str(histories)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _compare(theirs: dict[str, Any], *histories: np.ndarray) -> None:
    """Another package beside ours, on as many customers."""
    count = theirs["customers"]
    mine = [one[:count] for one in histories]
    fitted, fitting = timed(lambda: fit_bgnbd(*mine))
    _, predicting = timed(lambda: fitted.expected_purchases(WEEKS, *mine))
    print(f"{theirs['package']}, BG/NBD of {count:,} customers, peak {theirs['peak_gib']:.2f} GiB:")
    for what, ours in (("fit", fitting), ("predict", predicting)):
        print(f"    {what} {theirs[what]:.2f} s, ours {ours:.3f} s: {theirs[what] / ours:.1f} times as long")
    print("    parameters", {name: (round(value, 3), round(fitted.params[name], 3)) for name, value in theirs["params"].items()})


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What `work` returns, and the seconds it took, of the processor: a busy machine measures nothing else."""
    begin = time.process_time()
    return work(), time.process_time() - begin


def _print(what: str, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what}: {seconds:.2f} s, peak {peak:.2f} GiB", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rivals", nargs="*", default=[], help="interpreters whose environments have lifetimes or pymc-marketing")
    told = parser.parse_args()
    main(told.customers, told.rivals)
