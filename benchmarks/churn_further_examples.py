"""Tables of kinds that none of the others have: postcodes, codes, hours, rules, ties, tenure and charges, exports as they come.

Comes in: nothing. Goes out: FURTHER_EXAMPLES, name → function that returns a raw frame and a label of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from benchmarks.churn_examples import Table, drawn, numbered


def useless(rows: int) -> Table:
    """Three hundred columns that say nothing, and five that do: two lines, a step and a product of signs."""
    random = np.random.default_rng(101)
    matrix = random.normal(size=(rows, 305))
    log_odds = -0.5 + matrix[:, 0] - 0.8 * matrix[:, 1] + 1.2 * (matrix[:, 2] > 0.5) + np.sign(matrix[:, 3] * matrix[:, 4])
    return numbered(matrix), drawn(log_odds, random)


def postcodes(rows: int, effect: float) -> Table:
    """A text of 3,000 levels; with `effect` each has a risk of its own about that of its region, without none."""
    random = np.random.default_rng(102)
    code = np.minimum(random.geometric(0.001, rows), 3_000) - 1
    risk = random.normal(0, 0.7 * effect, 51)[code // 60] + random.normal(0, 0.5 * effect, 3_000)[code]
    matrix = random.normal(size=(rows, 5))
    frame = numbered(matrix).assign(postcode=[f"Z-{1000 + one}" for one in code])
    return frame, drawn(-1 + 0.8 * matrix[:, 0] - 0.5 * matrix[:, 1] + risk, random)


def threeway(rows: int) -> Table:
    """Two flags and a number matter together only, twice."""
    random = np.random.default_rng(104)
    flags, matrix = random.random((rows, 6)) < 0.5, random.normal(size=(rows, 4))
    first = flags[:, 0] & flags[:, 1] & (matrix[:, 0] > 0)
    second = flags[:, 2] & ~flags[:, 3] & (matrix[:, 1] < 0.3)
    frame = numbered(matrix).assign(**{f"b{place}": flags[:, place] for place in range(6)})
    return frame, drawn(-1 + 2.2 * first - 1.5 * second + 0.3 * matrix[:, 2], random)


def numbers_for_names(rows: int) -> Table:
    """Whole numbers that are names of 8 to 40 things, each with a risk of its own, beside an amount."""
    random = np.random.default_rng(105)
    columns: dict[str, np.ndarray] = {}
    log_odds = np.full(rows, -0.8)
    for place, count in enumerate((8, 12, 25, 40)):
        code = random.integers(0, count, rows)
        columns[f"code{place}"] = code * 7 + 100
        log_odds += random.normal(0, 0.7, count)[code]
    spent = random.lognormal(3, 1, rows)
    return pd.DataFrame(columns | {"spent": spent}), drawn(log_odds - 0.4 * (np.log(spent) - 3), random)


def clocks(rows: int) -> Table:
    """Hour, month and day of the week, which end where they begin."""
    random = np.random.default_rng(106)
    hour, month, weekday = random.integers(0, 24, rows), random.integers(1, 13, rows), random.integers(0, 7, rows)
    matrix = random.normal(size=(rows, 3))
    log_odds = -0.8 + 1.1 * np.sin(2 * np.pi * hour / 24 + 1) + 0.8 * np.cos(2 * np.pi * month / 12) + 0.9 * (weekday >= 5)
    return numbered(matrix).assign(hour=hour, month=month, weekday=weekday), drawn(log_odds + 0.4 * matrix[:, 0], random)


def exported(rows: int) -> Table:
    """As a file comes: an id, a constant, nothing, prose, a column twice, answers, amounts, numbers as texts, gaps that are a flag."""
    random = np.random.default_rng(111)
    size, answer, seats, money = random.normal(size=rows), random.random(rows) < 0.5, random.poisson(3, rows), random.lognormal(4, 1, rows)
    words = ["good", "bad", "late", "slow", "nice", "refund", "broken", "happy"]
    frame = pd.DataFrame(
        {
            "id": np.arange(rows) + 10_000,
            "constant": 1,
            "empty": None,
            "not_available": "N/A",
            "size": size,
            "size_again": size,
            "renews": np.where(answer, "Yes", "No"),
            "seats": [str(one) if one < 8 else None for one in seats],
            "money": [f"${value:,.2f}" for value in money],
            "comment": [" ".join(random.choice(words, 5)) for _ in range(rows)],
            "flag": np.where(answer, 1.0, np.nan),
        }
    )
    return frame, drawn(-0.7 + size + 0.9 * answer - 0.3 * seats + 0.5 * (np.log(money) - 4), random)


def charges(rows: int) -> Table:
    """Tenure, monthly and total charges (their product, nearly), a contract: who stayed long is unlike who left soon."""
    random = np.random.default_rng(113)
    contract = random.choice(["month", "year", "two years"], rows, p=[0.55, 0.21, 0.24])
    longest = np.select([contract == "month", contract == "year"], [random.exponential(18, rows), random.normal(42, 18, rows)], 56.0)
    tenure, monthly = longest.clip(0, 72).round(), np.round(random.choice([20, 55, 85], rows) + random.normal(0, 8, rows), 2)
    total = np.where(tenure > 0, np.round(tenure * monthly * (1 + random.normal(0, 0.03, rows)), 2).astype(str), " ")
    frame = pd.DataFrame({"contract": contract, "tenure": tenure.astype(int), "monthly": monthly, "total": total})
    log_odds = -1 - np.log1p(tenure / 8) + (contract == "month") - 0.8 * (contract == "two years") + 0.02 * (monthly - 50)
    return frame, drawn(log_odds, random)


def rule(rows: int) -> Table:
    """A rule says who leaves, and nothing is left to chance."""
    matrix = np.random.default_rng(118).normal(size=(rows, 8))
    first, second = (matrix[:, 0] > 0.2) & (matrix[:, 1] < 0.5), (matrix[:, 2] + matrix[:, 3] > 1.5) & (matrix[:, 4] > 0)
    return numbered(matrix), (first | second).astype(int)


def ties(rows: int) -> Table:
    """Five columns of three values each: twenty customers are alike."""
    random = np.random.default_rng(115)
    marks = random.integers(0, 3, (rows, 5))
    log_odds = -1.2 + 0.9 * (marks[:, 0] == 1) + 0.8 * (marks[:, 1] == 2) * (marks[:, 2] > 0) - 0.6 * marks[:, 3]
    return numbered(marks.astype(float)), drawn(log_odds, random)


def published(name: str) -> Table:
    """Tables that come with scikit-learn: digits (whether it is an eight), breast cancer, diabetes (above the median)."""
    table = {"digits": load_digits, "cancer": load_breast_cancer, "diabetes": load_diabetes}[name]()
    label = {"digits": table.target == 8, "cancer": 1 - table.target, "diabetes": table.target > np.median(table.target)}[name]
    return numbered(table.data), np.asarray(label, dtype=int)


FURTHER_EXAMPLES: dict[str, Callable[[], Table]] = {
    "useless_1500": partial(useless, 1_500),
    "postcodes_8000": partial(postcodes, 8_000, 1.0),
    "postcodes_idle_6000": partial(postcodes, 6_000, 0.0),
    "threeway_4000": partial(threeway, 4_000),
    "numbers_for_names_3000": partial(numbers_for_names, 3_000),
    "clocks_4000": partial(clocks, 4_000),
    "exported_2000": partial(exported, 2_000),
    "charges_7000": partial(charges, 7_000),
    "rule_4000": partial(rule, 4_000),
    "ties_1000": partial(ties, 1_000),
    "digits": partial(published, "digits"),
    "cancer": partial(published, "cancer"),
    "diabetes": partial(published, "diabetes"),
}
