"""Books: one title, whatever its series and subtitle, by one author, however the name is written."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from ingest.names import each, normalise_title
from ingest.resolution.evidence import Evidence, beside
from kg.keys import Flags, Ints

#: Bits, as in :mod:`ingest.resolution.titles`: title and author weigh most, years little, for editions have their own.
SAME_TITLE, MAIN_TITLE = 1.0, -0.5
#: The original title of a collection is often that of the first book in it.
OTHER_TITLE = -3.5
SAME_AUTHOR, OTHER_AUTHOR = 8.0, -8.0
SAME_FILM = 8.0
SAME_YEAR, NEAR_YEAR, FAR_YEAR = 2.0, 1.0, -1.5
#: How alike (0 to 100) two names must be where surname and initial don't agree: Dostoevsky and Dostoyevsky.
ALIKE = 88

_SERIES = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_SUBTITLE = re.compile(r"\s*(?:[:;]|\s[-–—]\s|,?\s+or,?\s+the\s).*$", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|an?|le|la|les|l|der|die|das|el|il|de|het) (?=.)")
_NOT_NAMES = frozenset({"jr", "sr", "pere", "fils", "sir", "dr", "mr", "mrs", "lord", "baroness", "ii", "iii", "phd"})


def candidates(evidence: Evidence) -> pd.DataFrame:
    """Pairs of books that may be one: a, b, bits, evidence. Titles must be resolved before."""
    things = evidence.things
    # Among them works that nobody calls a film, series or book: what a film is based on.
    names = _names(evidence, np.setdiff1d(things.of_type("Work"), things.of_type("Title")))
    pairs = names.merge(names, on="key", suffixes=("_a", "_b")).query("thing_a < thing_b")
    pairs = pairs.assign(main=pairs["main_a"] | pairs["main_b"], other=pairs["other_a"] | pairs["other_b"])
    pairs = pairs.sort_values(["other", "main"]).drop_duplicates(["thing_a", "thing_b"])
    pairs = pairs[~things.groups.clashes(pairs["thing_a"].to_numpy(), pairs["thing_b"].to_numpy())]
    a, b, main, other = (pairs[column].to_numpy() for column in ("thing_a", "thing_b", "main", "other"))

    gap = evidence.gap(a, b)
    one_author, both_written = _authors(evidence, a, b)
    signs = {
        "same title": (~main, SAME_TITLE),
        "same main title": (main, MAIN_TITLE),
        "under another title": (other, OTHER_TITLE),
        "same author": (one_author, SAME_AUTHOR),
        "other author": (both_written & ~one_author, OTHER_AUTHOR),
        "source of one film": (_one_film(evidence, a, b), SAME_FILM),
        "same year": (gap <= 1, SAME_YEAR),
        "years close": ((gap > 1) & (gap <= 5), NEAR_YEAR),
        "years apart": (gap > 5, FAR_YEAR),
    }
    bits, words = np.zeros(len(a)), pd.Series("", index=range(len(a)))
    for text, (holds, score) in signs.items():
        bits += holds * score
        words = words.mask(holds, words + ", " + text)
    return pd.DataFrame({"a": a, "b": b, "bits": bits, "evidence": words.str.removeprefix(", ")})


def _names(evidence: Evidence, works: Ints) -> pd.DataFrame:
    """What books can be found by: thing, key, main (whether a subtitle is left out), other (whether it is one of their
    other names)."""
    labels = evidence.things.labels
    labels = labels[labels["thing"].isin(works)]
    whole = each(labels["label"], lambda text: _SERIES.sub("", text) or text)
    short = each(whole, lambda text: _SUBTITLE.sub("", text) or text)
    cut = short != whole
    names = pd.concat(
        [
            labels.assign(key=each(whole, title_key), main=False),
            labels[cut].assign(key=each(short[cut], title_key), main=True),
        ]
    )
    return names[["thing", "key", "main", "other"]].sort_values(["other", "main"]).drop_duplicates(["thing", "key"])


def title_key(title: str) -> str:
    """What two editions' titles have in common: no leading article.

    >>> title_key("The Adventures of Huckleberry Finn") == title_key("Adventures of Huckleberry Finn, The")
    True
    """
    return _ARTICLE.sub("", normalise_title(title))


def same_author(a: list[str], b: list[str]) -> Flags:
    """bool [n]: whether two names (as person_key gives them) can be one author's.

    They can where surname and first initial agree (or one is a surname alone), or where they are spelled nearly alike
    and begin alike.

    >>> same_author(["jrr tolkien", "ishiguro", "ann brown"], ["john ronald tolkien", "kazuo ishiguro", "dan brown"])
    array([ True,  True, False])
    """
    alike = process.cpdist(a, b, scorer=fuzz.token_sort_ratio) >= ALIKE
    found = np.zeros(len(a), dtype=bool)
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        (surname, initial), (other_surname, other_initial) = _surname_and_initial(x), _surname_and_initial(y)
        begin_alike = initial == other_initial or not (initial and other_initial)
        found[i] = begin_alike and (surname == other_surname or bool(alike[i]))
    return found


def _surname_and_initial(name: str) -> tuple[str, str]:
    """The last word of a name and the first letter of its first; no initial where the name is one word."""
    words = [word for word in name.split() if word not in _NOT_NAMES] or name.split() or [""]
    return words[-1], words[0][:1] if len(words) > 1 else ""


def _authors(evidence: Evidence, a: Ints, b: Ints) -> tuple[Flags, Flags]:
    """Whether the books of each pair can be by one author, and whether both have any."""
    credits = evidence.credits
    written = credits.loc[credits["role"] == "written_by", ["thing", "key"]].drop_duplicates()
    both = beside(a, b, written)
    same = same_author(both["key_a"].tolist(), both["key_b"].tolist())
    numbers = np.arange(len(a))
    return np.isin(numbers, both["pair"][same]), np.isin(numbers, both["pair"])


def _one_film(evidence: Evidence, a: Ints, b: Ints) -> Flags:
    """Whether one title is based on both books of a pair, as different sources say."""
    facts = evidence.things.facts("based_on")
    films = evidence.things.groups.roots(facts["head"].to_numpy())
    both = beside(a, b, pd.DataFrame({"thing": facts["tail"], "film": films}).drop_duplicates())
    return np.isin(np.arange(len(a)), both["pair"][both["film_a"] == both["film_b"]])
