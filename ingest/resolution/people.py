"""People: one name, and a title or book that both had a part in."""

from __future__ import annotations

import pandas as pd

from ingest.resolution.evidence import Evidence

#: Bits for two people of one name who share one work, and for each further work up to MOST.
ONE_WORK, EACH_MORE, MOST = 8.0, 2.0, 4
#: A name of a single word ("Madonna") is shared by more people.
SINGLE_WORD = -2.0


def candidates(evidence: Evidence) -> pd.DataFrame:
    """Pairs of people that may be one: a, b, bits, evidence. Works must be resolved before.

    A source that knows people by name only may call several by one name; such a one is joined where a part of it fits.
    """
    credits = evidence.credits
    works = evidence.things.groups.roots(credits["thing"].to_numpy())
    parts = credits[["person", "key"]].assign(work=works)[credits["key"] != ""].drop_duplicates()
    parts = parts[parts.duplicated(["work", "key"], keep=False)]
    pairs = parts.merge(parts, on=["work", "key"], suffixes=("_a", "_b")).query("person_a < person_b")
    shared = pairs.groupby(["person_a", "person_b"]).agg(works=("work", "nunique"), key=("key", "first")).reset_index()
    bits = (
        ONE_WORK + EACH_MORE * (shared["works"].clip(upper=MOST) - 1) + SINGLE_WORD * ~shared["key"].str.contains(" ")
    )
    words = "same name, " + shared["works"].astype(str) + " works in common"
    return pd.DataFrame({"a": shared["person_a"], "b": shared["person_b"], "bits": bits, "evidence": words})
