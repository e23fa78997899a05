"""Answers, NPS, CSAT and CES from raw rows, as metrics.md defines them. One function per mart, with the columns of the mart.

Customers are named as in `people`. What metrics.md leaves open follows the definitions documented at the marts; each such choice is
marked "choice".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from tests.oracle.intervals import nps_differs, nps_interval, ratio, wilson
from tests.oracle.invitations import Tables, invitations, of_recorded, person
from tests.oracle.people import DIMENSIONS, Night, People, first_event
from tests.oracle.sources import source_of

WINDOW = pd.Timedelta(days=90)
GROUPS = {"promoters": "promoter", "passives": "passive", "detractors": "detractor"}


def survey_responses(tables: Tables, known: People) -> pd.DataFrame:
    """`fct_survey_responses`, with the person (`respondent`) who stays one person also where nobody knows them."""
    rows = tables["survey_responses"].copy()
    rows["customer"] = [known.respondent(row.customer_id, row.email) for row in rows.itertuples()]
    rows["respondent"] = [person(row) for row in rows.itertuples()]
    is_nps = rows["metric"] == "nps"
    rows["score_0_100"] = 100 * (rows["score"] - rows["scale_min"]) / (rows["scale_max"] - rows["scale_min"])
    rows["group"] = pd.cut(rows["score"], [-1, 6, 8, 10], labels=["detractor", "passive", "promoter"]).astype(object).where(is_nps)
    # Choice: of a scale with two answers, such as bad and good, the better one.
    boxes = (rows["scale_max"] - rows["scale_min"] >= 2).map({True: 1, False: 0})
    rows["is_top_two"] = (rows["score"] >= rows["scale_max"] - boxes).astype(object).where(~is_nps)
    rows["has_comment"] = rows["comment"].fillna("").str.strip() != ""
    return rows


def split(rows: pd.DataFrame, known: People, own: list[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Rows by dimension and value: everyone, the customer's dimensions, and the `own` columns of the rows. A missing value is `unknown`."""
    for dimension in ["all", *DIMENSIONS, *own]:
        values = rows[dimension].astype(object).fillna("unknown") if dimension in own else known.values(rows["customer"], dimension)
        for value, part in rows.groupby(values):
            yield dimension, value, part


def satisfaction_monthly(metric: str, tables: Tables, known: People, night: Night) -> pd.DataFrame:
    """`metric_csat_monthly` (metric csat) or `metric_ces_monthly` (ces): one row per month, dimension and value that has answers."""
    counted, share = {"csat": ("satisfied", "csat"), "ces": ("easy", "ces")}[metric]
    answers = survey_responses(tables, known).query("metric == @metric")
    found = []
    for month, end, is_complete in night.months(answers["responded_at"].min()) if len(answers) else ():
        in_month = answers[(answers["responded_at"] >= month) & (answers["responded_at"] < end)]
        parts = list(split(in_month, known, ["channel", "touchpoint"])) or [("all", "all", in_month)]
        for dimension, value, part in parts:
            good = int(part["is_top_two"].sum())
            low, high = wilson(good, len(part))
            found.append({
                "month": month, "dimension": dimension, "dimension_value": value, "is_complete": is_complete, "responses": len(part),
                counted: good, share: ratio(good, len(part)), f"{share}_low": low, f"{share}_high": high,
                "mean_score_0_100": part["score_0_100"].mean(),
                "scales": ",".join(sorted({f"{row.scale_min:g} to {row.scale_max:g}" for row in part.itertuples()})) or None,
            })  # fmt: skip
    return pd.DataFrame(found)


