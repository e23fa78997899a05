"""What a text means as a whole: nothing, where a field had to be filled; a tone of their own, for set phrases and emoji.

Comes in: texts and their clauses. Goes out: whether a text says anything; the tone of a clause as log-odds, where it is a matter of
convention. Learned from no examples: of `Nicht schlecht` or `could be better` a sum over words, or over a vector, says the opposite.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

PHRASES = Path(__file__).with_name("phrases.yaml")
SURE = 2.0  # log-odds of a set phrase or an emoji: a tone of three quarters, as the examples' plain sentences have it in the middle
_WORD = re.compile(r"[^\W_]+")
_DENIALS = {"not", "no", "never", "isn", "wasn", "nicht", "kein", "keine", "nie", "pas", "jamais", "nunca"}
_GLAD = "👍👌👏🙌🙏💪❤🧡💛💚💙💜💖💕💯🎉🥳🤩😍🥰😘😀😃😄😁😆😊🙂😇😎🤗☺⭐🌟✨✅🏆"
_CROSS = "👎💩😡😠🤬😤😞😔😟🙁☹😣😖😫😩😢😭😒🙄😕😓😨😱🤮🤢💔❌🚫"
_FACES = re.compile(rf"[{_GLAD}]|[{_CROSS}]|(?<!\w)[:;=]-?[)(D]")


def says_nothing(text: str) -> bool:
    """Whether a text is a placeholder: a phrase for no answer, or one letter however often."""
    words = " ".join(_WORD.findall(text.lower()))
    return words in _listed("nothing") or (len(set(words)) == 1 and words.isalpha() and words.isascii())


def clauses(sentence: str) -> tuple[str, str] | None:
    """What stands before a `but` and what comes after it, or nothing."""
    found = _but().search(sentence)
    return (sentence[: found.start()], sentence[found.end() :]) if found else None


def tone_of_phrases(clause: str) -> float | None:
    """The tone of the last set phrase of a clause, turned round where it is denied."""
    words = _WORD.findall(clause.lower())
    found = None
    for end in range(1, len(words) + 1):
        found = _ending(words[:end]) or found
    return found


def tone_of_faces(text: str) -> float | None:
    """The tone of a text that is nothing but emoji, however many there are."""
    if _WORD.search(text):
        return None
    glad = [face in _GLAD or face[-1] in ")D" for face in _FACES.findall(text)]
    return (2 * sum(glad) / len(glad) - 1) * SURE if glad else None


def _ending(words: list[str]) -> float | None:
    """The tone of the longest phrase that these words end with."""
    for length in range(min(len(words), _longest()), 0, -1):
        phrase = " ".join(words[-length:])
        for mood, sign in (("good", SURE), ("bad", -SURE)):
            if phrase in _listed(mood):
                return -sign if _DENIALS.intersection(words[-length - 2 : -length]) else sign
    return None


@cache
def _told() -> dict[str, list[str]]:
    told: dict[str, list[str]] = yaml.safe_load(PHRASES.read_text(encoding="utf-8"))
    return told


@cache
def _listed(kind: str) -> frozenset[str]:
    return frozenset(_told()[kind])


@cache
def _longest() -> int:
    return max(len(phrase.split()) for mood in ("good", "bad") for phrase in _told()[mood])


@cache
def _but() -> re.Pattern[str]:
    return re.compile(rf"(?:[,;–-]\s*|\s)(?:{'|'.join(_told()['but'])})\b,?\s+", re.IGNORECASE)
