"""Turns the raw CDNOW sample into exports of the input contract.

    python -m examples.cdnow.make_exports RAW.parquet [--out examples/cdnow/exports]

Comes in: one row per purchase with customer_id, date, n_cds, dollars. Goes out: billing_customers, billing_invoice_lines and
billing_payments as CSV; one invoice per purchase. A purchase of zero dollars stays an invoice; no money moved, so it has no payment.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
RAW_COLUMNS = ("customer_id", "date", "n_cds", "dollars")


def make_exports(raw: Path, out: Path = HERE / "exports") -> None:
    """Write the three files. Raises ValueError when `raw` lacks a column."""
    purchases = pd.read_parquet(raw)
    missing = [column for column in RAW_COLUMNS if column not in purchases]
    if missing:
        raise ValueError(f"{raw}: no column {missing[0]}; expected {', '.join(RAW_COLUMNS)}")
    bought = _prepared(purchases)
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in {"customers": _customers(bought), "invoice_lines": _lines(bought), "payments": _payments(bought)}.items():
        rows.to_csv(out / f"billing_{name}.csv", index=False, lineterminator="\n")


def _prepared(purchases: pd.DataFrame) -> pd.DataFrame:
    """One row per purchase in a fixed order, with the ids of the exports."""
    rows = purchases.sort_values(["customer_id", "date", "dollars", "n_cds"], kind="stable").reset_index(drop=True)
    return pd.DataFrame(
        {
            "billing_customer_id": rows["customer_id"].map("c{:04d}".format),
            "number": [f"{number:04d}" for number in range(1, len(rows) + 1)],
            "day": rows["date"].dt.strftime("%Y-%m-%d"),
            "amount": rows["dollars"].map("{:.2f}".format),
            "quantity": rows["n_cds"],
        }
    )


def _customers(bought: pd.DataFrame) -> pd.DataFrame:
    first = bought.groupby("billing_customer_id")["day"].min()
    return pd.DataFrame({"billing_customer_id": first.index, "created_at": first.to_numpy(), "currency": "USD"})


def _lines(bought: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "invoice_line_id": "l" + bought["number"],
            "invoice_id": "i" + bought["number"],
            "billing_customer_id": bought["billing_customer_id"],
            "kind": "one_off",
            "issued_at": bought["day"],
            "amount": bought["amount"],
            "currency": "USD",
            "quantity": bought["quantity"],
            "product": "CD",
            "invoice_status": "paid",
        }
    )


def _payments(bought: pd.DataFrame) -> pd.DataFrame:
    paid = bought[bought["amount"].astype(float) > 0]
    return pd.DataFrame(
        {
            "payment_id": "p" + paid["number"],
            "billing_customer_id": paid["billing_customer_id"],
            "invoice_id": "i" + paid["number"],
            "kind": "payment",
            "status": "succeeded",
            "occurred_at": paid["day"],
            "amount": paid["amount"],
            "currency": "USD",
        }
    )


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m examples.cdnow.make_exports", description="Make the exports from the raw sample.")
    parser.add_argument("raw", type=Path)
    parser.add_argument("--out", type=Path, default=HERE / "exports")
    given = parser.parse_args(arguments)
    try:
        make_exports(given.raw, given.out)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
