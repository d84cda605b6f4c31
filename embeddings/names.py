"""Names as they are looked up: folded, so that case, accents and punctuation don't matter."""

from __future__ import annotations

import unicodedata


def fold(name: str) -> str:
    """`name` without case, accents and punctuation, words separated by single spaces.

    A name of punctuation alone (such as “…”) stays as it is, so that it can still be told from others.

    >>> fold("Amélie  –  Le Fabuleux destin")
    'amelie le fabuleux destin'
    """
    decomposed = unicodedata.normalize("NFKD", name.replace("&", " and "))
    kept = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c) and c not in "'’`")
    return " ".join(kept.casefold().split()) or name.strip().casefold()
