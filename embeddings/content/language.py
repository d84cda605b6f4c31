"""Whether texts are English, which is all that the default text encoder has learnt."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORDS = 8  # fewer tell nothing
_ENGLISH = frozenset(
    ("the", "of", "and", "to", "his", "her", "its", "their", "with", "who", "from", "that", "by", "they", "he", "she")
).union(("when", "after", "into", "is", "are"))
_LEAST = 0.02


def foreign(texts: Sequence[str]) -> float:
    """Share of the texts of eight words and more that are not English: fewer than one word in fifty is one that English
    is full of and other languages lack."""
    told = [words for text in texts if len(words := re.findall(r"[^\W\d_]+", text.lower())) >= _WORDS]
    other = sum(sum(word in _ENGLISH for word in words) < _LEAST * len(words) for words in told)
    return other / len(told) if told else 0.0
