"""What speaks for and against two works being one: names, years, people, countries, genres, runtimes, summaries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ingest.names import each, fold, normalise_title, split_year
from ingest.resolution.things import Things
from kg.keys import Flags, Ints

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]

DIRECTION, CAST = ("directed_by",), ("starring", "narrated_by")
#: Relations from a work to those who had a part in it.
CREDITS = (
    *DIRECTION, *CAST, "written_by", "produced_by", "music_by", "photographed_by", "edited_by",
)  # fmt: skip
#: Spaces of identifiers of what Netflix has, or had, on offer.
NETFLIX = ("netflix", "netflixlist", "justwatch")


@dataclass(frozen=True)
class Evidence:
    """What the sources say of works, ready to be compared pair by pair.

    The methods take pairs as two arrays of things, `a` [n] and `b` [n], and give arrays [n].
    """

    things: Things

    @cached_property
    def names(self) -> pd.DataFrame:
        """Normalised names of films and series: thing, key, each once."""
        labels = self.things.labels
        labels = labels[labels["thing"].isin(self.things.of_type("Title"))]
        keys = labels.assign(key=each(labels["label"], normalise_title))
        return keys[["thing", "key"]].drop_duplicates(ignore_index=True)

    @cached_property
    def years(self) -> pd.DataFrame:
        """Years of release that sources give, also as dates or in brackets after a name: thing, year, each once."""
        titles = self.things.titles
        launched = pd.to_datetime(titles["launch"]).dt.year
        year = titles["year"].astype("float64")
        stated = titles[["thing"]].assign(year=year.where(year.notna(), launched)).dropna()
        labels = self.things.labels
        ending = labels["label"][labels["label"].str.contains(r"[)\]]\s*$")]
        bracketed = each(ending, lambda text: split_year(text)[1]).rename("year").dropna()
        years = pd.concat([stated, labels[["thing"]].join(bracketed, how="inner")])
        return years.astype({"year": "int64"}).drop_duplicates(ignore_index=True)

    @cached_property
    def credits(self) -> pd.DataFrame:
        """Who had a part in a work: thing, role (a relation), person (a thing), key (the person's folded name)."""
        facts = self.things.facts(*CREDITS).rename(columns={"head": "thing", "relation": "role", "tail": "person"})
        labels = self.things.labels
        names = labels[labels["thing"].isin(facts["person"].unique())].rename(columns={"thing": "person"})
        names = names.assign(key=each(names["label"], person_key))
        return facts.merge(names[["person", "key"]].drop_duplicates(), on="person")

    @cached_property
    def countries(self) -> pd.DataFrame:
        """Countries of production: thing, key (the code), each once."""
        stated = self.things.titles[["thing", "countries"]].dropna().explode("countries").dropna()
        return stated.rename(columns={"countries": "key"}).drop_duplicates(ignore_index=True)

    @cached_property
    def genres(self) -> pd.DataFrame:
        """Genres: thing, key (a thing), each once."""
        return self.things.facts("has_genre").rename(columns={"head": "thing", "tail": "key"})[["thing", "key"]]

    @cached_property
    def on_netflix(self) -> Ints:
        """Titles that a catalogue of Netflix's lists."""
        return self.things.in_spaces(*NETFLIX)

    # -- comparing pairs

    def gap(self, a: Ints, b: Ints) -> Floats:
        """The least difference of their years; NaN where one has none."""
        both = beside(a, b, self.years)
        return _per_pair((both["year_a"] - both["year_b"]).abs().groupby(both["pair"]).min(), len(a))

    def shared_people(self, a: Ints, b: Ints, roles: tuple[str, ...]) -> tuple[Ints, Flags]:
        """How many people both name in `roles`, and whether both name anybody."""
        named = self.credits.loc[self.credits["role"].isin(roles), ["thing", "key"]]
        return _overlap(a, b, named.drop_duplicates())

    def shared_countries(self, a: Ints, b: Ints) -> tuple[Ints, Flags]:
        """How many countries both name, and whether both name any."""
        return _overlap(a, b, self.countries)

    def shared_genres(self, a: Ints, b: Ints) -> tuple[Ints, Flags]:
        """How many genres both have, and whether both have any."""
        return _overlap(a, b, self.genres)

    def runtime_difference(self, a: Ints, b: Ints) -> Floats:
        """The least difference of their runtimes in minutes; NaN where one has none."""
        both = beside(a, b, self.things.titles[["thing", "runtime"]].dropna().drop_duplicates())
        return _per_pair((both["runtime_a"] - both["runtime_b"]).abs().groupby(both["pair"]).min(), len(a))

    def alike_summaries(self, a: Ints, b: Ints) -> Floats:
        """How much the most similar of their summaries agree, 0 to 1: the cosine of their words, weighted by rarity
        (tf–idf where tf is 0 or 1). NaN where one has none."""
        stated = self.things.titles[["thing", "summary"]].dropna().drop_duplicates()
        stated = stated[stated["thing"].isin(np.union1d(a, b))].reset_index(drop=True)
        split = each(stated["summary"], fold).str.split().explode().dropna()
        words = pd.DataFrame({"text": split.index, "key": pd.factorize(split)[0]}).drop_duplicates(ignore_index=True)
        rarity = np.log1p(len(stated) / np.bincount(words["key"])) ** 2
        length = np.sqrt(np.bincount(words["text"], rarity[words["key"]], minlength=len(stated)))

        both = beside(a, b, stated.reset_index(names="text")[["thing", "text"]])
        text_a, text_b = both["text_a"].to_numpy(), both["text_b"].to_numpy()
        row, word = _common(text_a, text_b, words.rename(columns={"text": "thing"}))
        dot = np.bincount(row, rarity[word], minlength=len(both))
        cosine = pd.Series(dot / np.maximum(length[text_a] * length[text_b], 1e-9))
        return _per_pair(cosine.groupby(both["pair"].to_numpy()).max(), len(a))


def person_key(name: str) -> str:
    """What two spellings of a person's name have in common: no bracketed remark, folded, initials closed up.

    >>> person_key("J. R. R. Tolkien"), person_key("J.R.R. Tolkien"), person_key("Steve McQueen (director)")
    ('jrr tolkien', 'jrr tolkien', 'steve mcqueen')
    """
    words: list[str] = []
    after_initial = False
    for word in fold(name.partition(" (")[0]).split():
        initial = len(word) == 1
        if initial and after_initial:
            words[-1] += word
        else:
            words.append(word)
        after_initial = initial
    return " ".join(words)


def beside(a: Ints, b: Ints, table: pd.DataFrame) -> pd.DataFrame:
    """Every row of `table` (with a column thing) about `a` beside every row about `b`: pair (its number), and the
    other columns of the table twice, with the endings _a and _b."""
    pairs = pd.DataFrame({"pair": np.arange(len(a)), "a": a, "b": b})
    first = pairs.merge(table, left_on="a", right_on="thing").drop(columns="thing")
    return first.merge(table, left_on="b", right_on="thing", suffixes=("_a", "_b"))


def _per_pair(values: pd.Series, count: int) -> Floats:
    return values.reindex(range(count)).to_numpy(dtype=np.float64)


def _common(a: Ints, b: Ints, table: pd.DataFrame) -> tuple[Ints, Ints]:
    """The keys of `table` (thing, key; distinct rows) that the two things of a pair share: the pair's number, the code
    of the key."""
    codes = pd.factorize(table["key"])[0]
    span = int(codes.max(initial=0)) + 1
    own = table["thing"].to_numpy() * span + codes
    pairs = pd.DataFrame({"pair": np.arange(len(a)), "thing": a, "b": b})
    claims = pairs.merge(pd.DataFrame({"thing": table["thing"], "code": codes}), on="thing")
    hit = claims[np.isin(claims["b"].to_numpy() * span + claims["code"].to_numpy(), own)]
    return hit["pair"].to_numpy(), hit["code"].to_numpy()


def _overlap(a: Ints, b: Ints, table: pd.DataFrame) -> tuple[Ints, Flags]:
    """How many keys of `table` (thing, key) the two things of a pair share, and whether both have any."""
    has = table["thing"].unique()
    return np.bincount(_common(a, b, table)[0], minlength=len(a)), np.isin(a, has) & np.isin(b, has)
