"""Published tables, real purchase histories, and generators of customers whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DATA = Path(__file__).parent / "data"
CDNOW = Path(__file__).parents[2] / "examples" / "cdnow" / "exports" / "billing_invoice_lines.csv"
CALIBRATION_END = pd.Timestamp("1997-09-30")


@pytest.fixture(scope="session")
def purchase_days() -> pd.DataFrame:
    """One row per CDNOW customer and purchase day, orders of nothing included, as in the published sample."""
    lines = pd.read_csv(CDNOW, parse_dates=["issued_at"])
    days = lines.groupby(["billing_customer_id", "issued_at"], as_index=False)["amount"].sum()
    days["repeat"] = days.groupby("billing_customer_id").cumcount()
    return days.rename(columns={"billing_customer_id": "customer", "issued_at": "day"})


@pytest.fixture(scope="session")
def cdnow(purchase_days: pd.DataFrame) -> pd.DataFrame:
    """Per customer frequency, recency, T in weeks over weeks 0-39, mean repeat value, purchases in weeks 40-78."""
    seen = purchase_days[purchase_days["day"] <= CALIBRATION_END]
    table = seen.groupby("customer").agg(first=("day", "min"), last=("day", "max"), days=("day", "size"))
    later = purchase_days[purchase_days["day"] > CALIBRATION_END].groupby("customer").size()
    return pd.DataFrame(
        {
            "frequency": table["days"] - 1,
            "recency": (table["last"] - table["first"]).dt.days / 7,
            "T": (CALIBRATION_END - table["first"]).dt.days / 7,
            "mean_value": seen[seen["repeat"] > 0].groupby("customer")["amount"].mean().reindex(table.index),
            "holdout": later.reindex(table.index, fill_value=0),
        }
    )


@pytest.fixture(scope="session")
def customers():
    """A generator of customers: raw columns of every kind, and a label that depends on three of them."""

    def make(rows: int, seed: int = 1) -> tuple[pd.DataFrame, pd.Series]:
        random = np.random.default_rng(seed)
        index = pd.Index([f"row{number}" for number in range(rows)])
        logins, plan, card = random.normal(10, 3, rows), random.choice(["basic", "plus", None], rows), random.random(rows) < 0.4
        frame = pd.DataFrame(
            {
                "logins_30d": logins,
                "plan": plan,
                "pays_by_card": card,
                "joined": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 500, rows), "D"),
                "seats": pd.array(random.choice([1, 2, 5, None], rows), dtype="Int64"),
                "is_partner": np.array(random.choice([True, False, None], rows), dtype=object),
                "region": pd.Categorical(random.choice(["north", "south"], rows)),
                "balance_text": np.round(random.normal(size=rows), 2).astype(str),
                "customer_id": [f"c{number:06d}" for number in range(rows)],
                "nothing_known": np.nan,
            },
            index=index,
        )
        log_odds = -1.2 - 0.5 * (logins - 10) + np.where(plan == "basic", 1.0, 0.0) - 0.8 * card
        return frame, pd.Series((random.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(int), index=index)

    return make
