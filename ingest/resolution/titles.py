"""Films and series: one name, and as much else in common as two descriptions of one title have.

Record linkage after Fellegi and Sunter (A theory for record linkage, 1969): every field in which two descriptions agree
or differ adds log₂(m/u) bits, m and u being how often that happens among descriptions of one title and among those of
namesakes. The figures were read off pairs of one name whose identity is settled by identifiers, years far apart or
summaries that agree word for word, and rounded.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from ingest.resolution.decisions import decide
from ingest.resolution.evidence import CAST, DIRECTION, Evidence, Floats
from kg.keys import Flags, Ints

#: Of a pair of one name and kind, in different sources: bits before anything else is compared. Names of more than two
#: words have fewer namesakes, and so has what is on offer at one place: there are few namesakes on Netflix.
SAME_NAME, LONG_NAME, BOTH_ON_NETFLIX = 2.0, 1.0, 2.5
#: Of a pair of one kind and year whose names differ in a letter or two but in no number; ALIKE is how much they must
#: agree (0 to 100).
ALIKE_NAME, ALIKE = -2.5, 92
#: What each field adds, by how the two agree: (in words, bits for films, bits for series). Unknown adds nothing.
WEIGHTS: Mapping[str, tuple[tuple[str, float, float], ...]] = {
    "year": (
        ("same year", 6.5, 3.5),
        ("1 year apart", 0.7, 1.0),
        ("2 years apart", -3.3, -1.0),
        ("3 years apart", -4.5, -2.0),
        ("years apart", -7.0, -4.0),
    ),
    "director": (("same director", 9.0, 9.0), ("other director", -3.6, -1.0)),
    "cast": (("cast in common", 9.7, 9.7), ("an actor in common", 4.0, 4.0), ("other cast", -5.0, -5.0)),
    "summary": (
        ("same summary", 9.0, 9.0),
        ("summaries much alike", 5.0, 5.0),
        ("summaries alike", 1.5, 1.5),
        ("", 0.0, 0.0),
        ("summaries unlike", -1.2, -1.2),
        ("other summary", -3.0, -3.0),
    ),
    "runtime": (
        ("same runtime", 3.6, 1.2),
        ("", 0.0, 0.8),
        ("other runtime", -1.7, 0.0),
        ("quite other runtime", -5.0, -2.6),
    ),
    "country": (("a country in common", 1.0, 1.0), ("other countries", -4.0, -4.0)),
    "genre": (("a genre in common", 0.7, 0.7), ("other genres", -3.0, -2.0)),
    # The same director with another cast, or another director in another year.
    "remake": (("perhaps a remake", -6.0, 0.0),),
}
#: From this weight on a pair with one summary is joined whatever the years say.
BEYOND_DOUBT = 14.0
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMERALS = {word: str(n) for words in (_ROMAN, _WORDS) for n, word in enumerate(words, 1) if n > 1}


def match(evidence: Evidence, left_out: Ints) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join titles; the pairs that joined, and the ambiguous ones. Titles in `left_out` are not considered."""
    things, groups = evidence.things, evidence.things.groups
    film, series = things.of_type("Film"), things.of_type("Series")
    groups.mark(film.tolist(), one="film", other="series")
    groups.mark(series.tolist(), one="series", other="film")
    pairs = candidates(evidence, left_out)
    # Word for word the same summary outweighs a year, which may be that of a namesake: these first, and only then
    # the rule that films of different years are different films.
    sure, _ = decide(pairs[pairs["verbatim"] & (pairs["bits"] >= BEYOND_DOUBT)], groups)
    dated = evidence.years[evidence.years["thing"].isin(np.setdiff1d(film, left_out))]
    groups.date(groups.roots(dated["thing"].to_numpy()), dated["year"].to_numpy())
    merged, ambiguous = decide(pairs, groups)
    return pd.concat([sure, merged], ignore_index=True), ambiguous


def candidates(evidence: Evidence, left_out: Ints) -> pd.DataFrame:
    """Pairs of titles that may be one: a, b, bits, evidence, verbatim (whether they have one summary)."""
    pairs = namesakes(evidence, left_out)
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    free = ~evidence.things.groups.clashes(a, b)
    pairs, a, b = pairs[free].reset_index(drop=True), a[free], b[free]
    levels = agreement(evidence, a, b)
    series = pairs["series"].to_numpy().astype(int)
    bits, words = pairs["prior"].to_numpy(), pairs["evidence"]
    for field, level in levels.items():  # level −1, unknown, picks what is appended last
        scores = np.array([weights for _, *weights in WEIGHTS[field]] + [[0.0, 0.0]])
        texts = np.array([f", {text}" if text else "" for text, *_ in WEIGHTS[field]] + [""], dtype=object)
        bits = bits + scores[level, series]
        words = words + texts[level]
    return pairs[["a", "b"]].assign(bits=bits, evidence=words, verbatim=levels["summary"] == 0)


