"""The policy beside T-, X- and DR-learners and the best single action, in worlds in which every effect is known.

    python -m benchmarks.effects [NAME …] [--seeds 3]

Comes in: nothing, or names of worlds (`benchmarks.effect_worlds.KINDS`). Goes out: a line per world: what share of the oracle's gain
over doing nothing (net of cost, 20,000 other customers, mean of the seeds) each reaches; where no action does anything, the loss.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from benchmarks.effect_rivals import RIVALS
from benchmarks.effect_worlds import KINDS, Floats, World, made
from ml.next_best_action import fit_policy
from ml.threads import quiet_threads

_JUDGED = 20_000


def main(wanted: list[str], seeds: int) -> None:
    """Measure and print."""
    print(f"{'world':22}{'decisions':>10}{'policy':>8}{'s a fit':>8}" + "".join(f"{name:>13}" for name in RIVALS))
    for name in wanted or list(KINDS):
        rows = pd.DataFrame([shares(made(name, seed), made(name, seed + 1_000, _JUDGED), seed) for seed in range(seeds)])
        found = rows.mean()
        cells = "".join(f"{found[rival]:13.0%}" for rival in RIVALS)
        print(f"{name:22}{KINDS[name].rows:>10,}{found['policy']:8.0%}{found['seconds']:8.1f}{cells}", flush=True)


def shares(log: World, others: World, seed: int) -> dict[str, float]:
    """Share of the oracle's gain of each, and how long the policy took."""
    taken, outcome = log.decided(np.random.default_rng(seed))
    propensity = log.propensity[np.arange(taken.size), taken]
    names = np.array([f"action {number}" for number in range(log.truth.shape[1])])
    begin = time.perf_counter()
    policy = fit_policy(
        log.features, names[taken], propensity, outcome, cost=dict(zip(names, log.costs, strict=True)), control=str(names[0]), seed=seed
    )
    found = {"seconds": time.perf_counter() - begin}
    found["policy"] = share(others, pd.Index(names).get_indexer(policy.choose(others.features)))
    x, unseen = numbers(log.features), numbers(others.features)
    with quiet_threads(taken.size):
        for name, rival in RIVALS.items():
            net = rival((x, taken, propensity, outcome), unseen, names.size) - log.costs
            found[name] = share(others, net.argmax(axis=1))
    return found


def numbers(features: pd.DataFrame) -> Floats:
    """Texts one-hot, what is missing at the median: as a careful person would."""
    return pd.get_dummies(features).astype(float).fillna(features.median(numeric_only=True)).to_numpy()


def share(world: World, chosen: np.ndarray) -> float:
    """Of the oracle's gain over the control; where there is none to be had, the gain itself over the mean outcome."""
    net = world.truth - world.costs
    gain = float((net[np.arange(chosen.size), chosen] - net[:, 0]).mean())
    most = float((net.max(axis=1) - net[:, 0]).mean())
    return gain / (most if most > 1e-9 else float(world.truth[:, 0].mean()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("worlds", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    main(given.worlds, given.seeds)
