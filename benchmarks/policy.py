"""How much of the best possible policy a learnt one reaches on the example company, whose every response is known.

    python -m examples.acme.generate --customers 50000 --out DIR/exports --truth DIR/truth      and a night over it, then
    python -m benchmarks.policy HOME TRUTH

Comes in: the home of a night and the truth beside its exports. Goes out: per log the gain in the chance of staying over doing
nothing: of the learnt policy, of the best single action for all, and of the oracle, who knows every effect.
Logs: the company's own past decisions; and rounds of decisions drawn tonight, each at random for a fifth of the customers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from ml.next_best_action import fit_policy
from ml.nightly.aims import CONTROL

_IDENTITIES = "SELECT DISTINCT customer_key, source_customer_id FROM warehouse.marts.customer_identities WHERE source_customer_id LIKE 'C%'"
_LOG_ONLY = {"action_id", "customer_key", "decided_at", "outcome_day", "action", "propensity", "cost", "is_holdout", "stayed", "margin"}
SHARE, ROUNDS = 0.2, (1, 5, 36)  # 36: a month each, of a history of three years


def main(home: Path, truth: Path) -> None:
    """Measure and print."""
    features, effects, staying, log = read(home, truth)
    oracle = effects.max(axis=1).clip(lower=0).mean()
    print(
        f"{len(features)} active customers; oracle {oracle:.4f}, best single action {effects.mean().max():.4f} ({effects.mean().idxmax()})"
    )
    names = [name for name in log.columns if name not in _LOG_ONLY and name in features.columns]
    own = log[log["propensity"].between(0, 1, inclusive="neither") & log["stayed"].notna()]
    policy = fit_policy(own[names], own["action"].tolist(), own["propensity"].to_numpy(), own["stayed"].to_numpy(), control=CONTROL)
    show(f"own log of {len(own)}", policy.choose(features[names]), effects, oracle)
    for rounds in ROUNDS:
        for seed in range(3):
            drawn, action, outcome = simulated(effects, staying, rounds, seed)
            policy = fit_policy(features[names].iloc[drawn], action, 1 / effects.shape[1], outcome, control=CONTROL, seed=seed)
            show(f"{rounds} x 20 % at random, {drawn.size}", policy.choose(features[names]), effects, oracle)


def read(home: Path, truth: Path) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Tonight's features, the true effect of every action (0 for the control), the chance of staying untreated; the log."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{home / 'warehouse' / 'rapport_build.duckdb'}' AS warehouse (READ_ONLY)")
        known = connection.execute(
            f"""SELECT keys.customer_key, any_value(customers) AS truth FROM ({_IDENTITIES}) AS keys
            INNER JOIN read_parquet('{truth}/identities/*.parquet') AS ids
                ON ids.source_customer_id = keys.source_customer_id AND ids.record_type = 'crm'
            INNER JOIN read_parquet('{truth}/customers/*.parquet') AS customers USING (person_id)
            WHERE customers.is_active_at_end GROUP BY ALL"""
        ).df()
        features = connection.execute("SELECT * FROM warehouse.ml_inputs.customer_features WHERE is_tonight").df()
        log = connection.execute("SELECT * FROM warehouse.ml_inputs.action_log ORDER BY action_id").df()
    persons = pd.DataFrame(known["truth"].tolist()).set_axis(known["customer_key"])
    features = features[features["customer_key"].isin(persons.index)].sort_values("customer_key", ignore_index=True)
    persons = persons.loc[features["customer_key"]]
    prefix = "retention_effect_"
    effects = persons[[name for name in persons if name.startswith(prefix)]].rename(columns=lambda name: name.removeprefix(prefix))
    return features, effects.astype(float), 1 - persons["leave_probability_90_days"].to_numpy(dtype=float), log


def simulated(effects: pd.DataFrame, staying: np.ndarray, rounds: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(customers, actions, whether they stayed): in each round a fifth of all, each with an action at random."""
    random = np.random.default_rng(seed)
    drawn = np.concatenate([random.choice(len(effects), int(SHARE * len(effects)), replace=False) for _ in range(rounds)])
    action = random.integers(0, effects.shape[1], drawn.size)
    stays = np.clip(staying[drawn] + effects.to_numpy()[drawn, action], 0, 1)
    return drawn, effects.columns.to_numpy()[action], (random.random(drawn.size) < stays).astype(float)


def show(name: str, chosen: pd.Series, effects: pd.DataFrame, oracle: float) -> None:
    """One line."""
    gain = effects.to_numpy()[np.arange(len(effects)), effects.columns.get_indexer(chosen)].mean()
    print(f"{name:32} gain {gain:.4f}, {gain / oracle:.0%} of the oracle's, {gain / effects.mean().max():.0%} of the best single action's")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
