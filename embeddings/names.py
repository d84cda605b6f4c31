"""Names as they are looked up: folded, so that case, accents and punctuation don't matter."""

from __future__ import annotations

import unicodedata


class _Kept(dict[int, str]):
    """What is left of each character, by code point, for `str.translate`: found once a character, not once a name."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        dropped = unicodedata.combining(character) or character in "'’`"
        self[code] = "" if dropped else character if character.isalnum() else " "
        return self[code]


_KEPT = _Kept()


def fold(name: str) -> str:
    """`name` without case, accents and punctuation, words separated by single spaces.

    A name of punctuation alone (such as “…”) stays as it is, so that it can still be told from others.

    >>> fold("Amélie  –  Le Fabuleux destin")
    'amelie le fabuleux destin'
    """
    kept = unicodedata.normalize("NFKD", name.replace("&", " and ")).translate(_KEPT)
    return " ".join(kept.casefold().split()) or name.strip().casefold()
