"""Things that are their name: keywords, companies, franchises."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from ingest.names import each, fold
from ingest.resolution.evidence import Evidence, beside

#: Bits for two keywords of the same words; that these are several; that one work, or a film and the book it is based
#: on, has both; that both are on COMMON works or more. A rare single word may mean something else: "cruise" a journey
#: or an actor, "cove" half a series' name.
SAME_WORDS, SEVERAL_WORDS, ON_ONE_WORK, BOTH_COMMON, COMMON = 4.0, 1.5, 6.0, 3.0, 5
SAME_NAME = 8.0
_LEGAL_FORM = re.compile(r"(?<=\w) (?:inc|llc|ltd|gmbh|sa|srl|bv|ag|plc|corporation|corp)$")


def keywords(evidence: Evidence) -> pd.DataFrame:
    """Pairs of tags in plain words that may be one: a, b, bits, evidence. Works must be resolved before.

    Storylines, viewers' tags and shelves are all keywords. Moods, genres and hints are not, whatever they are called.
    """
    pairs = _same_name(evidence, "Keyword", fold)
    tagged = _tagged(evidence)
    works = tagged["thing"].value_counts()
    both = beside(pairs["a"].to_numpy(), pairs["b"].to_numpy(), tagged)
    on_one = pairs.index.isin(both["pair"][both["work_a"] == both["work_b"]])
    common = pairs["a"].map(works).ge(COMMON) & pairs["b"].map(works).ge(COMMON)
    several = pairs["key"].str.contains(" ")
    bits = SAME_WORDS + SEVERAL_WORDS * several + ON_ONE_WORK * on_one + BOTH_COMMON * common
    words = pd.Series("same word", index=pairs.index).mask(several, "same words")
    words = words.mask(on_one, words + ", on one work or its source").mask(common, words + ", both common")
    return pairs[["a", "b"]].assign(bits=bits, evidence=words)


def companies(evidence: Evidence) -> pd.DataFrame:
    """Pairs of companies of one name: a, b, bits, evidence."""
    pairs = _same_name(evidence, "Company", lambda text: _LEGAL_FORM.sub("", fold(text.partition(" (")[0])))
    return pairs[["a", "b"]].assign(bits=SAME_NAME, evidence="same name")


def franchises(evidence: Evidence) -> pd.DataFrame:
    """Pairs of franchises of one name: a, b, bits, evidence."""
    return _same_name(evidence, "Franchise", fold)[["a", "b"]].assign(bits=SAME_NAME, evidence="same name")


def _same_name(evidence: Evidence, type_name: str, key: Callable[[str], str]) -> pd.DataFrame:
    """Pairs of things of a type whose keys are equal: a, b, key."""
    things = evidence.things
    labels = things.labels[things.labels["thing"].isin(things.of_type(type_name))]
    named = pd.DataFrame({"thing": labels["thing"], "key": each(labels["label"], key)}).drop_duplicates()
    named = named[named["key"] != ""]
    pairs = named.merge(named, on="key", suffixes=("_a", "_b")).query("thing_a < thing_b")
    pairs = pairs.rename(columns={"thing_a": "a", "thing_b": "b"})
    return pairs.drop_duplicates(["a", "b"], ignore_index=True)


def _tagged(evidence: Evidence) -> pd.DataFrame:
    """Which keyword is on which work, or on what is based on which work: thing, work (its root)."""
    things = evidence.things
    tags, based = things.facts("storyline", "user_tag", "shelf"), things.facts("based_on")
    roots = things.groups.roots()
    on = pd.DataFrame({"thing": tags["tail"], "work": roots[tags["head"].to_numpy()]})
    sources = pd.DataFrame({"work": roots[based["head"].to_numpy()], "source": roots[based["tail"].to_numpy()]})
    through = on.merge(sources, on="work")[["thing", "source"]].rename(columns={"source": "work"})
    return pd.concat([on, through]).drop_duplicates(ignore_index=True)
