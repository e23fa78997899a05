"""Who was asked for a recommendation, from raw rows, and which answers may belong to an invitation that is recorded."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tests.oracle.people import People, email
from tests.oracle.sources import source_of

Tables = Mapping[str, pd.DataFrame]


def person(row: object) -> str:
    """Who gave an answer or was asked, one person also where nobody knows them."""
    if pd.notna(row.customer):
        return f"customer {row.customer}"
    return f"email {email(row.email)}" if email(row.email) else f"id {row.customer_id}"


def invitations(tables: Tables, known: People) -> pd.DataFrame:
    """Who was asked for a recommendation, and when. A survey asks for one unless its answers are all of another metric (choice).

    Choice: answers of a survey without any recorded invitation tell of theirs by `sent_at`; a missing name may be any survey's.
    """
    sent, answers = tables["survey_invitations"], tables["survey_responses"]
    of = {"sent": sent["invitation_id"].map(source_of), "answers": answers["response_id"].map(source_of)}
    found = [
        _invitations(sent[of["sent"] == source], answers[of["answers"] == source], known)
        for source in sorted({*of["sent"], *of["answers"]})
    ]
    return pd.concat(found, ignore_index=True) if found else _invitations(sent, answers, known)


def _invitations(sent: pd.DataFrame, answers: pd.DataFrame, known: People) -> pd.DataFrame:
    """Those of one source."""
    recorded = sent.assign(is_recorded=True)
    told = answers[answers["sent_at"].notna() & (answers["metric"] == "nps") & ~_is_recorded(answers, sent)]
    told = told.assign(is_recorded=False, invitation_id=told["response_id"])
    metrics = answers.groupby(_survey(answers))["metric"].agg(set)
    asking = {survey for survey in _survey(recorded) if survey not in metrics or "nps" in metrics[survey]}
    # Choice: what names no survey may invite to one that asks for a recommendation and has no invitations of its own.
    if {survey for survey in metrics.index if "nps" in metrics[survey]} - set(_survey(recorded)):
        asking.add("")
    recorded = recorded[_survey(recorded).isin(asking)]
    rows = pd.concat([recorded, told], ignore_index=True)
    rows["customer"] = [known.respondent(row.customer_id, row.email) for row in rows.itertuples()]
    rows["respondent"] = [person(row) for row in rows.itertuples()]
    return rows


def _is_recorded(answers: pd.DataFrame, sent: pd.DataFrame) -> pd.Series:
    """Whether an answer of one source may belong to an invitation that is recorded."""
    named = set(_survey(sent))
    return _survey(answers).map(lambda survey: bool(named) and bool({"", survey} & named or survey == "")).astype(bool)


def of_recorded(answers: pd.DataFrame, sent: pd.DataFrame) -> pd.Series:
    """The same for the answers of all sources."""
    sources, senders = answers["response_id"].map(source_of), sent["invitation_id"].map(source_of)
    parts = [_is_recorded(answers[sources == source], sent[senders == source]) for source in sources.unique()]
    return pd.concat(parts) if parts else pd.Series(dtype=bool)


def _survey(rows: pd.DataFrame) -> pd.Series:
    return rows["survey_id"].astype(object).fillna("")
