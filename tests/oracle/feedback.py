"""Free text, closed loops, themes and tickets from raw rows, as metrics.md and the documentation of the marts define them.

Sentiment and themes themselves are not computed again here: what is judged is what is counted from them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tests.oracle.intervals import difference_interval
from tests.oracle.people import Night, People
from tests.oracle.surveys import split, survey_responses

Tables = Mapping[str, pd.DataFrame]
CONTACT_CHANNELS = ("email", "phone", "sms", "post", "chat", "meeting", "social", "in_person")
CONTACT_KINDS = ("call", "meeting", "visit")
NO_CONTACT = (
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "unsubscribed",
    "complained",
    "usage",
    "login",
)  # these happen to a message or by the customer


def feedback(tables: Tables, known: People, night: Night, working_days: int = 2) -> pd.DataFrame:
    """`fct_feedback` without sentiment and themes: every text, and every detractor with or without one."""
    answers = survey_responses(tables, known)
    answers = answers[answers["has_comment"] | (answers["group"] == "detractor")]
    answers = answers.assign(origin="survey", said_at=answers["responded_at"], comment=answers["comment"].where(answers["has_comment"]))
    tickets = tables["crm_tickets"]
    tickets = tickets[tickets["text"].fillna("").str.strip() != ""]
    tickets = tickets.assign(origin="ticket", said_at=tickets["opened_at"], comment=tickets["text"], metric="none")
    tickets["customer"] = [known.customer(record) for record in tickets["customer_id"]]
    rows = pd.concat([answers, tickets], ignore_index=True)
    contacts = _contacts(tables, known)
    loops = [_loop(row, contacts, night, working_days) for row in rows.itertuples()]
    rows[["closed_loop_due_at", "followed_up_at", "followed_up_in_time"]] = pd.DataFrame(loops, index=rows.index, columns=range(3))
    return rows


def _contacts(tables: Tables, known: People) -> pd.DataFrame:
    """Contacts by a person: outbound on a channel where people talk, or a call, meeting or visit not said to be inbound; no campaign."""
    rows = tables["crm_interactions"]
    met = rows["kind"].isin(CONTACT_KINDS) | rows["channel"].isin(["meeting", "in_person"])
    outbound = (rows["direction"] == "outbound") | (rows["direction"].isna() & met)
    by_us = outbound & ~rows["kind"].isin(NO_CONTACT) & rows["channel"].isin(CONTACT_CHANNELS)
    rows = rows[by_us & rows["campaign_id"].isna()].copy()
    rows["customer"] = [known.customer(record) for record in rows["customer_id"]]
    return rows


def _loop(row: object, contacts: pd.DataFrame, night: Night, days: int) -> tuple[object, object, object]:
    if row.group != "detractor":
        return None, None, None
    due = _due(row.said_at, days)
    after = contacts.loc[(contacts["customer"] == row.customer) & (contacts["occurred_at"] > row.said_at), "occurred_at"]
    if len(after):
        return due, after.min(), after.min() <= due
    return due, None, False if night.end > due else None


def _due(said: pd.Timestamp, days: int) -> pd.Timestamp:
    """So many working days later at the same time; what is said at a weekend counts as said on Monday at 00:00 (choice)."""
    first = pd.Timestamp(np.busday_offset(said.date(), 0, roll="forward"))
    time_of_day = said - said.normalize() if first == said.normalize() else pd.Timedelta(0)
    return pd.Timestamp(np.busday_offset(first.date(), days)) + time_of_day


def themes_monthly(feedback_rows: pd.DataFrame, night: Night) -> pd.DataFrame:
    """`metric_feedback_themes_monthly` from feedback that carries `themes` (comma-separated) and `sentiment`: month × metric × theme."""
    texts = feedback_rows[feedback_rows["comment"].fillna("").str.strip() != ""]
    found = []
    for month, end, is_complete in night.months(texts["said_at"].min()) if len(texts) else ():
        in_month = texts[(texts["said_at"] >= month) & (texts["said_at"] < end)]
        for metric, part in in_month.groupby("metric"):
            named = part["themes"].map(lambda themes: set(themes.split(",")) if pd.notna(themes) else set())
            for theme in sorted(set().union(*named)):
                touched = named.map(lambda themes, theme=theme: theme in themes)
                row = {"month": month, "metric": metric, "theme": theme, "is_complete": is_complete, "comments": len(part)}
                found.append(row | _with_and_without(part[touched], part[~touched]))
    return pd.DataFrame(found)


def _with_and_without(ones: pd.DataFrame, others: pd.DataFrame) -> dict:
    low, high = difference_interval(ones["score_0_100"].dropna(), others["score_0_100"].dropna())
    return {
        "mentions": len(ones), "mention_share": len(ones) / (len(ones) + len(others)), "mean_sentiment": ones["sentiment"].mean(),
        "mean_score_with": ones["score_0_100"].mean(), "mean_score_without": others["score_0_100"].mean(),
        "comments_without": len(others), "score_difference": ones["score_0_100"].mean() - others["score_0_100"].mean(),
        "score_difference_low": low, "score_difference_high": high,
    }  # fmt: skip


def tickets(tables: Tables, known: People) -> pd.DataFrame:
    """`fct_tickets`: every ticket with its waiting times in elapsed hours."""
    rows = tables["crm_tickets"].copy()
    rows["customer"] = [known.customer(record) for record in rows["customer_id"]]
    rows["first_reply_hours"] = (rows["first_replied_at"] - rows["opened_at"]) / pd.Timedelta(hours=1)
    rows["resolution_hours"] = (rows["solved_at"] - rows["opened_at"]) / pd.Timedelta(hours=1)
    return rows


def tickets_monthly(tables: Tables, known: People, night: Night) -> pd.DataFrame:
    """`metric_tickets_monthly`: one row per month, dimension (channel, priority, topic included) and value with tickets so far."""
    rows, found = tickets(tables, known), []
    for month, end, is_complete in night.months(rows["opened_at"].min()) if len(rows) else ():
        for dimension, value, part in split(rows[rows["opened_at"] < end], known, ["channel", "priority", "topic"]):
            opened = part[part["opened_at"] >= month]
            solved = part[(part["solved_at"] >= month) & (part["solved_at"] < end)]
            found.append({
                "month": month, "dimension": dimension, "dimension_value": value, "is_complete": is_complete,
                "opened": len(opened), "solved": len(solved), "backlog": int((~(part["solved_at"] < end)).sum()),
                "replied": int(opened["first_replied_at"].notna().sum()),
                "median_first_reply_hours": opened["first_reply_hours"].median(),
                "median_resolution_hours": solved["resolution_hours"].median(),
            })  # fmt: skip
    return pd.DataFrame(found)
