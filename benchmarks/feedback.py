"""Themes and tone of comments: the word lists of the dbt project beside a classifier that learns them.

Comes in: the labelled fragments of examples/acme/comments.yaml and the comments of benchmarks/feedback_comments.csv, which were written
for this benchmark in other words. Goes out: macro-F1 on the terminal, and of which share of the comments anything is told.
Run: `python -m benchmarks.feedback`. The classifier (TF-IDF of words and letters, logistic regression) never sees the phrasing that it
is judged on: of Acme's four variants of every fragment it learns three and is judged on the fourth, in turn; on the fresh comments it is
judged after learning all of Acme's. The word lists learn nothing, but whoever wrote them may have had Acme's fragments in mind.
"""

from __future__ import annotations

import itertools
import sys
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

from tests.oracle import harness  # noqa: E402

THEMES = ["price", "support", "usability", "reliability", "features", "onboarding", "billing"]
MOODS = ["unhappy", "happy"]
VARIANTS = 4


def acme(variants: tuple[int, ...]) -> pd.DataFrame:
    """Comments composed of these variants of Acme's fragments, with or without opening and closing: language, theme, mood, comment."""
    words = yaml.safe_load((ROOT / "examples" / "acme" / "comments.yaml").read_text(encoding="utf-8"))
    found = []
    for (language, spoken), theme, mood, variant in itertools.product(words.items(), THEMES, MOODS, variants):
        for opening, closing in itertools.product((spoken["openings"][mood][variant], ""), (spoken["closings"][mood][variant], "")):
            found.append((language, theme, mood, f"{opening} {spoken[theme][mood][variant]} {closing}".strip()))
    return pd.DataFrame(found, columns=["language", "theme", "mood", "comment"])


def by_words(comments: pd.DataFrame) -> pd.DataFrame:
    """What `fct_feedback` says of the comments: `themes` (a set) and `mood`, None where it says nothing."""
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
    marts = harness.project("contractual").marts(["fct_feedback"], {"survey_responses": rows}, "2025-06-30")
    said = marts["fct_feedback"].set_index("response_id").loc[[row["response_id"] for row in rows]]
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


def main() -> None:
    """Judge both on Acme's comments and on the fresh ones, over all languages and one by one."""
    everything, fresh = acme(tuple(range(VARIANTS))), pd.read_csv(ROOT / "benchmarks" / "feedback_comments.csv")
    folds = [(acme(tuple({*range(VARIANTS)} - {held_out})), acme((held_out,))) for held_out in range(VARIANTS)]
    held_out = pd.concat([test for _, test in folds], ignore_index=True)
    learned = pd.concat([by_learning(train, test) for train, test in folds], ignore_index=True)
    tables = {
        "acme": (held_out, {"word lists": by_words(held_out), "TF-IDF + logistic": learned}),
        "fresh": (fresh, {"word lists": by_words(fresh), "TF-IDF + logistic": by_learning(everything, fresh)}),
    }
    for name, (truth, answers) in tables.items():
        for language in ["all", *truth["language"].unique()]:
            chosen = truth["language"] == language if language != "all" else truth["language"].notna()
            for method, told in answers.items():
                scores = judged(truth[chosen], told[chosen])
                print(f"{name:6} {language:4} {method:18} " + "  ".join(f"{label} {score:.3f}" for label, score in scores.items()))


if __name__ == "__main__":
    main()