def agreement(evidence: Evidence, a: Ints, b: Ints) -> dict[str, Ints]:
    """How far `a` [n] and `b` [n] agree: for every field the number of its line in WEIGHTS [n], −1 if unknown."""
    gap = evidence.gap(a, b)
    directors, both_directed = evidence.shared_people(a, b, DIRECTION)
    actors, both_cast = evidence.shared_people(a, b, CAST)
    countries, both_placed = evidence.shared_countries(a, b)
    genres, both_sorted = evidence.shared_genres(a, b)
    recast = both_directed & both_cast & (directors > 0) & (actors == 0) & (gap != 0)
    retaken = both_directed & (directors == 0) & (gap >= 1)
    return {
        "year": _level(gap, [0, 1, 2, 3]),
        "director": _any(directors, both_directed),
        "cast": np.where(both_cast, np.select([actors > 1, actors == 1], [0, 1], 2), -1),
        "summary": _level(1 - evidence.alike_summaries(a, b), [0.1, 0.6, 0.9, 0.95, 0.98]),
        "runtime": _level(evidence.runtime_difference(a, b), [1, 3, 10]),
        "country": _any(countries, both_placed),
        "genre": _any(genres, both_sorted),
        "remake": np.where(recast | retaken, 0, -1),
    }


def _any(shared: Ints, known: Flags) -> Ints:
    """int64 [n]: 0 where something is shared, 1 where nothing is, −1 where it is not known."""
    return np.where(known, np.where(shared > 0, 0, 1), -1)


def _level(values: Floats, bounds: list[float]) -> Ints:
    """int64 [n]: the number of the first bound that a value does not exceed, len(bounds) beyond; −1 where it is NaN."""
    return np.where(np.isnan(values), -1, np.searchsorted(bounds, values, side="left"))


def namesakes(evidence: Evidence, left_out: Ints) -> pd.DataFrame:
    """Pairs of titles of one name, or nearly one: a, b, prior (bits for the names), evidence (on the names), series
    (whether one is). Titles in `left_out` are not considered."""
    names = evidence.names[~evidence.names["thing"].isin(left_out)]
    series = evidence.things.of_type("Series")
    same = names.merge(names, on="key", suffixes=("_a", "_b")).query("thing_a < thing_b")
    long_name = same["key"].str.count(" ") > 1
    same = same.assign(a=same["thing_a"], b=same["thing_b"], prior=SAME_NAME + LONG_NAME * long_name)
    alike = _alike(names.assign(series=names["thing"].isin(series)), evidence.years)
    pairs = pd.concat([same.assign(evidence="same name"), alike.assign(prior=ALIKE_NAME, evidence="names alike")])
    pairs = pairs[["a", "b", "prior", "evidence"]].sort_values(["a", "b", "prior"], ascending=[True, True, False])
    pairs = pairs.drop_duplicates(["a", "b"], ignore_index=True)
    on_netflix = pairs["a"].isin(evidence.on_netflix) & pairs["b"].isin(evidence.on_netflix)
    pairs["prior"] += BOTH_ON_NETFLIX * on_netflix
    return pairs.assign(series=pairs["a"].isin(series) | pairs["b"].isin(series))


def _alike(names: pd.DataFrame, years: pd.DataFrame) -> pd.DataFrame:
    """Pairs of titles of one kind and year whose names are nearly the same and hold the same numbers: a, b.

    `names` has the columns thing, key, series.
    """
    found = [pd.DataFrame({"a": [], "b": []}, dtype="int64")]
    for _, block in names.merge(years, on="thing").groupby(["year", "series"]):
        things, keys = block["thing"].to_numpy(), block["key"].to_numpy(dtype=object)
        scores = process.cdist(keys, keys, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.uint8)
        i, j = np.nonzero(np.triu(scores, 1))
        numbers = np.array([_numbers(key) for key in keys], dtype=object)
        fits = (keys[i] != keys[j]) & (things[i] != things[j]) & (numbers[i] == numbers[j])
        a, b = things[i][fits], things[j][fits]
        found.append(pd.DataFrame({"a": np.minimum(a, b), "b": np.maximum(a, b)}))
    return pd.concat(found).drop_duplicates(ignore_index=True)


def _numbers(key: str) -> str:
    """The numbers in a name, which tell a sequel from what it continues.

    >>> _numbers("rocky ii") == _numbers("rocky 2"), _numbers("rocky") == _numbers("rocky 2")
    (True, False)
    """
    return " ".join(sorted(_NUMERALS.get(word, word) for word in key.split() if word.isdigit() or word in _NUMERALS))
