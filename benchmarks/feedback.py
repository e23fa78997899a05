"""Themes and tone of comments as published, beside the word lists alone and a classifier that learns from a company's own comments.

Comes in: the labelled fragments of examples/acme/comments.yaml and the comments of benchmarks/feedback_comments.csv, which were written
for this benchmark in other words. Goes out: macro-F1 on the terminal, of which share of the comments anything is told, and how fast
the reader is. Run: `python -m benchmarks.feedback`.
As published is what `fct_feedback` says: words and the reader of ml/comments together. The reader learned from examples of its own and has
seen neither set, nor was anything about it chosen by them. The classifier (TF-IDF of words and letters, logistic regression) never
sees the phrasing that it is judged on: of Acme's four variants of every fragment it learns three and is judged on the fourth, in turn;
on the fresh comments it is judged after learning all of Acme's. The word lists learn nothing, but whoever wrote them may have had
Acme's fragments in mind.
"""

from __future__ import annotations

import itertools
import re
import sys
import time
from datetime import datetime
from pathlib import Path

import pandas as pd
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MultiLabelBinarizer

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from ml.comments import read, shipped  # noqa: E402
from orchestration import comments as texts  # noqa: E402
from tests.oracle import harness  # noqa: E402

THEMES = ["price", "support", "usability", "reliability", "features", "onboarding", "billing"]
MOODS = ["unhappy", "happy"]
VARIANTS = 4
SALT = "example"  # of dbt_project.yml


def acme(variants: tuple[int, ...]) -> pd.DataFrame:
    """Comments composed of these variants of Acme's fragments, with or without opening and closing: language, theme, mood, comment."""
    words = yaml.safe_load((ROOT / "examples" / "acme" / "comments.yaml").read_text(encoding="utf-8"))
    found = []
    for (language, spoken), theme, mood, variant in itertools.product(words.items(), THEMES, MOODS, variants):
        for opening, closing in itertools.product((spoken["openings"][mood][variant], ""), (spoken["closings"][mood][variant], "")):
            found.append((language, theme, mood, f"{opening} {spoken[theme][mood][variant]} {closing}".strip()))
    return pd.DataFrame(found, columns=["language", "theme", "mood", "comment"])


def published(comments: pd.DataFrame, *, is_read: bool) -> pd.DataFrame:
    """What `fct_feedback` says of the comments, with or without the reader: `themes` (a set) and `mood`, None where it says nothing."""
    at = datetime(2025, 6, 10)
    rows = [
        {
            "response_id": str(number),
            "customer_id": "c1",
            "metric": "csat",
            "score": 3,
            "scale_min": 1,
            "scale_max": 5,
            "responded_at": at,
            "comment": row.comment,
            "language": row.language,
        }
        for number, row in enumerate(comments.itertuples())
    ]
    with harness.empty_warehouse() as connection:
        harness.land(connection, {"survey_responses": rows})
        if is_read:
            version = shipped().version
            texts.keep(connection, SALT, version, read(texts.unread(connection, SALT, version)))
        harness.project("contractual").build(connection, ["fct_feedback"], "2025-06-30")
        marts = connection.sql("FROM marts.fct_feedback").df()
    said = marts.set_index("response_id").loc[[row["response_id"] for row in rows]]
    themes = [set(names.split(",")) & set(THEMES) if pd.notna(names) else set() for names in said["themes"]]
    moods = [None if pd.isna(tone) or tone == 0 else "happy" if tone > 0 else "unhappy" for tone in said["sentiment"]]
    return pd.DataFrame({"themes": themes, "mood": moods})


def by_learning(seen: pd.DataFrame, comments: pd.DataFrame) -> pd.DataFrame:
    """The same, by classifiers that learned from `seen`."""

    def told(target: str) -> list[str]:
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        model = make_pipeline(make_union(TfidfVectorizer(sublinear_tf=True), letters), LogisticRegression(C=10, max_iter=2000))
        return list(model.fit(seen["comment"], seen[target]).predict(comments["comment"]))

    return pd.DataFrame({"themes": [{theme} for theme in told("theme")], "mood": told("mood")})


def judged(truth: pd.DataFrame, told: pd.DataFrame) -> dict[str, float]:
    """Macro-F1 of themes and of mood, and the share of comments of which anything is told."""
    binary = MultiLabelBinarizer(classes=THEMES)
    themes = f1_score(binary.fit_transform([{theme} for theme in truth["theme"]]), binary.fit_transform(told["themes"]), average="macro")
    mood = f1_score(truth["mood"], told["mood"].fillna("nothing"), labels=MOODS, average="macro")
    return {
        "theme F1": themes,
        "tone F1": mood,
        "theme told": told["themes"].map(bool).mean(),
        "tone told": told["mood"].notna().mean(),
    }


def both_ways(comments: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """As published, and as it would be without the reader."""
    return {"as published": published(comments, is_read=True), "word lists": published(comments, is_read=False)}


def print_speed(comments: pd.DataFrame) -> None:
    """Seconds until the first comment is read, and comments a second after that, on one core."""
    said = comments[["comment"]].drop_duplicates().reset_index(drop=True).rename(columns={"comment": "text"})
    distinct = said.assign(text_hash=said["text"], text=[re.sub("[.!?]", f" {number}.", text) for number, text in enumerate(said["text"])])
    began = time.perf_counter()
    read(distinct.head(1))
    loaded = time.perf_counter()
    read(distinct)
    print(f"reader: {loaded - began:.2f} s to load, then {len(distinct) / (time.perf_counter() - loaded):,.0f} comments a second")


def main() -> None:
    """Judge all on Acme's comments and on the fresh ones, over all languages and one by one."""
    print_speed(acme((0, 1)))
    everything, fresh = acme(tuple(range(VARIANTS))), pd.read_csv(ROOT / "benchmarks" / "feedback_comments.csv")
    folds = [(acme(tuple({*range(VARIANTS)} - {held_out})), acme((held_out,))) for held_out in range(VARIANTS)]
    held_out = pd.concat([test for _, test in folds], ignore_index=True)
    learned = pd.concat([by_learning(train, test) for train, test in folds], ignore_index=True)
    tables = {
        "acme": (held_out, both_ways(held_out) | {"TF-IDF + logistic": learned}),
        "fresh": (fresh, both_ways(fresh) | {"TF-IDF + logistic": by_learning(everything, fresh)}),
    }
    for name, (truth, answers) in tables.items():
        for language in ["all", *truth["language"].unique()]:
            chosen = truth["language"] == language if language != "all" else truth["language"].notna()
            for method, told in answers.items():
                scores = judged(truth[chosen], told[chosen])
                print(f"{name:6} {language:4} {method:18} " + "  ".join(f"{label} {score:.3f}" for label, score in scores.items()))


if __name__ == "__main__":
    main()
