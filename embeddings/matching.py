"""The titles that two releases share, and which of them nothing new is known about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.release import Release
from embeddings.views import BoolArray, IntArray

Hashes = npt.NDArray[np.uint64]

_FIRST, _SECOND, _THIRD = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """n titles that both releases have.

    Attributes:
        before, after: their positions in each release, int64 [n].
        same_facts, same_description, same_audience: bool [n], whether these are what they were.
    """

    before: IntArray
    after: IntArray
    same_facts: BoolArray
    same_description: BoolArray
    same_audience: BoolArray

    @property
    def unchanged(self) -> BoolArray:
        """Titles of which nothing new is known, bool [n]."""
        return self.same_facts & self.same_description & self.same_audience


def match(before: Release, after: Release) -> Matched:
    """Find the titles of `before` in `after`, by identifier."""
    at = positions(before.table("titles.parquet", "id")["id"], after.table("titles.parquet", "id")["id"])
    here = np.flatnonzero(at >= 0)
    there = at[here]

    def same(old: Hashes, new: Hashes) -> BoolArray:
        return np.asarray(old[here] == new[there])

    return Matched(
        before=here,
        after=there,
        same_facts=same(_facts(before), _facts(after)),
        same_description=same(_descriptions(before), _descriptions(after)),
        same_audience=same(_audiences(before), _audiences(after)),
    )


def positions(ids: pa.ChunkedArray, among: pa.ChunkedArray) -> IntArray:
    """int64 [n]: where each of `ids` stands in `among`, −1 where it does not."""
    found = pc.fill_null(pc.index_in(ids, value_set=among.combine_chunks()), -1)
    return np.asarray(found.to_numpy(), dtype=np.int64)


def _facts(release: Release) -> Hashes:
    """A hash [T] of each title's facts, in whatever order, and of which of them were learnt from."""
    titles = len(release.table("titles.parquet", "id"))
    entities = _hash(release.table("entities.parquet", "id")["id"])
    relations = _hash(release.table("relations.parquet", "name")["name"])
    total = np.zeros(titles, dtype=np.uint64)
    for side, salt in (("out", _FIRST), ("in", _SECOND)):
        offsets = np.asarray(release.array(f"facts/{side}.offsets.npy"))[: titles + 1]
        last = int(offsets[-1])
        part = entities[release.array(f"facts/{side}.entity.npy")[:last]] * _SECOND
        part ^= relations[release.array(f"facts/{side}.relation.npy")[:last]] * _THIRD
        part += np.asarray(release.array(f"facts/{side}.learnt.npy")[:last]).astype(np.uint64) + salt
        part = (part ^ (part >> np.uint64(29))) * _FIRST
        sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(part, dtype=np.uint64)])  # wraps, as it should
        total += sums[offsets[1:]] - sums[offsets[:-1]]
    return total


def _descriptions(release: Release) -> Hashes:
    """A hash [T] of what is said of each title beside its facts."""
    table = release.table("titles.parquet")
    columns = []
    for name in ("label", "kind", "year", "launch", "runtime", "countries", "languages", "summary"):
        column = table[name]
        text = pc.binary_join(column, ",") if pa.types.is_list(column.type) else column.cast(pa.string())
        columns.append(pc.fill_null(text, "\x00"))
    return _hash(pc.binary_join_element_wise(*columns, "\x1f"))


def _audiences(release: Release) -> Hashes:
    """A hash [T] of each title's audience sizes."""
    table = release.table("audience.parquet")
    total = np.zeros(len(release.table("titles.parquet", "id")), dtype=np.uint64)
    if len(table):
        size = table["size"].to_numpy().astype(np.float64).view(np.uint64)
        part = (_hash(table["country"]) * _SECOND ^ _hash(table["unit"]) * _THIRD ^ size) * _FIRST
        np.add.at(total, table["title"].to_numpy(), part)
    return total


def _hash(texts: pa.ChunkedArray) -> Hashes:
    return np.asarray(pd.util.hash_array(texts.to_pandas().to_numpy(dtype=object)), dtype=np.uint64)
