"""Lifetime value on real purchases: parameters and holdout error beside the published ones.

Comes in: examples/cdnow/exports (2,357 customers, 1997-01 to 1998-06). Goes out: a table on the terminal.
Run: `python benchmarks/cdnow.py`. Fitted on weeks 0 to 39, judged on weeks 40 to 78.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from ml.clv import fit_bgnbd, fit_gamma_gamma, fit_mbg_nbd, fit_pareto_nbd  # noqa: E402
from ml.clv.forecasts import judge  # noqa: E402

END = pd.Timestamp("1997-09-30")
PUBLISHED = {  # Fader, Hardie & Lee 2005; BTYDplus for MBG/NBD; Fader & Hardie 2013
    "BG/NBD": {
        "r": 0.243,
        "alpha": 4.414,
        "a": 0.793,
        "b": 2.426,
        "log-likelihood": -9582.4,
        "holdout purchases": 1653,
        "holdout RMSE": 1.608,
    },
    "Pareto/NBD": {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669, "log-likelihood": -9595.0},
    "MBG/NBD": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    "Gamma-Gamma": {"p": 6.25, "q": 3.74, "v": 15.44},
}


def customers() -> pd.DataFrame:
    """One row per customer: history up to END in weeks, mean repeat value, purchase days after END."""
    lines = pd.read_csv(ROOT / "examples" / "cdnow" / "exports" / "billing_invoice_lines.csv", parse_dates=["issued_at"])
    days = lines.groupby(["billing_customer_id", "issued_at"], as_index=False)["amount"].sum()
    days["repeat"] = days.groupby("billing_customer_id").cumcount()
    seen, later = days[days["issued_at"] <= END], days[days["issued_at"] > END]
    first, last, count = (seen.groupby("billing_customer_id")["issued_at"].agg(name) for name in ("min", "max", "size"))
    value = seen[seen["repeat"] > 0].groupby("billing_customer_id")["amount"].mean()
    history = {"frequency": count - 1, "recency": (last - first).dt.days / 7, "T": (END - first).dt.days / 7}
    after = later.groupby("billing_customer_id").size().reindex(first.index, fill_value=0)
    return pd.DataFrame({**history, "value": value.reindex(first.index), "actual": after})


def main() -> None:
    """Fit every model and print it beside what was published."""
    table = customers()
    history = table["frequency"], table["recency"], table["T"]
    forecasts = {}
    for name, fit in (("BG/NBD", fit_bgnbd), ("Pareto/NBD", fit_pareto_nbd), ("MBG/NBD", fit_mbg_nbd)):
        fitted = fit(*history)
        forecasts[name] = judge(fitted.expected_purchases(39, *history), table["actual"], table["frequency"]).set_index("metric")["value"]
        holdout = {"holdout purchases": forecasts[name]["total_expected"], "holdout RMSE": forecasts[name]["rmse"]}
        _show(name, {**fitted.params, "log-likelihood": fitted.log_likelihood, **holdout}, fitted.standard_errors)
    spend = fit_gamma_gamma(table["frequency"], table["value"])
    _show("Gamma-Gamma", spend.params, spend.standard_errors)
    print("\nWeeks 40 to 78, every metric (the naive forecast repeats the last 39 weeks)")
    print(pd.DataFrame(forecasts).round(3).to_string())


def _show(name: str, found: dict[str, float], errors: dict[str, float]) -> None:
    rows = [(key, value, errors.get(key), PUBLISHED[name].get(key)) for key, value in found.items()]
    print(f"\n{name}")
    print(pd.DataFrame(rows, columns=["", "found", "standard error", "published"]).round(3).to_string(index=False, na_rep=""))


if __name__ == "__main__":
    main()
