"""The CDNOW exports hold the published sample: its counts, and BG/NBD's published fit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from examples.cdnow.make_exports import make_exports
from ml import clv
from orchestration.contract import INPUT_TABLES

EXPORTS = Path(__file__).parents[2] / "examples" / "cdnow" / "exports"


def lines() -> pd.DataFrame:
    return pd.read_csv(EXPORTS / "billing_invoice_lines.csv", parse_dates=["issued_at"])


def calibration() -> pd.DataFrame:
    """frequency, recency and T in weeks up to the end of week 39."""
    days = lines().groupby("billing_customer_id")["issued_at"]
    early = lines().query("issued_at <= '1997-09-30'").groupby("billing_customer_id")["issued_at"]
    week = pd.Timedelta(days=7)
    return pd.DataFrame(
        {
            "frequency": early.nunique() - 1,
            "recency": (early.max() - days.min()) / week,
            "T": (pd.Timestamp("1997-09-30") - days.min()) / week,
        }
    )


def test_counts_of_the_published_sample():
    bought = lines()
    assert len(bought) == bought["invoice_id"].nunique() == 6_919
    assert bought["billing_customer_id"].nunique() == 2_357
    assert round(bought["amount"].sum(), 2) == 244_091.94
    assert (bought["amount"] == 0).sum() == 8
    cases = calibration()
    assert ((cases["frequency"] > 0).sum(), cases["frequency"].sum()) == (946, 2_457)
    late = bought[bought["issued_at"] > "1997-09-30"]
    assert late.groupby("billing_customer_id")["issued_at"].nunique().sum() == 1_882


def test_published_fit_at_its_published_likelihood():
    """Fader, Hardie & Lee 2005, table 2."""
    cases = calibration()
    model = clv.fit_bgnbd(cases["frequency"], cases["recency"], cases["T"])
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.1)
    assert model.params["r"] == pytest.approx(0.243, abs=0.002)


def test_payments_match_the_lines_and_created_at_is_the_first_purchase():
    bought, paid = lines(), pd.read_csv(EXPORTS / "billing_payments.csv")
    customers = pd.read_csv(EXPORTS / "billing_customers.csv", parse_dates=["created_at"])
    assert len(paid) == 6_919 - 8
    assert paid.set_index("invoice_id")["amount"].equals(bought.query("amount > 0").set_index("invoice_id")["amount"])
    first = bought.groupby("billing_customer_id")["issued_at"].min()
    assert customers.set_index("billing_customer_id")["created_at"].equals(first.rename("created_at"))


@pytest.mark.parametrize("name", ["billing_customers", "billing_invoice_lines", "billing_payments"])
def test_files_are_small_and_keep_the_contract(name):
    path, contract = EXPORTS / f"{name}.csv", INPUT_TABLES[name]
    columns = set(pd.read_csv(path, nrows=0).columns)
    assert path.stat().st_size < 1_000_000
    assert set(contract.required) <= columns <= set(contract.column_names)


def test_made_from_raw_rows_in_any_order(tmp_path):
    days = pd.to_datetime(["1997-01-05", "1997-02-01", "1997-01-02"])
    raw = pd.DataFrame({"customer_id": [2, 1, 1], "date": days, "n_cds": [1, 2, 1], "dollars": [0.0, 29.5, 10.0]})
    raw.to_parquet(tmp_path / "raw.parquet")
    make_exports(tmp_path / "raw.parquet", tmp_path)
    lines = (tmp_path / "billing_customers.csv").read_text().splitlines()
    assert lines == ["billing_customer_id,created_at,currency", "c0001,1997-01-02,USD", "c0002,1997-01-05,USD"]
    assert list(pd.read_csv(tmp_path / "billing_payments.csv")["amount"]) == [10.0, 29.5]
    raw.drop(columns="n_cds").to_parquet(tmp_path / "raw.parquet")
    with pytest.raises(ValueError, match="no column n_cds"):
        make_exports(tmp_path / "raw.parquet", tmp_path)
