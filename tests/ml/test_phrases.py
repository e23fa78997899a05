"""What convention says of a comment: placeholders say nothing, set phrases and emoji mean what everybody knows, and so does a `but`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from ml.comments import read
from ml.comments.phrases import PHRASES

NOTHING = [
    "test", "Test!", "No comment", "No comments.", "keine Angabe", "k. A.", "n/a", "N/A", "NA", "None", "x", "xxx", "asdf", "nichts",
    "kein Kommentar", "aucun commentaire", "RAS", "sin comentarios", "ninguno", "NO APLICA",
]  # fmt: skip
GOOD = [
    "Not bad", "Not bad at all!", "Nicht schlecht.", "Pas mal", "No está mal", "I can't complain", "I can’t complain.", "Could be worse",
    "Da kann man nicht meckern.", "Rien à redire", "Nothing to complain about", "It is not a waste of time.", "👍", "👍👍", "❤️",
    "😊 😊", ":)",
]  # fmt: skip
BAD = [
    "Could be better", "The support leaves a lot to be desired.", "Der Service lässt zu wünschen übrig", "Le service laisse à désirer",
    "El servicio deja mucho que desear", "A waste of money", "No vale la pena", "Nie wieder!", "👎", "😡😡", ":-(",
    "Great product, but too expensive", "Bon produit mais trop cher", "Zu teuer",
]  # fmt: skip
SILENT = ["-", "--", "...", "?", "/", "10"]


@pytest.fixture(scope="module")
def told() -> pd.DataFrame:
    """Readings of all of them, by text; tone as log-odds."""
    texts = [*NOTHING, *GOOD, *BAD, *SILENT]
    return read(pd.DataFrame({"text_hash": texts, "text": texts})).to_pandas().set_index("text_hash")


@pytest.mark.parametrize("text", NOTHING)
def test_a_placeholder_is_neutral_and_touches_no_theme(text: str, told: pd.DataFrame) -> None:
    assert (told.loc[text, "tone"], told.loc[text, "themes"]) == (0, "")


@pytest.mark.parametrize("text", GOOD)
def test_it_is_praise(text: str, told: pd.DataFrame) -> None:
    assert told.loc[text, "tone"] > 0


@pytest.mark.parametrize("text", BAD)
def test_it_is_blame(text: str, told: pd.DataFrame) -> None:
    assert told.loc[text, "tone"] < 0


def test_of_dots_and_digits_nothing_is_told(told: pd.DataFrame) -> None:
    assert not told.index.isin(SILENT).any()


def test_what_follows_a_but_counts_more_and_both_halves_have_their_themes() -> None:
    ways = ["The support is excellent, but the app is slow.", "The app is slow, but the support is excellent."]
    rows = read(pd.DataFrame({"text_hash": ways, "text": ways})).to_pandas().set_index("text_hash")
    assert rows.loc[ways[0], "tone"] < rows.loc[ways[1], "tone"]
    assert {*rows["themes"]} == {"reliability support"}


def test_a_capital_and_a_stop_make_no_difference() -> None:
    ways = ["Der Support ist langsam.", "der Support ist langsam"]
    assert np.ptp(read(pd.DataFrame({"text_hash": ways, "text": ways})).to_pandas()["tone"]) == 0


def test_phrases_are_listed_once_as_they_are_compared() -> None:
    listed = yaml.safe_load(PHRASES.read_text(encoding="utf-8"))
    phrases = [phrase for kind in listed.values() for phrase in kind]
    assert len(set(phrases)) == len(phrases)
    assert [phrase for phrase in phrases if phrase != " ".join(phrase.lower().replace("-", " ").split())] == []
