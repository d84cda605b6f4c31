"""What the points of a map can be coloured by: a genre and a country for each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.maps.facts import facts_of
from embeddings.release import Release
from queries.entities import Entities, Positions
from queries.facts import Facts

#: So many categories have a colour of their own.
COLORS = 10
#: A genre is common if this share of what has a genre has it.
_COMMON = 0.04


def genres(release: Release, entities: Entities, facts: Facts, positions: Positions) -> pd.Series[str]:
    """One genre for each entity [n]: of those it has that are common on the map, the rarest.

    The commonest one would call most titles dramas, and the rarest of all would need hundreds of colours.
    """
    members, tails = _tails(release, facts, "has_genre", positions)
    found = np.full(len(positions), None, dtype=object)
    if len(tails):
        kinds, codes, counts = np.unique(tails, return_inverse=True, return_counts=True)
        rare = counts < _COMMON * len(np.unique(members))
        # Common ones come first, the rarest of them before the others; then the rare ones, the commonest first.
        order = np.lexsort((np.where(rare, -counts, counts)[codes], rare[codes], members))
        owners, at = np.unique(members[order], return_index=True)
        found[owners] = np.array(entities.labels(kinds), dtype=object)[codes[order[at]]]
    return pd.Series(found, dtype="str")


def countries(release: Release, entities: Entities, facts: Facts, positions: Positions) -> pd.Series[str]:
    """The name of the country where each was made [n], the first one listed."""
    found = np.full(len(positions), None, dtype=object)
    members, tails = _tails(release, facts, "produced_in", positions)
    owners, at = np.unique(members, return_index=True)
    found[owners] = np.array(entities.labels(tails[at]), dtype=object)
    titles = positions < entities.num_titles
    column = release.table("titles.parquet", "countries")["countries"].combine_chunks()
    codes = pc.list_element(_not_empty(column), 0).take(pa.array(positions[titles])).to_pylist()
    names: dict[str, str] = {}
    for code in {code.removeprefix("country:") for code in codes if code}:
        called = entities.other_names.all_called(f"country:{code}")
        names[code] = entities.labels(called[:1])[0] if called else code
    listed = [names[code.removeprefix("country:")] if code else None for code in codes]
    rows = np.flatnonzero(titles)[[name is not None for name in listed]]
    found[rows] = [name for name in listed if name is not None]
    return pd.Series(found, dtype="str")


def _not_empty(lists: pa.Array) -> pa.Array:
    """Lists, those without anything as null."""
    return pc.if_else(pc.greater(pc.fill_null(pc.list_value_length(lists), 0), 0), lists, pa.scalar(None, lists.type))


def _tails(release: Release, facts: Facts, relation: str, positions: Positions) -> tuple[Positions, Positions]:
    """Pairs of an entity (its place in `positions`) and what it is linked to by a relation."""
    members, relations, tails, _ = facts_of(release, positions)
    kept = np.isin(relations, facts.numbers(relation))
    return members[kept], tails[kept]
