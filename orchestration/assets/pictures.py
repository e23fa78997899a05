"""Pictures in the metadata of assets: drawn without a network, kept as part of the text.

Comes in: numbers. Goes out: Markdown with a PNG in it.
"""

import base64
from collections.abc import Sequence
from typing import Any

from orchestration.report import measured

_COLOURS = {"expected": "#b3842c", "actual": "#1f6e74"}


def histogram(counted: Sequence[tuple[float, int]], width: float, number: str) -> str:
    """Customers per bin of `number`: (lower end, customers)."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(counted, columns=[number, "customers"])
    across = alt.X(f"{number}:Q", bin=alt.Bin(step=width or 1))
    chart = alt.Chart(frame, width=420, height=160).mark_bar(color="#3b6ea5").encode(x=across, y="customers:Q")
    return _drawn(chart, f"Distribution of {number}")


def tracking(runs: Sequence[dict[str, Any]]) -> str | None:
    """What a model of lifetime value expected beside what came, in all and step by step, from rows of `model_runs`; None without any."""
    import altair as alt
    import pandas as pd

    found = [(*place, row["value"]) for place, row in measured.points([row for row in runs if row["metric"]], "tracking")]
    if not found:
        return None
    frame = pd.DataFrame(found, columns=["until", "side", "cumulative"]).sort_values(["side", "until"], ignore_index=True)
    frame["incremental"] = frame.groupby("side")["cumulative"].diff()
    colour = alt.Color("side:N", scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())), title=None)
    drawn = alt.Chart(frame, width=420, height=160).mark_line().encode(x=alt.X("until:T", title=None), color=colour)
    return _drawn(alt.vconcat(*(drawn.encode(y=f"{kind}:Q") for kind in ("cumulative", "incremental"))), "Expected beside actual")


def _drawn(chart: Any, title: str) -> str:
    import vl_convert

    picture = base64.b64encode(vl_convert.vegalite_to_png(chart.to_json(), scale=1.5)).decode()
    return f"![{title}](data:image/png;base64,{picture})"
