"""Pairs of customers who are probably one person, for somebody to look at: proposals with their reasons, never merges.

Comes in: one row per customer with `customer_key`, `full_name`, `company_name`, `email_key`, `phone_key`, `country`, `birth_year`.
Goes out: one row per probable pair (PROPOSED). It is Fellegi and Sunter's model (JASA 64, 1969) as Splink computes it; Splink is an
extra, the group `identity` in pyproject.toml. A weight is log2 of how many times likelier it is that two records agree so when they
are one person's than when they are two people's.
"""

from __future__ import annotations

import json
import logging
from importlib.util import find_spec
from typing import Any

import pandas as pd
import pyarrow as pa

COMPARED = ("full_name", "company_name", "email_name", "phone_key", "country", "birth_year")
PROPOSED = ("customer_key", "other_customer_key", "match_probability", "match_weight", "explanation")
DOUBLED = 0.02  # share of customers of whom there is a second one, before anything is compared
FEWEST = 20  # customers, below which nothing can be learnt about how often strangers agree


def is_available() -> bool:
    """Whether Splink is installed."""
    return find_spec("splink") is not None


def propose(customers: pd.DataFrame, *, least_probability: float = 0.9, seed: int = 1) -> pd.DataFrame:
    """The pairs at least so probable, most probable first; columns PROPOSED. Needs Splink (is_available).

    `explanation` is JSON: comparison → weight in bits, the prior under `prior`; they add up to `match_weight`. The same customers and
    seed give the same proposals. Pairs that share neither name, company and first letter, e-mail name nor phone are never compared.
    """
    if len(customers) < FEWEST:
        return pd.DataFrame(columns=list(PROPOSED))
    pairs = _scored(_prepared(customers), least_probability, seed)
    return pd.DataFrame([_proposal(pair) for _, pair in pairs.iterrows()], columns=list(PROPOSED)).sort_values(
        ["match_weight", "customer_key", "other_customer_key"], ascending=[False, True, True], ignore_index=True
    )


def _prepared(customers: pd.DataFrame) -> pa.Table:
    """Texts in one spelling; an empty one is missing, so that two of them do not agree."""
    frame = pd.DataFrame({"unique_id": customers["customer_key"].astype(str)})
    for column in ("full_name", "company_name", "phone_key", "country"):
        text = customers[column].astype("string").str.strip().str.lower().str.replace(r"\s+", " ", regex=True)
        frame[column] = text.mask(text == "")
    frame["email_name"] = customers["email_key"].astype("string").str.split("@").str[0]
    frame["birth_year"] = customers["birth_year"].astype("Int64").astype("string")
    ordered = frame.sort_values("unique_id")
    # Text also where every value is missing, which a data frame would hand over as a number.
    return pa.table({name: pa.array(ordered[name], pa.string(), from_pandas=True) for name in ordered.columns})


def _scored(customers: pa.Table, least_probability: float, seed: int) -> pd.DataFrame:
    import duckdb
    from splink import Linker
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    # One thread: rows come in one order, and the sample is the same every time.
    with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": "false"}) as connection:
        linker = Linker(DuckDBAPI(connection).register(customers), _model(customers.num_rows), log_level=logging.ERROR)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=seed)
        return pd.DataFrame(linker.inference.predict(threshold_match_probability=least_probability).as_pandas_dataframe())


def _model(customers: int) -> Any:
    """How often one person's records agree is judged, how often strangers' do is learnt: few companies have pairs to learn from."""
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    return SettingsCreator(
        link_type="dedupe_only",
        probability_two_random_records_match=2 * DOUBLED / (customers - 1),
        comparisons=[
            compare.JaroWinklerAtThresholds("full_name", [0.92, 0.8]).configure(m_probabilities=[0.75, 0.15, 0.05, 0.05]),
            compare.JaroWinklerAtThresholds("company_name", [0.9]).configure(m_probabilities=[0.75, 0.10, 0.15]),
            compare.JaroWinklerAtThresholds("email_name", [0.92]).configure(m_probabilities=[0.50, 0.20, 0.30]),
            compare.LevenshteinAtThresholds("phone_key", [1]).configure(m_probabilities=[0.50, 0.10, 0.40]),
            compare.ExactMatch("country").configure(m_probabilities=[0.95, 0.05]),
            compare.ExactMatch("birth_year").configure(m_probabilities=[0.95, 0.05]),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("full_name"),
            block_on("email_name"),
            block_on("phone_key"),
            block_on("company_name", "substr(full_name, 1, 1)"),
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,
    )


def _proposal(pair: pd.Series) -> dict[str, Any]:
    weights = {name: round(float(pair[f"mw_{name}"]), 2) for name in COMPARED}
    total = float(pair["match_weight"])
    explanation = {"prior": round(total - sum(float(pair[f"mw_{name}"]) for name in COMPARED), 2), **weights}
    first, second = sorted((str(pair["unique_id_l"]), str(pair["unique_id_r"])))
    return {
        "customer_key": first,
        "other_customer_key": second,
        "match_probability": float(pair["match_probability"]),
        "match_weight": total,
        "explanation": json.dumps(explanation),
    }
