"""Tables of customers that were written from the design alone: threesomes, tails, 5,000 levels, silence that speaks, wrong labels, drift.

Comes in: nothing. Goes out: UNSEEN_EXAMPLES, name → function that returns a raw frame and a label of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.churn_examples import Table, drawn, numbered


def threesome(rows: int) -> Table:
    """Only the sign of a product of three columns counts, and of two others: no column and no straight line says anything."""
    random = np.random.default_rng(51)
    matrix = random.normal(size=(rows, 7))
    three, two = np.sign(matrix[:, 0] * matrix[:, 1] * matrix[:, 2]), np.sign(matrix[:, 3] * matrix[:, 4])
    return numbered(matrix), drawn(-0.8 + 0.9 * three + 1.1 * two, random)


def tailed(rows: int) -> Table:
    """Risk only ever falls with each column, and levels off; the columns have no mean (Pareto, Cauchy)."""
    random = np.random.default_rng(52)
    matrix = np.column_stack([random.pareto(0.8, (rows, 3)), random.standard_cauchy((rows, 3))])
    flat = np.column_stack([np.log1p(matrix[:, :3]), np.arctan(matrix[:, 3:])])
    return numbered(matrix), drawn(0.4 - flat @ [0.7, 0.3, 0.0, 0.8, -0.5, 0.0], random)


def merchants(rows: int) -> Table:
    """A text of 5,000 levels, most of them met once or twice, whose risk goes by their town, and numbers beside."""
    random = np.random.default_rng(53)
    merchant = np.minimum(random.geometric(0.002, rows), 5_000) - 1
    town = merchant % 25
    frame = numbered(random.normal(size=(rows, 4))).assign(
        merchant=[f"m{code:04d}" for code in merchant], town=[f"t{code}" for code in town]
    )
    risk = random.normal(0, 0.5, 25)[town] + random.normal(0, 0.5, 5_000)[merchant]
    return frame, drawn(-1.3 + 0.6 * frame["x0"].to_numpy() + risk, random)


def silent(rows: int) -> Table:
    """Who does not answer says most: values go missing the likelier the worse they are, in numbers and in a text."""
    random = np.random.default_rng(54)
    mood, matrix = random.normal(size=rows), random.normal(size=(rows, 6))
    matrix[:, :3] += 0.8 * mood[:, None]
    gone = random.random(matrix.shape) < 1 / (1 + np.exp(1 + 1.5 * matrix))
    plan = np.where(random.random(rows) < 0.5 - 0.25 * np.tanh(mood), None, random.choice(["a", "b"], rows))
    return numbered(np.where(gone, np.nan, matrix)).assign(plan=plan), drawn(-1 - 1.2 * mood, random)


def mislabelled(rows: int) -> Table:
    """Three labels of ten are wrong."""
    random = np.random.default_rng(55)
    matrix = random.normal(size=(rows, 10))
    label = drawn(-0.8 + 1.5 * matrix[:, 0] - 1.2 * matrix[:, 1] + 1.5 * (matrix[:, 2] > 0.7) * (matrix[:, 3] > 0), random)
    return numbered(matrix), np.where(random.random(rows) < 0.3, 1 - label, label)


def drifting(rows: int) -> Table:
    """What a column means fades over three years while another's sign turns; the day is a column, too."""
    random = np.random.default_rng(56)
    day, matrix = random.integers(0, 1_095, rows), random.normal(size=(rows, 6))
    when = day / 1_095
    log_odds = -1.4 + 0.8 * when + (1.2 - 1.2 * when) * matrix[:, 0] + (1.6 * when - 0.8) * matrix[:, 1] + 0.4 * matrix[:, 2]
    return numbered(matrix).assign(joined=pd.Timestamp("2023-01-01") + pd.to_timedelta(day, "D")), drawn(log_odds, random)


def few(rows: int, columns: int) -> Table:
    """Few rows (half of them to learn from), many columns of all kinds, four of which matter a little."""
    random = np.random.default_rng(57)
    matrix = random.normal(size=(rows, columns - 10))
    flags = random.random((rows, 10)) < 0.3
    frame = numbered(matrix).join(pd.DataFrame(flags, columns=[f"is_{number}" for number in range(10)]))
    return frame, drawn(-0.8 + matrix[:, :2] @ [0.7, -0.6] + 0.9 * flags[:, 0] - 0.8 * flags[:, 1], random)


UNSEEN_EXAMPLES: dict[str, Callable[[], Table]] = {
    "few_600": partial(few, 600, 60),
    "silent_2000": partial(silent, 2_000),
    "mislabelled_2500": partial(mislabelled, 2_500),
    "tailed_3000": partial(tailed, 3_000),
    "threesome_5000": partial(threesome, 5_000),
    "drifting_6000": partial(drifting, 6_000),
    "merchants_8000": partial(merchants, 8_000),
    "columns_300": partial(few, 12_000, 300),
}
