"""What a comment denies is not what it says: words of tone, with what stands before them turned round, as a reader would take them."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.oracle import harness

# Comment → its words of tone, with the sign that they have in it.
SAID = {
    "I would recommend it": {"recommend": 1},
    "I would not recommend it": {"recommend": -1},
    "It isn't very good": {"good": -1},
    "It is not so very good": {"good": -1},
    "No, not good": {"good": -1},
    "Any problems? No. Great product": {"great": 1, "problems": -1},
    "Nothing works": {"works": -1},
    "Nothing bad to say": {"bad": 1},
    "Neither good nor helpful": {"good": -1, "helpful": -1},
    "Je recommande": {"recommande": 1},
    "Je ne recommande pas": {"recommande": -1},
    "Je ne vous le recommande pas": {"recommande": -1},
    "Ne jamais recommander": {"recommander": -1},
    "Ce n'est pas très bon": {"bon": -1},
    "Rien de bon": {"bon": -1},
    "Lo recomiendo": {"recomiendo": 1},
    "No lo recomiendo": {"recomiendo": -1},
    "No, muy malo": {"malo": -1},
    "No es caro": {"caro": 1},
    "Nada bueno": {"bueno": -1},
    "Nichts Gutes, leider": {"gutes": -1, "leider": -1},
    "Weder schnell, noch billig": {"schnell": -1},
    "Nicht ohne Probleme": {"probleme": -1},
    "It is not the best": {"best": -1},
    "Nicht mehr zufrieden": {"zufrieden": -1},
    "Pas du tout cher": {"cher": 1},
    "Ich bin nicht zufrieden": {"zufrieden": -1},
    "Noch schneller, noch freundlicher": {"schneller": 1, "freundlicher": 1},
}


@pytest.fixture(scope="module")
def heard() -> dict[str, dict[str, int]]:
    """Comment → its words of tone and their signs, of a company whose customers left each of them."""
    common = {"customer_id": "c", "metric": "csat", "score": 3, "scale_min": 1, "scale_max": 5, "responded_at": datetime(2025, 6, 1)}
    answers = [common | {"response_id": f"r{number}", "comment": comment} for number, comment in enumerate(SAID)]
    tables = {"crm_customers": [{"customer_id": "c", "created_at": datetime(2025, 1, 1)}], "survey_responses": answers}
    marts = harness.project("contractual").marts(["int_feedback_words", "fct_feedback"], tables, "2025-06-30")
    texts = marts["fct_feedback"].set_index("feedback_id")["comment"]
    found: dict[str, dict[str, int]] = {comment: {} for comment in SAID}
    words = marts["int_feedback_words"].dropna(subset="polarity")
    for row in words.itertuples():
        found[texts[row.feedback_id]][row.word] = 1 if row.polarity > 0 else -1
    return found


@pytest.mark.parametrize("comment", SAID)
def test_words_have_the_sign_that_a_reader_gives_them(comment: str, heard: dict[str, dict[str, int]]) -> None:
    assert heard[comment] == SAID[comment]
