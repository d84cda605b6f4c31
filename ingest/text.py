"""Words made comparable: folding, slugs, titles without their year and with the article in front."""

from __future__ import annotations

import html
import re
import unicodedata

_NO_DECOMPOSITION = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_APOSTROPHES = re.compile("[’‘ʼ`´'′]")
_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u2060\ufeff]")
_NOT_A_WORD = re.compile(r"[\W_]+")
_ABBREVIATION = re.compile(r"(?<=\b\w)\.(?=\w\b|\W|$)")
_YEAR = re.compile(r"\s*[(\[](\d{4})(?:\s*[-–—]\s*(?:\d{4})?\s*)?[)\]]\s*$")
_ARTICLES = (
    "the|a|an|la|le|les|l'|l’|un|une|el|los|las|una|il|lo|gli|i|der|die|das|ein|eine|"
    "den|det|de|het|een|en|ett|o|os|as|um|uma|az|egy|al"
)
_ARTICLE_LAST = re.compile(rf"^(.+), ({_ARTICLES})$", re.IGNORECASE)
_BRACKETED = re.compile(r"\s*\(((?:[^()]|\([^()]*\))*)\)\s*$")
_ALSO_KNOWN_AS = re.compile(r"^(?:a\.?\s?k\.?\s?a\.?|also known as)\s*:?\s*", re.IGNORECASE)


def clean_label(text: str) -> str:
    """The text in composed form (NFC) without HTML entities, invisible characters and superfluous space."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", html.unescape(text))).split())


def fold(text: str) -> str:
    """Lower-case words without accents and punctuation, separated by single spaces; other scripts keep their letters.

    >>> fold("Amélie & Co.: The Café's “End”")
    'amelie and co the cafes end'
    """
    if text.isascii():
        plain = text.lower()
    else:
        plain = unicodedata.normalize("NFKC", text).casefold()
        if not plain.isascii():
            plain = "".join(_base(c) for c in plain).translate(_NO_DECOMPOSITION)
    plain = _ABBREVIATION.sub("", _APOSTROPHES.sub("", plain)).replace("&", " and ")
    if plain.isascii():
        return " ".join(_NOT_A_WORD.sub(" ", plain).split())
    # \w leaves out the vowel signs of many scripts, which are marks and not letters.
    return " ".join("".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in plain).split())


def _base(character: str) -> str:
    """The ASCII letter under an accent, or the character itself."""
    first = unicodedata.normalize("NFD", character)[0]
    return first if first.isascii() else character


def slug(text: str) -> str:
    """A short name for identifiers: folded words joined by hyphens, safe in an IRI and never empty.

    >>> slug("Sci-Fi & Fantasy"), slug("Señor de los Anillos"), slug("寄生虫"), slug("!!!")
    ('sci-fi-and-fantasy', 'senor-de-los-anillos', '寄生虫', 'x21-x21-x21')
    """
    return fold(text).replace(" ", "-") or "-".join(f"x{ord(c):x}" for c in text.strip()) or "x"


def split_year(text: str) -> tuple[str, int | None]:
    """A title and the year in brackets after it; of a span of years the first.

    >>> split_year("Toy Story (1995)"), split_year("Fawlty Towers (1975-1979)"), split_year("2012")
    (('Toy Story', 1995), ('Fawlty Towers', 1975), ('2012', None))
    """
    found = _YEAR.search(text)
    if not found or found.start() == 0:
        return text.strip(), None
    return text[: found.start()].strip(), int(found[1])


def article_first(text: str) -> str:
    """A title with its article in front.

    >>> article_first("Matrix, The"), article_first("Avventura, L'"), article_first("Good, the Bad and the Ugly, The")
    ('The Matrix', "L'Avventura", 'The Good, the Bad and the Ugly')
    """
    found = _ARTICLE_LAST.match(text.strip())
    if not found:
        return text.strip()
    article = found[2]
    return f"{article}{'' if article[-1] in chr(39) + '’' else ' '}{found[1]}"


def split_titles(text: str) -> tuple[str, list[str]]:
    """A title and the other titles in brackets after it, articles in front.

    >>> split_titles("City of Lost Children, The (Cité des enfants perdus, La)")
    ('The City of Lost Children', ['La Cité des enfants perdus'])
    >>> split_titles("Seven (a.k.a. Se7en)")
    ('Seven', ['Se7en'])
    """
    others: list[str] = []
    while (found := _BRACKETED.search(text)) and found.start() > 0:
        inside = _ALSO_KNOWN_AS.sub("", found[1].strip())
        if inside:
            others.insert(0, article_first(inside))
        text = text[: found.start()]
    return article_first(text), others


def normalise_title(text: str) -> str:
    """What two spellings of one title have in common: no trailing year, article in front, folded. Numerals stay.

    >>> normalise_title("Good, the Bad and the Ugly, The (1966)") == normalise_title("The Good, The Bad & The Ugly")
    True
    """
    title, _ = split_year(clean_label(text))
    return fold(article_first(title)) or title.casefold()
