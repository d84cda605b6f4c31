"""Whether texts are English, which is all that the default text encoder has learnt."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORDS = 8  # fewer tell nothing
_LEAST = 1 / 24  # of the words of English prose are these, at the very least
_ENGLISH = (
    frozenset(
        (
            "the",
            "of",
            "and",
            "to",
            "is",
            "are",
            "his",
            "her",
            "its",
            "their",
            "with",
            "who",
            "for",
            "from",
            "that",
            "by",
        )
    )
    .union(("he", "she", "they", "it", "at", "an", "must", "when", "after", "into", "while", "has"))
    .union(("this", "where", "but", "about", "two", "whose", "through", "up", "us", "don"))
)
_LATIN = 0x250  # letters of the Latin script, accented ones too, are before it
_LOOKED_AT = 1_000  # letters


def english(text: str) -> bool | None:
    """Whether a text is in English: in its script, and with the words that English is full of and other languages
    lack. None where it is too short to tell."""
    start = text[:_LOOKED_AT].lower()
    if not start.isascii():
        letters = [letter for letter in start if letter.isalpha()]
        if sum(ord(letter) >= _LATIN for letter in letters) > max(_WORDS, len(letters) / 2):
            return False
    words = re.findall(r"[^\W\d_]+", start)
    return None if len(words) < _WORDS else sum(word in _ENGLISH for word in words) >= _LEAST * len(words)


def foreign(texts: Sequence[str]) -> float:
    """Share that is not English of the texts that are long enough to tell."""
    told = [is_english for text in texts if (is_english := english(text)) is not None]
    return told.count(False) / len(told) if told else 0.0