def nps_monthly(tables: Tables, known: People, night: Night, min_responses: int = 30) -> pd.DataFrame:
    """`metric_nps_monthly`: one row per month, view, dimension and value with answers or invitations; every month has one over everyone."""
    answers, asked = survey_responses(tables, known).query("metric == 'nps'"), invitations(tables, known)
    answers = answers.assign(is_recorded=of_recorded(answers, tables["survey_invitations"]))
    times = [*answers["responded_at"], *asked["sent_at"]]
    found: dict[tuple, dict] = {}
    for month, end, is_complete in night.months(max(min(times), first_event(tables))) if times else ():
        for view in ("period", "rolling_90d"):
            start = month if view == "period" else end - WINDOW
            given, sent = _within(answers, "responded_at", start, end), _within(asked, "sent_at", start, end)
            if view == "rolling_90d":
                # Choice: who answered what they were asked has answered, also when their latest answer is to something else.
                given = given.assign(is_recorded=given.groupby("respondent")["is_recorded"].transform("any"))
                given = _last(given, "responded_at", "response_id")
                sent = _last(sent, "is_recorded", "sent_at", "invitation_id")  # one answer per person, so one invitation (choice)
            answered = {(dimension, value): part for dimension, value, part in split(given, known, ["channel", "touchpoint"])}
            invited = {(dimension, value): part for dimension, value, part in split(sent, known, ["channel"])}
            for dimension, value in {*answered, *invited, ("all", "all")}:
                part = answered.get((dimension, value), given[:0])
                row = {"month": month, "view": view, "dimension": dimension, "dimension_value": value, "is_complete": is_complete}
                row |= _score(part, min_responses) | _asked(invited.get((dimension, value), sent[:0]), part, dimension)
                row["nps_weighted"] = _weighted(part, dimension, value, month, known, night)
                found[month, view, dimension, value] = row
    for (month, view, dimension, value), row in found.items():
        before = month - pd.DateOffset(months=1 if view == "period" else 3)  # rolling windows overlap from month to month (choice)
        row["nps_change_significant"] = _differs(row, found.get((before, view, dimension, value)))
    return pd.DataFrame(found.values())


def _last(rows: pd.DataFrame, *order: str) -> pd.DataFrame:
    """The last row of each person; of two sources at one instant the first by name (choice)."""
    *times, key = order
    rows = rows.sort_values(key, kind="stable").assign(source=rows[key].map(source_of))
    rows = rows.sort_values("source", ascending=False, kind="stable").sort_values(times, kind="stable")
    return rows.drop_duplicates("respondent", keep="last")


def _within(rows: pd.DataFrame, column: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    return rows[(rows[column] >= start) & (rows[column] < end)]


def _score(part: pd.DataFrame, min_responses: int) -> dict:
    n, counts = len(part), {name: int((part["group"] == group).sum()) for name, group in GROUPS.items()}
    low, high = nps_interval(counts["promoters"], counts["detractors"], n)
    score = {"nps": 100 * (counts["promoters"] - counts["detractors"]) / n if n else None, "nps_low": low, "nps_high": high}
    return {"responses": n} | counts | score | {"is_reliable": n >= min_responses}


def _differs(row: dict, before: dict | None) -> bool | None:
    if before is None:
        return None
    return nps_differs(*((one["promoters"], one["detractors"], one["responses"]) for one in (row, before)))


def _asked(sent: pd.DataFrame, given: pd.DataFrame, dimension: str) -> dict:
    """Choice: the rate is that of surveys whose invitations are recorded."""
    answered, asked = int(given["is_recorded"].sum()), int(sent["is_recorded"].sum())
    if dimension == "touchpoint":  # an invitation does not say which
        return {"invited": None, "response_rate": None, "invited_recorded": None, "responses_recorded": answered}
    return {"invited": len(sent), "response_rate": ratio(answered, asked), "invited_recorded": asked, "responses_recorded": answered}


def _weighted(part: pd.DataFrame, dimension: str, value: str, month: pd.Timestamp, known: People, night: Night) -> float | None:
    """Σ active of a segment × its NPS ÷ Σ active, over segments with answers. Choice: by plan, or by country without contracts."""
    stratum = "plan" if night.business_model == "contractual" else "country"
    active = known.active_in(month)
    if dimension in DIMENSIONS:
        active = active[known.values(active, dimension) == value]
    base = Counter(known.values(active, stratum))
    answered = part[part["customer"].notna()]
    scores: dict[str, list[float]] = {}
    for segment, group in zip(known.values(answered["customer"], stratum), answered["group"], strict=True):
        scores.setdefault(segment, []).append({"promoter": 100, "passive": 0, "detractor": -100}[group])
    return ratio(sum(base[name] * sum(given) / len(given) for name, given in scores.items()), sum(base[name] for name in scores))
