"""More tables of customers, none of which the model was ever tuned on: wide, coded, gappy, tiny, stepped, tangled.

Comes in: nothing. Goes out: ODD_EXAMPLES, name → function that returns a raw frame and a label of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from benchmarks.churn_examples import Table, drawn, numbered


def wide(rows: int, columns: int) -> Table:
    """More columns than rows to learn from, in blocks that say much the same; five matter."""
    random = np.random.default_rng(11)
    blocks = np.repeat(random.normal(size=(rows, columns // 10)), 10, axis=1)
    matrix = 0.6 * blocks + 0.8 * random.normal(size=blocks.shape)
    return numbered(matrix), drawn(-0.7 + matrix[:, [0, 40, 90, 140, 200]] @ [1.0, -0.9, 0.8, 0.7, -0.6], random)


def coded(rows: int) -> Table:
    """Nothing but texts, of 2 to 14 levels, each level with a risk of its own; two columns act together."""
    random = np.random.default_rng(12)
    counts = (2, 3, 4, 5, 6, 8, 10, 14)
    codes = [random.integers(0, count, rows) for count in counts]
    risks = [random.normal(0, 0.5, count) for count in counts]
    log_odds = -1 + sum(risk[code] for risk, code in zip(risks[:6], codes, strict=False)) + 0.8 * ((codes[1] == 0) & (codes[2] == 1))
    frame = pd.DataFrame({f"c{number}": np.array([f"v{value}" for value in code]) for number, code in enumerate(codes)})
    return frame, drawn(log_odds, random)


def many_levels(rows: int) -> Table:
    """Postcodes, products and agents: texts of 1,500, 300 and 60 levels, unevenly used, beside one number."""
    random = np.random.default_rng(13)
    frame, log_odds = pd.DataFrame({"spent": random.lognormal(3, 1, rows)}), -1.2 - 0.4 * random.normal(size=rows)
    for name, count in (("postcode", 1500), ("product", 300), ("agent", 60)):
        codes = np.minimum(random.geometric(3 / count, rows), count) - 1
        log_odds += random.normal(0, 0.6, count)[codes]
        frame[name] = [f"{name[:2]}{code:04d}" for code in codes]
    return frame, drawn(log_odds - 0.5 * (np.log(frame["spent"].to_numpy()) - 3), random)


def gappy(rows: int) -> Table:
    """Eight values in ten are missing, and who has a value is no accident."""
    random = np.random.default_rng(14)
    matrix = random.normal(size=(rows, 12))
    unknown = random.random(matrix.shape) < 0.8 - 0.15 * (matrix > 1)
    log_odds = -0.8 + np.where(unknown, 0, matrix)[:, :4] @ [1.5, -1.2, 1.0, 0.8] + 0.9 * unknown[:, 5] - 0.7 * unknown[:, 6]
    return numbered(np.where(unknown, np.nan, matrix)), drawn(log_odds, random)


def copied(rows: int, distinct: int) -> Table:
    """A few dozen kinds of customers, each many times over, with a risk of its own."""
    random = np.random.default_rng(15)
    kinds, risk = random.normal(size=(distinct, 6)), random.normal(-1, 1.2, distinct)
    which = random.integers(0, distinct, rows)
    return numbered(kinds[which]), drawn(risk[which], random)


def tiny(rows: int, shape: str) -> Table:
    """Two hundred rows to learn from: a straight line, or a step and a product."""
    random = np.random.default_rng(16)
    matrix = random.normal(size=(rows, 6))
    log_odds = {
        "line": matrix[:, 0] - 0.8 * matrix[:, 1] + 0.5 * matrix[:, 2] - 1,
        "step": 2.0 * (matrix[:, 0] > 0.5) + 1.5 * matrix[:, 1] * (matrix[:, 2] > 0) - 1.2,
    }[shape]
    return numbered(matrix).assign(segment=random.choice(["a", "b", "c"], rows)), drawn(log_odds, random)


def tangled(rows: int) -> Table:
    """Products alone: no column says anything by itself."""
    random = np.random.default_rng(17)
    matrix = random.normal(size=(rows, 8))
    signs = np.sign(matrix)
    return numbered(matrix), drawn(-0.5 + 1.4 * signs[:, 0] * signs[:, 1] + 1.0 * matrix[:, 2] * matrix[:, 3], random)


def stepped(rows: int) -> Table:
    """Risk only ever rises with each column, in steps: contract months, failed payments, tickets, silence."""
    random = np.random.default_rng(18)
    matrix = np.column_stack([random.exponential(scale, rows) for scale in (12, 1, 2, 20, 5, 3)])
    steps = ((matrix[:, 0] > 6), (matrix[:, 0] > 18), (matrix[:, 1] > 1.5), (matrix[:, 2] > 3), (matrix[:, 3] > 30))
    return numbered(np.round(matrix)), drawn(
        -2.2 + sum(weight * step for weight, step in zip((0.8, 0.7, 1.2, 0.9, 0.8), steps, strict=True)), random
    )


def rare(rows: int) -> Table:
    """Three in a hundred leave; amounts are skewed, and the ratio of two of them counts."""
    random = np.random.default_rng(19)
    spent, usual = random.lognormal(4, 1, rows), random.lognormal(4, 1, rows)
    frame = pd.DataFrame({"spent": spent, "usual": usual, "orders": random.poisson(2, rows), "noise": random.normal(size=rows)})
    return frame, drawn(-4.2 - 0.9 * np.log(spent / usual) - 0.3 * frame["orders"].to_numpy(), random)


ODD_EXAMPLES: dict[str, Callable[[], Table]] = {
    "wide_400": partial(wide, 400, 400),
    "coded_1500": partial(coded, 1500),
    "many_levels_6000": partial(many_levels, 6000),
    "gappy_1500": partial(gappy, 1500),
    "copied_1500": partial(copied, 1500, 60),
    "tiny_line_400": partial(tiny, 400, "line"),
    "tiny_step_400": partial(tiny, 400, "step"),
    "tangled_2500": partial(tangled, 2500),
    "stepped_1500": partial(stepped, 1500),
    "rare_4000": partial(rare, 4000),
}
